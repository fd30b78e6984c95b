"""WebSocket (RFC 6455): the server and the client of the library websockets."""

from workload import Surprise, Workload, main

import sys
from pathlib import Path

import websockets.exceptions
import websockets.sync.client

SERVER = """
import sys
from websockets.sync.server import serve

def refuse(connection, request):
    if request.path.startswith("/closed"):
        return connection.respond(403, "no")

def echo(connection):
    for message in connection:
        connection.send(message)

serve(echo, "127.0.0.1", int(sys.argv[1]), process_request=refuse).serve_forever()
"""


def serve(work: Workload) -> str:
    """Starts a server that sends everything back, and returns its address."""
    port = work.port()
    script = work.folder / "server.py"
    script.write_text(SERVER)
    work.start([Path(sys.executable), script, port], port)
    return f"ws://127.0.0.1:{port}"


def echo(work: Workload) -> None:
    """Connections with messages of every length, which count as one exchange each, and one that is refused."""
    address = serve(work)
    headers = {"Authorization": f"Bearer {work.secret('hunter2-bearer')}"}
    for size in [0, 100, 1000, 70_000]:
        with websockets.sync.client.connect(f"{address}/echo?{work.secret('hunter2-query')}", additional_headers=headers) as socket:
            for _ in range(3):
                socket.send(work.secret("hunter2-in-a-message") + "m" * size)
                if len(socket.recv(timeout=10)) < size:
                    raise Surprise("the echo is too short")
        work.count("GET /echo", "ok 101")
    try:
        websockets.sync.client.connect(f"{address}/closed")
        raise Surprise("it was not refused")
    except websockets.exceptions.InvalidStatus as error:
        if error.response.status_code != 403:
            raise Surprise(f"it was answered with {error.response.status_code}") from None
    work.count("GET /closed", "client_error 403")


if __name__ == "__main__":
    main({"echo": echo})
