"""NATS: publishing, requests and answers by inbox, verbose connections, refusals, JetStream."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

from workload import Workload, main

import nats
from nats.aio.client import Client
from nats.errors import NoRespondersError

PASSWORD = "hunter2-nats-password"
VALUE = b"hunter2-nats-value"

# Who may publish to one subject only.
PERMISSIONS = f"""
authorization {{
  users = [{{user: reader, password: "{PASSWORD}", permissions: {{publish: ["allowed"], subscribe: [">"]}}}}]
}}
"""


class Server:
    """A nats-server of our own, and clients of it."""

    def __init__(self, work: Workload, *options: str) -> None:
        self.work = work
        self.port = work.port()
        work.start(["nats-server", "-a", "127.0.0.1", "-p", self.port, "-sd", work.folder, *options], self.port)
        work.secret(VALUE.decode())

    async def client(self, **options: object) -> Client:
        """CONNECT and a PING that is answered open every connection."""
        options.setdefault("allow_reconnect", False)
        self.work.count("CONNECT")
        self.work.count("PING")
        return await nats.connect(f"nats://127.0.0.1:{self.port}", **options)


async def flush(work: Workload, connection: Client) -> None:
    """Twice: the library sends the first PING ahead of what is still to be sent."""
    for _ in range(2):
        await connection.flush()
        work.count("PING")


async def publish(work: Workload) -> None:
    server = Server(work)
    subscriber, publisher = await server.client(), await server.client()
    received = []

    async def take(message):
        received.append((message.subject, message.data, message.headers))

    await subscriber.subscribe("orders.*", cb=take)
    await flush(work, subscriber)
    for index in range(5):
        await publisher.publish("orders.new", VALUE + b"-%d" % index)
    await publisher.publish("orders.old", VALUE, headers={"Secret": VALUE.decode()})
    await publisher.publish("orders.large", VALUE * 40)
    await publisher.publish("nobody.listens", VALUE)
    await flush(work, publisher)
    await flush(work, subscriber)
    assert len(received) == 7 and received[5][2], received
    work.count("SUB orders.*")
    work.count("PUB orders.new", times=5)
    work.count("MSG orders.new", times=5)
    work.count("HPUB orders.old")
    work.count("HMSG orders.old")
    work.count("PUB orders.large")
    work.count("MSG orders.large")
    work.count("PUB nobody.listens")
    await subscriber.close()
    await publisher.close()


async def requests(work: Workload) -> None:
    server = Server(work)
    responder, requester = await server.client(), await server.client()

    async def answer(message):
        await message.respond(VALUE)

    await responder.subscribe("price", cb=answer)
    await flush(work, responder)
    work.count("SUB price")
    for _ in range(4):
        assert (await requester.request("price", VALUE, timeout=2)).data == VALUE
    answers = await asyncio.gather(*(requester.request("price", VALUE, timeout=2) for _ in range(8)))
    assert len(answers) == 8
    # One exchange at the requester and one at the responder.
    work.count("PUB price", times=12)
    work.count("MSG price", times=12)
    # All answers to one client come by one subscription.
    work.count("SUB _INBOX")
    try:
        await requester.request("nobody.listens", VALUE, timeout=2)
        raise AssertionError("somebody answered")
    except NoRespondersError:
        work.count("PUB nobody.listens", "server_error 503")
    await requester.close()
    await responder.close()


async def verbose(work: Workload) -> None:
    server = Server(work)
    connection = await server.client(verbose=True)
    await connection.publish("orders.new", VALUE)
    subscription = await connection.subscribe("orders.*")
    await flush(work, connection)
    await subscription.unsubscribe()
    await flush(work, connection)
    work.count("PUB orders.new")
    work.count("SUB orders.*")
    work.count("UNSUB")
    await connection.close()


async def refusals(work: Workload) -> None:
    settings = work.folder / "nats.conf"
    settings.write_text(PERMISSIONS)
    server = Server(work, "-c", str(settings))
    work.secret(PASSWORD)
    noticed = []

    async def on_error(error):
        noticed.append(str(error))

    connection = await server.client(user="reader", password=PASSWORD, error_cb=on_error)
    await connection.publish("forbidden", VALUE)
    await flush(work, connection)
    assert any("permissions violation" in text.lower() for text in noticed), noticed
    work.count("PUB forbidden")
    work.count("-ERR", "client_error Permissions Violation")
    await connection.close()
    with socket.create_connection(("127.0.0.1", server.port)) as stranger:
        lines = stranger.makefile("rb")
        assert lines.readline().startswith(b"INFO ")
        stranger.sendall(b'CONNECT {"user":"reader","pass":"wrong-%s","verbose":false}\r\nPING\r\n' % PASSWORD.encode())
        assert lines.readline().startswith(b"-ERR 'Authorization Violation'")
    work.count("CONNECT", "client_error Authorization Violation")
    work.count("PING", "no_response")


async def jetstream(work: Workload) -> None:
    server = Server(work, "-js")
    connection = await server.client()
    stream = connection.jetstream()
    await stream.add_stream(name="ORDERS", subjects=["orders.>"])
    work.count("PUB $JS.API.STREAM.CREATE")
    for _ in range(3):
        await stream.publish("orders.new", VALUE)
    work.count("PUB orders.new", times=3)
    subscription = await stream.pull_subscribe("orders.new", durable="worker")
    messages = await subscription.fetch(3, timeout=2)
    for message in messages:
        assert message.data == VALUE
        await message.ack()
    # The stream is looked up by its subject, the consumer is made and asked for messages, and these are acknowledged.
    for operation in ["STREAM.NAMES", "CONSUMER.INFO", "CONSUMER.CREATE", "CONSUMER.MSG.NEXT"]:
        work.count(f"PUB $JS.API.{operation}")
    work.count("SUB _INBOX", times=2)
    work.count("MSG orders.new", times=3)
    work.count("PUB $JS.ACK", times=3)
    await flush(work, connection)
    await connection.close()


def run(scenario: Callable[[Workload], Awaitable[None]]) -> Callable[[Workload], None]:
    return lambda work: asyncio.run(scenario(work))


if __name__ == "__main__":
    main(
        {
            "publish": run(publish),
            "requests": run(requests),
            "verbose": run(verbose),
            "refusals": run(refusals),
            "jetstream": run(jetstream),
        }
    )
