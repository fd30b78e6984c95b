"""HTTP/2 without TLS: nginx and nghttpd, with curl, nghttp, h2load and the library h2 as clients."""

from workload import Surprise, Workload, main

import socket

import h2.config
import h2.connection
import h2.errors
import h2.events

CLASS = {1: "ok", 2: "ok", 3: "ok", 4: "client_error", 5: "server_error"}

NGINX = """
daemon off; user root; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    http2_max_concurrent_streams 256;
    server {{
        listen 127.0.0.1:{port} http2;
        location = /ok {{ return 200 "hello\\n"; }}
        location = /moved {{ return 301 /ok; }}
        location = /broken {{ return 503; }}
        location = /upload {{ root {folder}; dav_methods PUT; }}
        location = /large {{ root {folder}; }}
        location = /slow {{ limit_rate 1k; alias {folder}/large; }}
        location / {{ return 404; }}
    }}
}}
"""


def status_of(code: int) -> str:
    return f"{CLASS[code // 100]} {code}"


def nginx(work: Workload) -> int:
    """Starts nginx, which takes HTTP/2 with prior knowledge (RFC 9113 section 3.3), and returns its port."""
    port = work.port()
    (work.folder / "large").write_bytes(b"g" * 40_000)
    config = work.folder / "nginx.conf"
    config.write_text(NGINX.format(folder=work.folder, port=port))
    work.start(["nginx", "-c", config, "-e", work.folder / "error.log"], port)
    return port


def nghttpd(work: Workload, *options: str) -> int:
    """Starts nghttpd with a few files, and returns its port."""
    port = work.port()
    folder = work.path("htdocs")
    for name, size in [("index.html", 200), ("style.css", 300), ("script.js", 2_000)]:
        (folder / name).write_bytes(b"g" * size)
    work.start(["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", folder, *options, port], port)
    return port


def curl(work: Workload) -> None:
    """A connection for each request, with a query, credentials, cookies, a body and errors."""
    port = nginx(work)
    body = work.folder / "body"
    body.write_bytes(work.secret("hunter2-in-a-body").encode() * 200)
    secrets = [f"Authorization: Bearer {work.secret('hunter2-bearer')}", f"Cookie: id={work.secret('hunter2-cookie')}"]
    headers = [argument for secret in secrets for argument in ("-H", secret)]
    for method, path, expected, options in [
        ("GET", "/ok", 200, []),
        ("GET", "/moved", 301, []),
        ("GET", "/broken", 503, []),
        ("GET", "/nowhere", 404, []),
        ("GET", "/large", 200, []),
        ("HEAD", "/large", 200, ["-I"]),
        ("PUT", "/upload", 201, ["-T", body]),
    ]:
        url = f"http://127.0.0.1:{port}{path}?token={work.secret('hunter2-query')}"
        code = fetch(work, "--http2-prior-knowledge", *headers, *options, url)
        if code != f"{expected} 2":
            raise Surprise(f"{path} was answered with {code}")
        work.count(f"{method} {path}", status_of(expected))


def fetch(work: Workload, *arguments: str) -> str:
    """The status and the version of HTTP that curl was answered with."""
    return work.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", *arguments])


def load(streams: int, requests: int):
    """h2load, with as many streams at once over one connection."""

    def scenario(work: Workload) -> None:
        port = nginx(work)
        said = work.run(["h2load", "-c1", f"-m{streams}", f"-n{requests}", f"http://127.0.0.1:{port}/ok"])
        if f"{requests} succeeded" not in said:
            raise Surprise(said)
        work.count("GET /ok", "ok 200", requests)

    return scenario


def assets(work: Workload) -> None:
    """nghttp with several files at once, priorities, padding on both sides and trailers."""
    port = nghttpd(work, "--padding=40", "--trailer", "x-checksum: 17")
    urls = [f"http://127.0.0.1:{port}/{name}" for name in ["index.html", "style.css", "script.js", "nowhere"]]
    secret = ["-H", f"x-token: {work.secret('hunter2-in-a-header')}"]
    work.run(["nghttp", "-n", "--padding=20", "--trailer", "x-end: 1", *secret, *urls])
    for name in ["index.html", "style.css", "script.js"]:
        work.count(f"GET /{name}", "ok 200")
    work.count("GET /nowhere", "client_error 404")


def continuation(work: Workload) -> None:
    """A head that is longer than a frame."""
    port = nghttpd(work)
    secret = ["-H", f"x-token: {work.secret('hunter2-in-a-header')}"]
    work.run(["nghttp", "-n", "--continuation", *secret, f"http://127.0.0.1:{port}/index.html"])
    work.count("GET /index.html", "ok 200")


def upload(work: Workload) -> None:
    """nghttp with bodies, trailers behind them, and an interim response that it waits for."""
    port = nghttpd(work, "--echo-upload")
    body = work.folder / "body"
    body.write_bytes(work.secret("hunter2-in-a-body").encode() * 2000)
    for options in [[], ["--trailer", "x-end: 1"], ["--expect-continue"], ["--no-content-length"]]:
        work.run(["nghttp", "-n", "-d", body, *options, f"http://127.0.0.1:{port}/echo"])
        work.count("POST /echo", "ok 200")


def push(work: Workload) -> None:
    """nghttpd sends two files that were not asked for (RFC 9113 section 8.4)."""
    port = nghttpd(work, "--push=/index.html=/style.css,/script.js")
    said = work.run(["nghttp", "-ns", f"http://127.0.0.1:{port}/index.html"])
    for name in ["index.html", "style.css", "script.js"]:
        if f"/{name}" not in said:
            raise Surprise(f"{name} did not come:\n{said}")
        work.count(f"GET /{name}", "ok 200")


def upgrade(work: Workload) -> None:
    """From HTTP/1.1 to HTTP/2 (RFC 7540 section 3.2) before the proxy nghttpx, which asks nghttpd for what it is asked for.
    The request that asks for the upgrade is answered as stream 1."""
    backend, port = nghttpd(work), work.port()
    options = ["--conf=/dev/null", "--workers=1", "--no-ocsp", f"--errorlog-file={work.folder / 'nghttpx.log'}"]
    work.start(["nghttpx", *options, f"-f127.0.0.1,{port};no-tls", f"-b127.0.0.1,{backend};;proto=h2"], port)
    names = ["index.html", "style.css"]
    said = work.run(["nghttp", "-ns", "-u", *(f"http://127.0.0.1:{port}/{name}" for name in names)])
    for name in names:
        if f"/{name}" not in said:
            raise Surprise(said)
        work.count(f"GET /{name}", "ok 200", 2)
    for path, expected in [("/script.js", 200), ("/nowhere", 404)]:
        code = fetch(work, "--http2", f"http://127.0.0.1:{port}{path}?{work.secret('hunter2-query')}")
        if code != f"{expected} 2":
            raise Surprise(f"{path} was answered with {code}")
        work.count(f"GET {path}", status_of(expected), 2)


class Client:
    """A client that does what a user's seldom does."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.h2.initiate_connection()
        self.authority = f"127.0.0.1:{port}"
        self.send()

    def send(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def ask(self, path: str, method: str = "GET", ends: bool = True) -> int:
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", "http"), (":authority", self.authority), (":path", path)]
        self.h2.send_headers(stream, fields, end_stream=ends)
        return stream

    def wait(self, until) -> h2.events.Event:
        """Takes what comes until an event of interest."""
        while data := self.socket.recv(65_536):
            events = self.h2.receive_data(data)
            for event in events:
                if isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.send()
            found = [event for event in events if until(event)]
            if found:
                return found[0]
        raise Surprise("the server has ended the connection")

    def answer(self, stream: int) -> int:
        """Takes what comes until a stream is over, and returns its status."""
        statuses = []

        def is_last(event: h2.events.Event) -> bool:
            if isinstance(event, h2.events.ResponseReceived) and event.stream_id == stream:
                statuses.append(int(dict(event.headers)[b":status"]))
            return isinstance(event, h2.events.StreamEnded) and event.stream_id == stream

        self.wait(is_last)
        return statuses[0]

    def close(self) -> None:
        self.h2.close_connection()
        self.send()
        self.socket.close()


def keep_alive(work: Workload) -> None:
    """Requests one after the other over one connection, whose fields become entries of the dynamic tables."""
    client = Client(nginx(work))
    small = [("/ok", 200), ("/moved", 301), ("/broken", 503), ("/nowhere", 404)]
    for path, expected in small * 4 + [("/large", 200)]:
        stream = client.ask(f"{path}?token={work.secret('hunter2-query')}")
        client.send()
        if (status := client.answer(stream)) != expected:
            raise Surprise(f"{path} was answered with {status}")
        work.count(f"GET {path}", status_of(expected))
    client.close()


def cancel(work: Workload) -> None:
    """Requests that the client resets: before the answer, and in its middle. The last one stands for all is well."""
    client = Client(nginx(work))
    for _ in range(3):
        # nginx waits for the body that does not come.
        stream = client.ask("/upload", "PUT", ends=False)
        client.h2.send_data(stream, b"half")
        client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
        work.count("PUT /upload", "client_error CANCEL")
    stream = client.ask("/slow")
    client.send()
    client.wait(lambda event: isinstance(event, h2.events.DataReceived) and event.stream_id == stream)
    client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
    work.count("GET /slow", "ok 200")
    stream = client.ask("/ok")
    client.send()
    work.count("GET /ok", status_of(client.answer(stream)))
    client.close()


def unanswered(work: Workload) -> None:
    """A connection that ends with requests open."""
    client = Client(nginx(work))
    for _ in range(2):
        client.ask("/upload", "PUT", ends=False)
        work.count("PUT /upload", "no_response")
    client.ask("/slow")
    client.send()
    client.wait(lambda event: isinstance(event, h2.events.ResponseReceived))
    work.count("GET /slow", "ok 200")
    client.socket.close()


if __name__ == "__main__":
    main(
        {
            "curl": curl,
            "keep_alive": keep_alive,
            "load_1": load(1, 20),
            "load_2": load(2, 20),
            "load_10": load(10, 100),
            "load_100": load(100, 400),
            "assets": assets,
            "continuation": continuation,
            "upload": upload,
            "push": push,
            "upgrade": upgrade,
            "cancel": cancel,
            "unanswered": unanswered,
        }
    )
