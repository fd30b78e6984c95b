"""dnsmasq, asked by dnspython over UDP and TCP."""

import socket

from workload import Workload, main

import dns.message
import dns.query
import dns.rcode

HTTPS = "0001 00 0001 0003 026832 0004 0004 c0000207 0006 0010 20010db8000000000000000000000007"
RECORDS = [
    "host-record=shop.example,192.0.2.7,2001:db8::7",
    "cname=www.shop.example,shop.example",
    "cname=cdn.example,www.shop.example",
    "srv-host=_http._tcp.shop.example,shop.example,8080,1,2",
    f"dns-rr=shop.example,65,{HTTPS.replace(' ', '')}",
    # Too large for a datagram of 512 bytes.
    *(f"txt-record=large.example,{letter * 200}" for letter in "abcd"),
    "local=/example/",
]
STATUS = {"NOERROR": "ok", "NXDOMAIN": "client_error 3", "REFUSED": "client_error 5"}


class Server:
    def __init__(self, work):
        self.work, self.port = work, work.port()
        listen = ["--listen-address=127.0.0.1", "--bind-interfaces", f"--port={self.port}"]
        alone = ["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--pid-file"]
        records = [f"--{record}" for record in RECORDS]
        work.start(["dnsmasq", *alone, *listen, "--local-ttl=60", *records], self.port)

    def ask(self, name, kind, rcode="NOERROR", answers=1, over=dns.query.udp, **options):
        """One question, and what is to come of it."""
        query = dns.message.make_query(name, kind, **options)
        answer = over(query, "127.0.0.1", port=self.port, timeout=5)
        assert dns.rcode.to_text(answer.rcode()) == rcode and len(answer.answer) == answers, answer
        self.work.count(f"{kind} {name.lower()}", STATUS[rcode])


def udp(work: Workload) -> None:
    """Every kind of answer; with and without EDNS; names in mixed case."""
    server = Server(work)
    server.ask("Shop.Example", "A")
    server.ask("shop.example", "AAAA", use_edns=0)
    server.ask("cdn.example", "A", answers=3)
    server.ask("_http._tcp.shop.example", "SRV")
    server.ask("shop.example", "HTTPS")
    server.ask("shop.example", "MX", answers=0)
    server.ask("nothing.example", "A", rcode="NXDOMAIN", answers=0)
    server.ask("elsewhere.test", "A", rcode="REFUSED", answers=0)


def truncated(work: Workload) -> None:
    """An answer that is too large for a datagram is cut, and asked for again over TCP."""
    server = Server(work)
    server.ask("large.example", "TXT")
    server.ask("large.example", "TXT", over=dns.query.tcp)


def tcp(work: Workload) -> None:
    """Several questions on one connection, all before the first answer."""
    server = Server(work)
    names = [("shop.example", "A"), ("cdn.example", "AAAA"), ("nothing.example", "A"), ("shop.example", "HTTPS")] * 3
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        queries = {}
        for at, (name, kind) in enumerate(names):
            query = dns.message.make_query(name, kind, id=1000 + at)
            queries[query.id] = (name, kind)
            dns.query.send_tcp(connection, query)
        for _ in names:
            answer, _ = dns.query.receive_tcp(connection)
            name, kind = queries.pop(answer.id)
            work.count(f"{kind} {name}", STATUS[dns.rcode.to_text(answer.rcode())])
    assert not queries


if __name__ == "__main__":
    main({scenario.__name__: scenario for scenario in [udp, truncated, tcp]})
