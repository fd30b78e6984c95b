"""The Cassandra driver against a scripted node: `python cassandra.py SCENARIO`."""

from __future__ import annotations

from collections.abc import Callable

from workload import Surprise, Workload, main

from cassandra_server import Server

import cassandra
import cassandra.protocol
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable
from cassandra.policies import FallthroughRetryPolicy, RoundRobinPolicy
from cassandra.query import BatchStatement, SimpleStatement

PASSWORD = "hunter2-cassandra-password"
LITERAL = "secret-literal-4712"
WRONG_PASSWORD = "hunter3-cassandra-wrong"


class Node:
    """A scripted node, and a driver that is about to connect to it."""

    def __init__(
        self, work: Workload, version: int, password: str = PASSWORD, compression: str | bool = False
    ) -> None:
        for secret in [PASSWORD, WRONG_PASSWORD, LITERAL]:
            work.secret(secret)
        self.work = work
        port = work.port()
        self.server = Server(port, PASSWORD)
        profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), retry_policy=FallthroughRetryPolicy())
        self.cluster = Cluster(
            ["127.0.0.1"],
            port=port,
            protocol_version=version,
            auth_provider=PlainTextAuthProvider("app", password),
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            schema_metadata_enabled=False,
            token_metadata_enabled=False,
            idle_heartbeat_interval=0,
            compression=compression,
        )

    def finish(self) -> None:
        """Ends the connections, and counts what the driver has asked for itself."""
        self.cluster.shutdown()
        for (text, status), count in self.server.of_the_driver.items():
            self.work.count(text.replace("key='local'", "key=?"), status, count)


def expect_error(kind: type[Exception], run: Callable[[], object]) -> None:
    """Runs what must fail with that kind of error."""
    try:
        run()
    except kind:
        return
    raise Surprise(f"{kind} did not come")


def everything(work: Workload, version: int) -> None:
    """Statements as text, prepared and in a batch, and errors of both sides' making."""
    node = Node(work, version)
    session = node.cluster.connect("shop")
    for number in range(4):
        session.execute(f"SELECT * FROM orders WHERE id = {number} AND item = '{LITERAL}'")
    work.count("SELECT * FROM orders WHERE id = ? AND item = ?", times=4)
    session.execute("INSERT INTO orders (id, item) VALUES (%s, %s)", (7, LITERAL))
    work.count("INSERT INTO orders (id, item) VALUES (?)")
    prepared = session.prepare("SELECT item FROM orders WHERE id = ?")
    work.count("PREPARE SELECT item FROM orders WHERE id = ?")
    for _ in range(5):
        session.execute(prepared, (LITERAL,))
    work.count("SELECT item FROM orders WHERE id = ?", times=5)
    node.server.forget()
    session.execute(prepared, (LITERAL,))
    work.count("SELECT item FROM orders WHERE id = ?", "client_error 9472")
    work.count("PREPARE SELECT item FROM orders WHERE id = ?")
    work.count("SELECT item FROM orders WHERE id = ?")
    update = session.prepare("UPDATE orders SET item = ? WHERE id = ?")
    work.count("PREPARE UPDATE orders SET item = ? WHERE id = ?")
    batch = BatchStatement()
    batch.add(SimpleStatement("DELETE FROM orders WHERE id = %s"), (3,))
    batch.add(update, (LITERAL, "1"))
    session.execute(batch)
    work.count("BATCH DELETE FROM orders WHERE id = ?")
    batch = BatchStatement()
    batch.add(update, (LITERAL, "1"))
    batch.add(update, (LITERAL, "2"))
    session.execute(batch)
    work.count("BATCH UPDATE orders SET item = ? WHERE id = ?")
    session.execute("SELECT * FROM traced", trace=True)
    work.count("SELECT * FROM traced")
    if version > 3:
        session.execute("SELECT * FROM paid", custom_payload={"key": LITERAL.encode()})
        work.count("SELECT * FROM paid")
    for text, kind, code in [
        ("SELEC 1", cassandra.protocol.SyntaxException, "client_error 8192"),
        ("SELECT * FROM nowhere", cassandra.InvalidRequest, "client_error 8704"),
        ("SELECT * FROM forbidden", cassandra.Unauthorized, "client_error 8448"),
        ("CREATE TABLE existing (id int PRIMARY KEY)", cassandra.AlreadyExists, "client_error 9216"),
        ("SELECT * FROM overloaded", cassandra.protocol.OverloadedErrorMessage, "server_error 4097"),
        ("SELECT * FROM few_replicas", cassandra.Unavailable, "server_error 4096"),
        ("SELECT * FROM late_reads", cassandra.ReadTimeout, "server_error 4608"),
        ("DELETE FROM late_writes WHERE id = 1", cassandra.WriteTimeout, "server_error 4352"),
    ]:
        expect_error(kind, lambda text=text: session.execute(text))
        work.count(text.replace("SELEC 1", "SELEC ?").replace("= 1", "= ?"), code)
    node.finish()


def v3(work: Workload) -> None:
    """Version 3 of the protocol."""
    everything(work, 3)


def v4(work: Workload) -> None:
    """Version 4 of the protocol."""
    everything(work, 4)


def v5(work: Workload) -> None:
    """Version 5 of the protocol: in frames with checksums."""
    everything(work, 5)


def concurrent(work: Workload) -> None:
    """A hundred requests at once on one connection, answered in another order."""
    node = Node(work, 4)
    session = node.cluster.connect("shop")
    prepared = session.prepare("SELECT item FROM slow WHERE id = ?")
    work.count("PREPARE SELECT item FROM slow WHERE id = ?")
    for _ in range(3):
        for future in [session.execute_async(prepared, (str(number),)) for number in range(100)]:
            future.result()
    work.count("SELECT item FROM slow WHERE id = ?", times=300)
    node.finish()


def large(work: Workload) -> None:
    """A result over several frames of version 5."""
    node = Node(work, 5)
    session = node.cluster.connect("shop")
    assert len(list(session.execute("SELECT * FROM everything"))) == 8000
    work.count("SELECT * FROM everything")
    node.finish()


def events(work: Workload) -> None:
    """An event that the node sends unasked."""
    node = Node(work, 4)
    session = node.cluster.connect("shop")
    session.execute("CREATE TABLE invoices (id int PRIMARY KEY)")
    work.count("CREATE TABLE invoices (id int PRIMARY KEY)")
    node.finish()


def compressed(work: Workload) -> None:
    """Version 4 with compressed bodies."""
    node = Node(work, 4, compression="lz4")
    session = node.cluster.connect("shop")
    session.execute("SELECT * FROM orders")
    work.count("SELECT * FROM orders")
    node.finish()


def compressed_v5(work: Workload) -> None:
    """Version 5 with compressed frames."""
    node = Node(work, 5, compression="lz4")
    session = node.cluster.connect("shop")
    session.execute("SELECT * FROM orders")
    work.count("SELECT * FROM orders")
    node.finish()


def refused(work: Workload) -> None:
    """A wrong password."""
    node = Node(work, 4, password=WRONG_PASSWORD)
    expect_error(NoHostAvailable, node.cluster.connect)
    node.finish()


if __name__ == "__main__":
    scenarios = [v3, v4, v5, concurrent, large, events, compressed, compressed_v5, refused]
    main({scenario.__name__: scenario for scenario in scenarios})
