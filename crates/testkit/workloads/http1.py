"""HTTP/1.1: the server and the client of Python's own library."""

from workload import Workload, main

import http.client
import sys
from pathlib import Path

SERVER = """
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response({"/ok": 200, "/broken": 503}.get(self.path.partition("?")[0], 404))
        self.send_header("Content-Length", "0")
        self.end_headers()

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def serve(work: Workload) -> http.client.HTTPConnection:
    """Starts a server, and a connection to it."""
    port = work.port()
    script = work.folder / "server.py"
    script.write_text(SERVER)
    work.start([Path(sys.executable), script, port], port)
    return http.client.HTTPConnection("127.0.0.1", port, timeout=10)


def ask(work: Workload, connection: http.client.HTTPConnection, target: str) -> None:
    """Asks for something, and counts what was answered."""
    token = work.secret("hunter2-in-a-header")
    connection.request("GET", target, headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    response.read()
    kind = {2: "ok", 4: "client_error", 5: "server_error"}[response.status // 100]
    work.count(f"GET {target.partition('?')[0]}", f"{kind} {response.status}")


def keep_alive(work: Workload) -> None:
    """Requests over one connection, some with errors."""
    connection = serve(work)
    for target in ["/ok", "/nowhere", "/broken"] * 20:
        ask(work, connection, target)
    connection.close()


def queries(work: Workload) -> None:
    """What stands behind a path is nobody's business."""
    connection = serve(work)
    for number in range(10):
        ask(work, connection, f"/ok?{work.secret(f'hunter2-number-{number}')}")
        connection.close()


if __name__ == "__main__":
    main({"keep_alive": keep_alive, "queries": queries})
