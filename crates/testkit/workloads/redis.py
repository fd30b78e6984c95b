"""Redis: commands and their errors, pipelines, transactions, subscriptions, blocking commands, in RESP2 and RESP3."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from workload import Workload, main

import redis

PASSWORD = "hunter2-redis-password"
VALUE = "hunter2-redis-value"


class Server:
    """A redis-server of our own, and clients of it."""

    def __init__(self, work: Workload, *options: str) -> None:
        self.work = work
        self.port = work.port()
        settings = ["--port", self.port, "--bind", "127.0.0.1", "--save", "", "--dir", work.folder]
        work.start(["redis-server", *settings, *options], self.port)
        work.secret(VALUE)

    def client(self, protocol: int = 2, **options: object) -> redis.Redis:
        """A client. What it says of its own in RESP3 is counted: the second is refused, for the server does not know it."""
        if protocol == 3:
            self.work.count("HELLO")
            self.work.count("CLIENT MAINT_NOTIFICATIONS", "client_error ERR")
        return redis.Redis("127.0.0.1", self.port, protocol=protocol, driver_info=None, **options)

    def raw(self) -> Raw:
        return Raw(self.port)


class Raw:
    """A connection that sends what it is told, for what no client library sends."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.lines = self.socket.makefile("rb")

    def send(self, *commands: str) -> None:
        """Each command as an array of bulk strings, all in one segment."""
        encode = lambda word: f"${len(word)}\r\n{word}\r\n"  # noqa: E731
        text = "".join(f"*{len(words)}\r\n" + "".join(map(encode, words)) for words in map(str.split, commands))
        self.socket.sendall(text.encode())

    def inline(self, text: str) -> None:
        self.socket.sendall(text.encode() + b"\r\n")

    def line(self, expected: str | None = None) -> str:
        line = self.lines.readline().rstrip(b"\r\n").decode()
        assert expected is None or line.startswith(expected), (line, expected)
        return line

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


def fails(work: Workload, call: Callable[[], object], name: str, error: str, side: str = "client_error") -> None:
    """The call is refused by the server with this error."""
    try:
        call()
    except redis.RedisError as refused:
        work.count(name, f"{side} {error}")
        # The library leaves out the codes that it has classes for.
        code = str(refused).split(" ")[0]
        assert code == error or not code.isupper(), refused
    else:
        raise AssertionError(f"{name} was not refused")


def commands(work: Workload) -> None:
    server = Server(work)
    r = server.client()
    for index in range(10):
        r.set(f"key:{index}", f"{VALUE}-{index}")
        assert r.get(f"key:{index}") == f"{VALUE}-{index}".encode()
    work.count("SET", times=10)
    work.count("GET", times=10)
    assert r.get("absent") is None
    work.count("GET")
    r.mset({"a": VALUE, "b": VALUE})
    work.count("MSET")
    assert r.mget("a", "b", "absent") == [VALUE.encode(), VALUE.encode(), None]
    work.count("MGET")
    r.set("large", "x" * 5_000)
    assert len(r.get("large")) == 5_000
    work.count("SET")
    work.count("GET")
    r.hset("hash", mapping={"field": VALUE, "other": "1"})
    assert len(r.hgetall("hash")) == 2
    work.count("HSET")
    work.count("HGETALL")
    r.xadd("stream", {"field": VALUE})
    r.xinfo_stream("stream")
    work.count("XADD")
    work.count("XINFO STREAM")
    # Nested arrays and integers.
    r.xrange("stream")
    work.count("XRANGE")
    assert r.eval("return {1, {2, {3, {'four'}}}}", 0)[1][1][1] == [b"four"]
    work.count("EVAL")
    fails(work, lambda: r.incr("a"), "INCRBY", "ERR")
    fails(work, lambda: r.lpush("a", VALUE), "LPUSH", "WRONGTYPE")
    fails(work, lambda: r.execute_command("NOSUCHCOMMAND", VALUE), "NOSUCHCOMMAND", "ERR")
    fails(work, lambda: r.execute_command("GET"), "GET", "ERR")
    fails(work, lambda: r.evalsha("0" * 40, 0), "EVALSHA", "NOSCRIPT")
    r.client_setname("geophone")
    work.count("CLIENT SETNAME")
    r.config_set("maxmemory", "100kb")
    work.count("CONFIG SET")
    fails(work, lambda: r.set("more", VALUE), "SET", "OOM", "server_error")
    r.config_set("maxmemory", "0")
    work.count("CONFIG SET")
    r.slaveof("127.0.0.1", "1")
    work.count("SLAVEOF")
    fails(work, lambda: r.set("a", VALUE), "SET", "READONLY", "server_error")
    r.close()


def inline(work: Workload) -> None:
    server = Server(work)
    raw = server.raw()
    raw.inline("PING")
    raw.line("+PONG")
    raw.inline("")
    raw.inline(f"set  key '{VALUE}'")
    raw.line("+OK")
    raw.inline("client setname geophone")
    raw.line("+OK")
    raw.inline("nonsense")
    raw.line("-ERR")
    raw.inline("quit")
    raw.line("+OK")
    raw.close()
    for name in ("PING", "SET", "CLIENT SETNAME", "QUIT"):
        work.count(name)
    work.count("NONSENSE", "client_error ERR")


def auth(work: Workload) -> None:
    server = Server(work, "--requirepass", work.secret(PASSWORD))
    stranger = server.raw()
    stranger.send("GET key")
    stranger.line("-NOAUTH")
    stranger.send("AUTH wrong-" + PASSWORD)
    stranger.line("-WRONGPASS")
    stranger.send("HELLO 3 AUTH default " + PASSWORD, "PING")
    while stranger.line() != "+PONG":
        pass
    stranger.close()
    work.count("GET", "client_error NOAUTH")
    work.count("AUTH", "client_error WRONGPASS")
    work.count("HELLO")
    work.count("PING")
    r = server.client(password=PASSWORD)
    r.ping()
    work.count("AUTH")
    work.count("PING")
    r.acl_setuser("reader", enabled=True, passwords=["+" + PASSWORD], commands=["+get"])
    work.count("ACL SETUSER")
    reader = server.raw()
    reader.inline(f"auth reader {PASSWORD}")
    reader.line("+OK")
    reader.send("SET key " + VALUE)
    reader.line("-NOPERM")
    reader.close()
    work.count("AUTH")
    work.count("SET", "client_error NOPERM")
    r.close()


def resp3(work: Workload) -> None:
    server = Server(work, "--enable-debug-command", "yes")
    r = server.client(protocol=3)
    r.hset("hash", mapping={"a": "1", "b": VALUE})
    assert r.hgetall("hash") == {b"a": b"1", b"b": VALUE.encode()}
    work.count("HSET")
    work.count("HGETALL")
    r.sadd("set", "a", "b")
    assert r.smembers("set") == {b"a", b"b"}
    work.count("SADD")
    work.count("SMEMBERS")
    r.zadd("sorted", {"a": 1.5})
    assert r.zscore("sorted", "a") == 1.5
    work.count("ZADD")
    work.count("ZSCORE")
    assert r.get("absent") is None
    work.count("GET")
    assert r.eval("redis.setresp(3); return {double=1.5}", 0) == 1.5
    assert r.eval("redis.setresp(3); return true", 0) is True
    assert r.eval("redis.setresp(3); return {big_number='123456789012345678901234567890'}", 0)
    work.count("EVAL", times=3)
    # Verbatim strings.
    assert r.execute_command("LATENCY DOCTOR")
    work.count("LATENCY DOCTOR")
    for kind in ("ATTRIB", "PUSH", "MAP", "SET", "BIGNUM", "VERBATIM", "NULL", "TRUE"):
        raw = server.raw()
        raw.send("HELLO 3", "DEBUG PROTOCOL " + kind, "PING")
        while raw.line() != "+PONG":
            pass
        raw.close()
        work.count("HELLO")
        work.count("DEBUG PROTOCOL")
        work.count("PING")
        if kind == "PUSH":
            work.count("server-cpu-usage")
    r.close()


def tracking(work: Workload) -> None:
    server = Server(work)
    raw = server.raw()
    raw.send("HELLO 3", "CLIENT TRACKING ON", "GET watched", "PING")
    while raw.line() != "+PONG":
        pass
    writer = server.client()
    writer.set("watched", VALUE)
    raw.line(">2")
    while raw.line() != "watched":
        pass
    raw.send("PING")
    raw.line("+PONG")
    raw.close()
    writer.close()
    for name in ("HELLO", "CLIENT TRACKING", "GET", "SET", "invalidate"):
        work.count(name)
    work.count("PING", times=2)


def pipelines(work: Workload) -> None:
    server = Server(work)
    for depth in (1, 16, 128):
        r = server.client()
        for turn in range(4):
            pipeline = r.pipeline(transaction=False)
            for index in range(depth):
                if index % 2:
                    pipeline.get(f"key:{index - 1}")
                else:
                    pipeline.set(f"key:{index}", f"{VALUE}-{turn}")
            answers = pipeline.execute()
            assert len(answers) == depth
            work.count("SET", times=(depth + 1) // 2)
            work.count("GET", times=depth // 2)
        r.close()


def transactions(work: Workload) -> None:
    server = Server(work)
    r = server.client()
    pipeline = r.pipeline(transaction=True)
    pipeline.set("a", VALUE).get("a").lpush("list", "x").blpop("list", timeout=1)
    assert pipeline.execute()[1] == VALUE.encode()
    for name in ("MULTI", "SET", "GET", "LPUSH", "BLPOP", "EXEC"):
        work.count(name)
    # Another client changes what is watched: EXEC answers with null.
    other = server.client()
    watching = r.pipeline(transaction=True)
    watching.watch("a")
    other.set("a", "2")
    watching.multi()
    watching.get("a")
    try:
        watching.execute()
        raise AssertionError("the watch did not hold")
    except redis.WatchError:
        pass
    # The library takes its watch back when the transaction is over, though EXEC has done so.
    for name in ("WATCH", "SET", "MULTI", "GET", "EXEC"):
        work.count(name)
    raw = server.raw()
    raw.send("MULTI", "NOSUCHCOMMAND", "SET a 1", "EXEC", "MULTI", "DISCARD", "EXEC")
    for line in ("+OK", "-ERR", "+QUEUED", "-EXECABORT", "+OK", "+OK", "-ERR"):
        raw.line(line)
    raw.close()
    work.count("MULTI", times=2)
    work.count("NOSUCHCOMMAND", "client_error ERR")
    work.count("SET")
    work.count("EXEC", "client_error EXECABORT")
    work.count("DISCARD")
    work.count("EXEC", "client_error ERR")
    other.close()
    r.close()


def subscriptions(work: Workload, protocol: int = 2) -> None:
    server = Server(work)
    publisher = server.client()
    subscriber = server.raw()
    if protocol == 3:
        subscriber.send("HELLO 3")
        while subscriber.line() != "modules":
            pass
        subscriber.line("*0")
        work.count("HELLO")
    subscriber.send("SUBSCRIBE orders invoices", "PSUBSCRIBE user.*", "PING")
    while subscriber.line() not in ("$4", "+PONG"):
        pass
    if protocol == 2:
        subscriber.line("pong")
        subscriber.line("$0")
        subscriber.line("")
    for turn in range(3):
        assert publisher.publish("orders", f"{VALUE}-{turn}") == 1
    assert publisher.publish("user.17", VALUE) == 1
    while subscriber.line() != "user.17":
        pass
    subscriber.line("$")
    subscriber.line(VALUE)
    subscriber.send("UNSUBSCRIBE", "PUNSUBSCRIBE user.*", "GET absent")
    while subscriber.line() not in ("$-1", "_"):
        pass
    subscriber.close()
    publisher.close()
    for name in ("SUBSCRIBE", "PSUBSCRIBE", "PING", "UNSUBSCRIBE", "PUNSUBSCRIBE", "GET", "PUBLISH user.17"):
        work.count(name)
    work.count("PUBLISH orders", times=3)
    work.count("message orders", times=3)
    work.count("pmessage user.*")


def blocking(work: Workload) -> None:
    server = Server(work)
    r = server.client()
    waiting = server.raw()
    waiting.send("BLPOP queue 5")
    time.sleep(0.3)
    r.rpush("queue", VALUE)
    for line in ("*2", "$5", "queue", "$", VALUE):
        waiting.line(line)
    work.count("RPUSH")
    work.count("BLPOP")
    assert not r.brpop("queue", timeout=0.1)
    work.count("BRPOP")
    r.xread({"stream": "$"}, block=100)
    r.xread({"stream": "0"})
    work.count("XREAD", times=2)
    r.wait(0, 10)
    work.count("WAIT")
    waiting.close()
    r.close()


def monitor(work: Workload) -> None:
    server = Server(work)
    watcher = server.raw()
    watcher.send("MONITOR")
    watcher.line("+OK")
    r = server.client()
    for index in range(5):
        r.set(f"key:{index}", VALUE)
        assert "SET" in watcher.line("+")
    work.count("SET", times=5)
    r.close()
    watcher.close()
    work.count("MONITOR")


def silence(work: Workload) -> None:
    server = Server(work)
    raw = server.raw()
    raw.send("CLIENT REPLY SKIP", f"SET a {VALUE}", "GET a")
    raw.line("$")
    raw.line(VALUE)
    raw.send("CLIENT REPLY OFF", "SET b 1", "SET c 1")
    raw.send("CLIENT REPLY ON", "GET b")
    raw.line("+OK")
    raw.line("$1")
    raw.line("1")
    raw.send("RESET", "PING")
    raw.line("+RESET")
    raw.line("+PONG")
    raw.close()
    work.count("CLIENT REPLY", times=3)
    work.count("SET", times=3)
    work.count("GET", times=2)
    work.count("RESET")
    work.count("PING")


def tools(work: Workload) -> None:
    """What Debian's own clients send."""
    server = Server(work)
    cli = ["redis-cli", "-p", server.port]
    work.run([*cli, "SET", "key", VALUE])
    work.count("SET")
    work.run([*cli, "-3", "GET", "key"])
    work.count("HELLO")
    work.count("GET")
    for depth in (1, 16):
        benchmark = ["redis-benchmark", "-p", server.port, "-q", "-c", 2, "-n", 320, "-P", depth]
        work.run([*benchmark, "-t", "set,get"])
        # It asks for these two settings first.
        work.count("CONFIG GET", times=2)
        work.count("SET", times=320)
        work.count("GET", times=320)


if __name__ == "__main__":
    main(
        {
            "commands": commands,
            "inline": inline,
            "auth": auth,
            "resp3": resp3,
            "tracking": tracking,
            "pipelines": pipelines,
            "transactions": transactions,
            "subscriptions": subscriptions,
            "subscriptions-resp3": lambda work: subscriptions(work, 3),
            "blocking": blocking,
            "monitor": monitor,
            "silence": silence,
            "tools": tools,
        }
    )
