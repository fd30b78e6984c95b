"""Memcached: the text protocol, meta commands, the binary protocol."""

from __future__ import annotations

import socket

from workload import Workload, main

import bmemcached
from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheClientError, MemcacheServerError

VALUE = "hunter2-memcached-value"


def serve(work: Workload) -> int:
    """A memcached of our own."""
    port = work.port()
    work.start(["memcached", "-l", "127.0.0.1", "-p", port, "-u", "nobody"], port)
    work.secret(VALUE)
    return port


class Raw:
    """A connection that sends what it is told, for what no client library sends."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.lines = self.socket.makefile("rb")

    def say(self, text: str, *answers: str) -> None:
        """Lines in one segment, and the lines of the answer."""
        self.socket.sendall(text.replace("\n", "\r\n").encode())
        for expected in answers:
            line = self.lines.readline().rstrip(b"\r\n").decode()
            assert line.startswith(expected), (text, line, expected)

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


def text(work: Workload) -> None:
    port = serve(work)
    c = Client(("127.0.0.1", port), default_noreply=False)
    for index in range(10):
        assert c.set(f"key:{index}", f"{VALUE}-{index}")
    work.count("set", times=10)
    assert c.get("key:3") == f"{VALUE}-3".encode()
    assert c.get("absent") is None
    assert len(c.get_many([f"key:{index}" for index in range(12)])) == 10
    work.count("get", times=3)
    value, cas = c.gets("key:1")
    assert value and c.cas("key:1", VALUE, cas) is True
    assert c.cas("key:1", VALUE, b"1") is False
    assert c.cas("absent", VALUE, b"1") is None
    work.count("gets")
    work.count("cas", times=3)
    assert c.add("new", VALUE) and not c.add("new", VALUE)
    assert c.replace("new", VALUE) and not c.replace("absent", VALUE)
    assert c.append("new", VALUE) and c.prepend("new", VALUE)
    for name, count in {"add": 2, "replace": 2, "append": 1, "prepend": 1}.items():
        work.count(name, times=count)
    c.set("number", "41")
    assert c.incr("number", 1) == 42 and c.decr("number", 2) == 40 and c.incr("absent", 1) is None
    work.count("set")
    work.count("incr", times=2)
    work.count("decr")
    assert c.touch("new", 100) and c.delete("new") and not c.delete("new")
    work.count("touch")
    work.count("delete", times=2)
    c.set("large", "x" * 5_000)
    assert len(c.get("large")) == 5_000
    work.count("set")
    work.count("get")
    assert len(c.stats()) > 10
    assert c.version()
    work.count("stats")
    work.count("version")
    assert c.flush_all()
    work.count("flush_all")
    c.close()


def errors(work: Workload) -> None:
    port = serve(work)
    c = Client(("127.0.0.1", port), default_noreply=False)
    c.set("word", VALUE)
    work.count("set")
    refused = 0
    for call, name, status in (
        (lambda: c.incr("word", 1), "incr", "client_error CLIENT_ERROR"),
        (lambda: c.set("huge", "x" * 1_100_000), "set", "server_error SERVER_ERROR"),
    ):
        try:
            call()
        except (MemcacheClientError, MemcacheServerError):
            refused += 1
        work.count(name, status)
    assert refused == 2
    c.close()
    raw = Raw(port)
    # The block of a set whose length is wrong is refused, and what is left of it is a command of its own.
    raw.say(f"set key 0 0 3\n{VALUE}\n", "CLIENT_ERROR", "ERROR")
    # Behind the first command, since a connection that says nothing else is nobody's protocol.
    raw.say("nonsense\n", "ERROR")
    raw.say("get\n", "ERROR")
    raw.close()
    work.count("set", "client_error CLIENT_ERROR")
    work.count("", "client_error ERROR", 2)
    work.count("get", "client_error ERROR")


def pipelined(work: Workload) -> None:
    port = serve(work)
    raw = Raw(port)
    raw.say(f"set a 0 0 {len(VALUE)}\n{VALUE}\nget a\nget b\nincr c 1\n", "STORED", "VALUE", VALUE, "END", "END", "NOT_FOUND")
    # What is sent with noreply has no answer.
    raw.say(f"set b 0 0 {len(VALUE)} noreply\n{VALUE}\ndelete a noreply\nverbosity 0 noreply\nget b\n", "VALUE", VALUE, "END")
    raw.say("gat 100 b c\ngets a b\nquit\n", "VALUE", VALUE, "END", "VALUE", VALUE, "END", "")
    raw.close()
    work.count("set", times=2)
    work.count("get", times=3)
    for name in ("incr", "delete", "verbosity", "gat", "gets", "quit"):
        work.count(name)


def meta(work: Workload) -> None:
    port = serve(work)
    raw = Raw(port)
    length = len(VALUE)
    raw.say(f"ms key {length} T90\n{VALUE}\n", "HD")
    raw.say("mg key v t\n", "VA", VALUE)
    raw.say("mg key t O7\n", "HD")
    raw.say("mg absent v\n", "EN")
    raw.say("ma counter N0 J5 v\n", "VA", "5")
    raw.say("me key\n", "ME")
    raw.say("md key\nmd key\n", "HD", "NF")
    raw.say("mn\n", "MN")
    raw.say("mg\n", "ERROR")
    for name, count in {"ms": 1, "mg": 3, "ma": 1, "me": 1, "md": 2, "mn": 1}.items():
        work.count(name, times=count)
    work.count("mg", "client_error ERROR")
    # Quiet ones answer only where it matters: the miss of mg and the success of ms say nothing.
    raw.say(f"ms a {length} q O1\n{VALUE}\nmg absent v q O2\nmg a v q O3\nmd a q O4\nms b {length} q MA\n{VALUE}\nmn\n", "VA", VALUE, "NS", "MN")
    work.count("ms", times=2)
    work.count("mg", times=2)
    work.count("md")
    work.count("mn")
    raw.close()


def binary(work: Workload) -> None:
    port = serve(work)
    c = bmemcached.Client([f"127.0.0.1:{port}"], None, None)
    for index in range(5):
        assert c.set(f"key:{index}", f"{VALUE}-{index}")
    work.count("set", "ok 0", 5)
    assert c.get("key:1") == VALUE + "-1"
    assert c.get("absent") is None
    work.count("get", "ok 0")
    work.count("get", "ok 1")
    assert c.add("new", VALUE) and not c.add("new", VALUE)
    work.count("add", "ok 0")
    work.count("add", "ok 2")
    assert c.replace("new", VALUE) and c.delete("new")
    work.count("replace", "ok 0")
    work.count("delete", "ok 0")
    c.set("number", "41")
    work.count("set", "ok 0")
    assert c.incr("count", 1, default=7) == 7 and c.decr("count", 2, default=7) == 5
    work.count("increment", "ok 0")
    work.count("decrement", "ok 0")
    assert c.stats()
    work.count("stat", "ok 0")
    # One getkq a key, of which those that miss say nothing, and a last one that always answers.
    assert len(c.get_multi([f"key:{index}" for index in range(4)] + ["absent", "key:4"])) == 5
    work.count("getkq", "ok 0", 4)
    work.count("getkq")
    work.count("getk", "ok 0")
    c.set_multi({"m:1": VALUE, "m:2": VALUE})
    work.count("setq", times=2)
    work.count("noop", "ok 0")
    c.flush_all()
    work.count("flush", "ok 0")
    c.disconnect_all()


def tools(work: Workload) -> None:
    """What Debian's own clients send, in either protocol."""
    port = serve(work)
    servers = f"--servers=127.0.0.1:{port}"
    path = work.folder / "value"
    path.write_text(VALUE)
    work.run(["memccp", servers, path])
    work.count("set")
    work.count("quit")
    work.run(["memccp", servers, "--binary", path])
    work.count("set", "ok 0")
    work.count("quit", "ok 0")
    for options in ([], ["--binary"]):
        work.run(["memccat", servers, *options, "value"])
    work.count("get")
    work.count("quit")
    work.count("getk", "ok 0")
    work.count("quit", "ok 0")


if __name__ == "__main__":
    main(
        {
            "text": text,
            "errors": errors,
            "pipelined": pipelined,
            "meta": meta,
            "binary": binary,
            "tools": tools,
        }
    )
