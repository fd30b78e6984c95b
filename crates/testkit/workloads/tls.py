"""TLS without keys: nginx and `openssl s_server`, curl and Python's ssl.

Every connection that is established is two exchanges: its handshake, and what was encrypted then.
"""

import socket
import ssl

from workload import Surprise, Workload, main

SECRET = "hunter2-tls"
NAME = "Shop.Example"
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Server:
    """`openssl s_server`, which answers every line reversed."""

    def __init__(self, work, *options):
        self.work, self.port = work, work.port()
        self.certificate, key = work.certificate(NAME)
        listen = ["openssl", "s_server", "-rev", "-accept", f"127.0.0.1:{self.port}"]
        work.start([*listen, "-cert", self.certificate, "-key", key, *options], self.port)
        for secret in [SECRET, SECRET[::-1]]:
            work.secret(secret)

    def context(self, alpn=(), oldest=TLS12, newest=TLS13, trusts=True):
        context = ssl.create_default_context()
        context.minimum_version, context.maximum_version = oldest, newest
        if trusts:
            context.load_verify_locations(self.certificate)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def talk(self, context, resource, session=None):
        """One connection with a line there and back. Returns its session."""
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            with context.wrap_socket(plain, server_hostname=NAME, session=session) as secure:
                secure.sendall(f"{SECRET}\n".encode())
                answer = b""
                while not answer.endswith(b"\n"):
                    answer += secure.recv(100)
                assert answer.strip() == SECRET[::-1].encode(), answer
                assert secure.session_reused == (session is not None)
                self.work.count(f"handshake {resource}")
                self.work.count(f"encrypted {resource}")
                return secure.session

    def fail(self, context, resource, status):
        """A handshake that one of the sides refuses."""
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            try:
                context.wrap_socket(plain, server_hostname=NAME)
                raise Surprise("the handshake went well")
            except ssl.SSLError:
                self.work.count(f"handshake {resource}".strip(), status)


def tls13(work: Workload) -> None:
    server = Server(work, "-tls1_3", "-alpn", "h2")
    for _ in range(3):
        server.talk(server.context(["h2", "http/1.1"]), "TLSv1.3 h2,http/1.1")
    server.talk(server.context(), "TLSv1.3")


def tls12(work: Workload) -> None:
    """The server says which protocol it chose; the second connection resumes the first one's session."""
    server = Server(work, "-tls1_2", "-alpn", "http/1.1")
    context = server.context(["h2", "http/1.1"])
    session = server.talk(context, "TLSv1.2 http/1.1")
    server.talk(context, "TLSv1.2 http/1.1", session)


def retry(work: Workload) -> None:
    """The client guesses a group that the server does not speak (HelloRetryRequest)."""
    server = Server(work, "-tls1_3", "-groups", "P-384")
    server.talk(server.context(), "TLSv1.3")


def untrusted(work: Workload) -> None:
    """The client does not know who signed the certificate, and says so before it encrypts anything."""
    server = Server(work)
    server.fail(server.context(newest=TLS12, trusts=False), "TLSv1.2", "server_error 48")
    server.fail(server.context(trusts=False), "TLSv1.3", "server_error 48")


def refused(work: Workload) -> None:
    """The server does not speak the version, nor any of the protocols, that the client wants."""
    server = Server(work, "-tls1_3", "-alpn", "h2")
    server.fail(server.context(newest=TLS12), "", "client_error 70")
    server.fail(server.context(["amqp"]), "amqp", "client_error 120")


def nginx(work: Workload) -> None:
    """curl fetches a page over HTTP/2, which the server chooses in the open (TLS 1.2)."""
    port = work.port()
    certificate, key = work.certificate(NAME)
    (work.folder / "page").write_text(work.secret(SECRET))
    (work.folder / "nginx.conf").write_text(
        f"""daemon off; pid {work.folder}/pid; events {{}}
        http {{ access_log off; server {{
            listen 127.0.0.1:{port} ssl http2; root {work.folder}; ssl_protocols TLSv1.2;
            ssl_certificate {certificate}; ssl_certificate_key {key}; }} }}"""
    )
    work.start(["nginx", "-c", work.folder / "nginx.conf", "-e", work.folder / "error.log"], port)
    url = f"https://{NAME}:{port}/page"
    to = ["--cacert", certificate, "--resolve", f"{NAME}:{port}:127.0.0.1", url]
    for _ in range(2):
        assert work.run(["curl", "--silent", "--fail", "--http2", *to]) == SECRET
        work.count("handshake TLSv1.2 h2")
        work.count("encrypted TLSv1.2 h2")


if __name__ == "__main__":
    scenarios = [tls13, tls12, retry, untrusted, refused, nginx]
    main({scenario.__name__: scenario for scenario in scenarios})
