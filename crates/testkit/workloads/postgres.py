"""PostgreSQL: Debian's server; psql, pgbench and pg_recvlogical of the same package, and psycopg, as clients."""

from workload import Surprise, Workload, main, wait_for

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import errors, sql
from psycopg.pq import ExecStatus

DATABASE = "shop"
USER = "clerk"


class Server:
    """A server with a database, and what connections to it cost."""

    def __init__(self, work: Workload, *settings: str, hosts: str = "trust", certificate: bool = False) -> None:
        self.work = work
        data = work.path("data", user="postgres")
        self.port = work.port()
        work.run(["initdb", "-D", data, "-A", "trust", "--no-sync", "-U", USER], user="postgres")
        if certificate:
            settings += ("ssl=on", *self._certificate(data))
        lines = [f"port={self.port}", "listen_addresses='127.0.0.1'", f"unix_socket_directories='{data}'", "fsync=off"]
        lines += ["autovacuum=off", "max_wal_senders=4", "lc_messages='C'", *settings]
        with (data / "postgresql.conf").open("a") as file:
            file.write("\n".join(lines) + "\n")
        (data / "pg_hba.conf").write_text(f"local all all trust\nhost all all 127.0.0.1/32 {hosts}\n")
        self.socket = data
        self.process = work.start(["postgres", "-D", data], self.port, user="postgres")
        wait_for("the server to accept", lambda: "ready to accept" in self._log())
        self.unseen(f"CREATE DATABASE {DATABASE}", "postgres")

    def _certificate(self, data: Path) -> list[str]:
        certificate, key = self.work.certificate("localhost")
        for file in (certificate, key):
            shutil.copy(file, data / file.name)
            if os.geteuid() == 0:
                shutil.chown(data / file.name, "postgres", "postgres")
            (data / file.name).chmod(0o600)
        return [f"ssl_cert_file='{certificate.name}'", f"ssl_key_file='{key.name}'"]

    def _log(self) -> str:
        return next(self.work.folder.glob("postgres-*.log")).read_text()

    def unseen(self, text: str, database: str = DATABASE) -> str:
        """Runs statements over the Unix socket, which nobody counts."""
        command = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-p", self.port, "-U", USER]
        return self.work.run([*command, "-d", database, "-c", text])

    @property
    def address(self) -> str:
        return f"host=127.0.0.1 port={self.port} user={USER} dbname={DATABASE}"

    @contextmanager
    def connect(self, parameters: str = "", **options: object) -> Iterator[psycopg.Connection]:
        """A connection of psycopg's that commits each statement by itself."""
        with psycopg.connect(f"{self.address} {parameters}", autocommit=True, **options) as connection:
            self.work.count(f"connect {DATABASE}")
            yield connection

    def psql(self, text: str, *options: str, status: int = 0, parameters: str = "") -> str:
        """Feeds statements to psql, which sends them one by one in the simple protocol."""
        command = ["psql", "-qAtX", *options, f"{self.address} {parameters}"]
        said = self.work.run(command, input=text, status=status)
        self.work.count(f"connect {DATABASE}")
        return said


def refused(kind: type[Exception], do: Callable[[], object]) -> None:
    """Does something that must be refused with just this error."""
    try:
        do()
    except kind:
        return
    raise Surprise(f"not refused with {kind.__name__}")


def simple(work: Workload) -> None:
    """psql: statements, several in one message, none at all, notices, and errors of many classes."""
    server = Server(work)
    token = work.secret("hunter2-in-a-literal")
    rows = ", ".join(f"({number}, '{token}', NULL)" for number in range(10))
    said = server.psql(
        f"""
        CREATE TABLE orders (id int PRIMARY KEY, note text, paid bool);
        INSERT INTO orders VALUES {rows};
        select count(*) from orders where note = '{token}' or id in (1, 2, -3) -- {token}
        ;
        SELECT id FROM orders WHERE id = 7; SELECT id FROM orders WHERE id = 8;
        DROP TABLE IF EXISTS nothing;
        SELECT 1 \\; SELECT 'two' \\; SELECT 3;
        SELECT * FROM missing;
        SELEC 1;
        SELECT 1 / 0;
        INSERT INTO orders VALUES (1, E'{token}\\'', true);
        DO $do$ BEGIN RAISE EXCEPTION 'no {token}'; END $do$;
        BEGIN;
        SELECT 'x' FROM missing;
        SELECT 1;
        ROLLBACK;
        """,
    )
    assert said.split() == ["10", "7", "8", "1", "two", "3"], said
    for operation, status, times in [
        ("CREATE TABLE orders (id int PRIMARY KEY, note text, paid bool)", "ok", 1),
        ("INSERT INTO orders VALUES (?)", "ok", 1),
        ("SELECT count(*) FROM orders WHERE note = ? OR id IN (?)", "ok", 1),
        ("SELECT id FROM orders WHERE id = ?", "ok", 2),
        ("DROP TABLE IF EXISTS nothing", "ok", 1),
        ("SELECT ?; SELECT ?; SELECT ?", "ok", 1),
        ("SELECT * FROM missing", "client_error 42P01", 1),
        ("SELEC ?", "client_error 42601", 1),
        ("SELECT ? / ?", "client_error 22012", 1),
        ("INSERT INTO orders VALUES (?)", "client_error 23505", 1),
        ("DO ?", "client_error P0001", 1),
        ("BEGIN", "ok", 1),
        ("SELECT ? FROM missing", "client_error 42P01", 1),
        ("SELECT ?", "client_error 25P02", 1),
        ("ROLLBACK", "ok", 1),
    ]:
        work.count(operation, status, times)
    server.psql("", "-c", "", "-c", ";")
    work.count("", times=2)


def bench(work: Workload, protocol: str, script: str, clients: int, transactions: int) -> None:
    """Runs pgbench with a script of its own."""
    server = Server(work)
    server.unseen("CREATE TABLE counts (id int PRIMARY KEY, n int); INSERT INTO counts SELECT generate_series(1, 9), 0")
    file = work.folder / "script.sql"
    file.write_text(script)
    options = ["-n", "-M", protocol, "-f", file, "-c", clients, "-t", transactions, "-h", "127.0.0.1"]
    said = work.run(["pgbench", *options, "-p", server.port, "-U", USER, DATABASE])
    assert f"processed: {clients * transactions}/{clients * transactions}" in said, said
    # One more for pgbench itself, before its clients.
    work.count(f"connect {DATABASE}", times=clients + 1)
    work.count("UPDATE counts SET n = n + ? WHERE id = ?", times=clients * transactions)
    work.count("SELECT n FROM counts WHERE id = ?", times=clients * transactions)


SCRIPT = """
\\set id random(1, 9)
UPDATE counts SET n = n + 1 WHERE id = :id;
SELECT n FROM counts WHERE id = :id;
"""


def bench_simple(work: Workload) -> None:
    """pgbench, text by text."""
    bench(work, "simple", SCRIPT, 2, 20)


def bench_extended(work: Workload) -> None:
    """pgbench with parameters: Parse, Bind, Describe, Execute, Sync in one."""
    bench(work, "extended", SCRIPT, 2, 20)


def bench_prepared(work: Workload) -> None:
    """pgbench with statements that are prepared once and bound by name."""
    bench(work, "prepared", SCRIPT, 2, 20)


def bench_pipeline(work: Workload) -> None:
    """pgbench with both statements in flight before one Sync."""
    bench(work, "prepared", f"\\startpipeline\n{SCRIPT}\\endpipeline\n", 2, 20)


def prepared(work: Workload) -> None:
    """psycopg: parameters, named statements, a statement that fails when it is parsed, and cursors on the server."""
    server = Server(work)
    server.unseen("CREATE TABLE orders (id int PRIMARY KEY, note text)")
    with server.connect() as connection:
        for number in range(5):
            note = work.secret(f"hunter2-parameter-{number}")
            connection.execute("INSERT INTO orders VALUES (%s, %s)", (number, note), prepare=True)
            connection.execute("SELECT note FROM orders WHERE id = %s", (number,), prepare=False)
        work.count("INSERT INTO orders VALUES (?)", times=5)
        work.count("SELECT note FROM orders WHERE id = ?", times=5)
        # Fails at Parse, in the same message as Bind and Execute, then in one of its own.
        for prepare in (False, True):
            refused(
                errors.UndefinedColumn,
                lambda: connection.execute("SELECT wrong FROM orders WHERE id = %s", (1,), prepare=prepare),
            )
        work.count("SELECT wrong FROM orders WHERE id = ?", "client_error 42703", 2)
        refused(
            errors.UniqueViolation,
            lambda: connection.execute("INSERT INTO orders VALUES (%s, %s)", (1, "again"), prepare=True),
        )
        work.count("INSERT INTO orders VALUES (?)", "client_error 23505")
        with connection.transaction(), connection.cursor("walk") as cursor:
            cursor.itersize = 2
            assert len(list(cursor.execute("SELECT * FROM orders WHERE id < %s", (5,)))) == 5
        work.count("BEGIN")
        work.count('DECLARE "walk" CURSOR FOR SELECT * FROM orders WHERE id < ?')
        # The last batch of two is not full: the client need not ask again.
        work.count('FETCH FORWARD ? FROM "walk"', times=3)
        work.count('CLOSE "walk"')
        work.count("COMMIT")


def pipeline(work: Workload) -> None:
    """psycopg's pipelines: 1, 16 and 128 statements before a Sync, and one that fails in the middle."""
    server = Server(work)
    server.unseen("CREATE TABLE orders (id int PRIMARY KEY, note text)")
    with server.connect() as connection:
        number = 0
        for depth in (1, 16, 128):
            with connection.pipeline():
                for _ in range(depth):
                    connection.execute("INSERT INTO orders VALUES (%s, %s)", (number, "x"), prepare=False)
                    number += 1
        work.count("INSERT INTO orders VALUES (?)", times=number)
        # psycopg itself stops where it hears of the error, which may be at any of the five.
        libpq = connection.pgconn
        libpq.enter_pipeline_mode()
        for divisor in (-2, -1, 0, 1, 2):
            libpq.send_query_params(b"SELECT 10 / $1::int", [str(divisor).encode()])
        libpq.pipeline_sync()
        while libpq.flush():
            pass
        results: list[ExecStatus] = []
        while ExecStatus.PIPELINE_SYNC not in results:
            if (result := libpq.get_result()) is not None:
                results.append(ExecStatus(result.status))
        libpq.exit_pipeline_mode()
        expected = [ExecStatus.TUPLES_OK] * 2 + [ExecStatus.FATAL_ERROR] + [ExecStatus.PIPELINE_ABORTED] * 2
        assert results == [*expected, ExecStatus.PIPELINE_SYNC], results
        work.count("SELECT ? / ?::int", times=2)
        work.count("SELECT ? / ?::int", "client_error 22012")
        # The server passes over what is behind the error, up to the Sync.
        work.count("SELECT ? / ?::int", "client_error", 2)
        connection.execute("SELECT 1")
        work.count("SELECT ?")


def copy(work: Workload) -> None:
    """COPY in both directions and both protocols, given up by the client, and refused by the server."""
    server = Server(work)
    server.unseen("CREATE TABLE orders (id int PRIMARY KEY, note text)")
    row = work.secret("hunter2-in-a-row")
    server.psql(f"COPY orders FROM STDIN;\n1\t{row}\n2\t{row}\n\\.\nCOPY orders TO STDOUT;\n")
    work.count("COPY orders FROM STDIN")
    work.count("COPY orders TO STDOUT")
    with server.connect() as connection, connection.cursor() as cursor:
        with cursor.copy("COPY orders FROM STDIN") as stream:
            for number in range(3, 200):
                stream.write_row((number, row * 10))
        work.count("COPY orders FROM STDIN")
        # With a parameter it goes by Parse, Bind and Execute.
        with cursor.copy("COPY (SELECT * FROM orders WHERE id < %s) TO STDOUT", (100,)) as stream:
            assert sum(1 for _ in stream.rows()) == 99
        work.count("COPY (SELECT * FROM orders WHERE id < ?) TO STDOUT")

        def give_up() -> None:
            with cursor.copy("COPY orders FROM STDIN") as stream:
                stream.write_row((1000, row))
                raise Surprise("changed its mind")

        refused(Surprise, give_up)
        work.count("COPY orders FROM STDIN", "server_error 57014")

        def repeat() -> None:
            with cursor.copy("COPY orders FROM STDIN") as stream:
                stream.write_row((1, row))

        refused(errors.UniqueViolation, repeat)
        work.count("COPY orders FROM STDIN", "client_error 23505")
        cursor.execute("SELECT 1")
        work.count("SELECT ?")


def login(work: Workload) -> None:
    """Passwords by SCRAM, right and wrong, a database that is not there, and statements that hold passwords."""
    server = Server(work, hosts="scram-sha-256")
    right, wrong = work.secret("hunter2-the-right-one"), work.secret("hunter2-the-wrong-one")
    server.unseen(f"ALTER USER {USER} PASSWORD '{right}'")
    with server.connect(f"password={right}") as connection:
        connection.execute(f"ALTER USER {USER} PASSWORD '{right}'")
        connection.execute("SELECT set_config('app.token', %s, false)", (work.secret("hunter2-the-token"),))
    work.count(f"ALTER USER {USER} PASSWORD ?")
    work.count("SELECT set_config(?)")
    for parameters, database, status in [
        (f"password={wrong}", DATABASE, "client_error 28P01"),
        (f"password={right} dbname=nowhere", "nowhere", "client_error 3D000"),
    ]:
        refused(psycopg.OperationalError, lambda: psycopg.connect(f"{server.address} {parameters}"))
        work.count(f"connect {database}", status)


def listen(work: Workload) -> None:
    """Notifications, which a server sends unasked, beside notices and changes of settings."""
    server = Server(work)
    payload = work.secret("hunter2-in-a-payload")
    with server.connect() as listener, server.connect() as speaker:
        listener.execute("LISTEN orders")
        work.count("LISTEN orders")
        for _ in range(5):
            speaker.execute(sql.SQL("NOTIFY orders, {}").format(payload))
        work.count("NOTIFY orders, ?", times=5)
        heard = list(listener.notifies(timeout=10, stop_after=5))
        assert [note.payload for note in heard] == [payload] * 5
        work.count("notification orders", times=5)
        speaker.execute("SET application_name TO 'geophone'")
        work.count("SET application_name TO ?")


def cancel(work: Workload) -> None:
    """A cancel request, which comes on a connection of its own and gets no answer, and a timeout."""
    server = Server(work)
    with server.connect() as connection:
        timer = threading.Timer(0.3, connection.cancel)
        timer.start()
        refused(errors.QueryCanceled, lambda: connection.execute("SELECT pg_sleep(30)"))
        timer.join()
        work.count("cancel")
        work.count("SELECT pg_sleep(?)", "server_error 57014")
        connection.execute("SET statement_timeout = 50")
        work.count("SET statement_timeout = ?")
        refused(errors.QueryCanceled, lambda: connection.execute("SELECT pg_sleep(30)"))
        work.count("SELECT pg_sleep(?)", "server_error 57014")


def killed(work: Workload) -> None:
    """The server ends a connection while it is asked something, and one while it is not."""
    server = Server(work)
    with server.connect() as idle, server.connect() as busy:
        def kill(connection: psycopg.Connection) -> None:
            server.unseen(f"SELECT pg_terminate_backend({connection.info.backend_pid}, 10000)")

        # It is told why, and had not asked.
        kill(idle)
        work.unmatched()
        timer = threading.Timer(0.3, kill, [busy])
        timer.start()
        refused(errors.AdminShutdown, lambda: busy.execute("SELECT pg_sleep(30)"))
        timer.join()
        work.count("SELECT pg_sleep(?)", "server_error 57P01")


def large_objects(work: Workload) -> None:
    """psql's large objects, which go by FunctionCall."""
    server = Server(work)
    content = work.folder / "content"
    content.write_text(work.secret("hunter2-in-an-object") * 10)
    server.psql(f"\\lo_import {content}\n\\lo_export :LASTOID {work.folder}/copy\n\\lo_unlink :LASTOID\n")
    assert (work.folder / "copy").read_text() == content.read_text()
    # libpq asks once which functions there are.
    work.count(
        "SELECT proname, oid FROM pg_catalog.pg_proc WHERE proname IN (?) AND pronamespace ="
        " (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ?)"
    )
    oids = dict(line.split("|") for line in server.unseen("SELECT proname, oid FROM pg_proc").splitlines())
    for name, times in [
        ("lo_creat", 1),
        ("lo_open", 2),
        ("lowrite", 1),
        # The second time there is nothing left.
        ("loread", 2),
        ("lo_close", 2),
        ("lo_unlink", 1),
    ]:
        work.count(f"call {oids[name]}", times=times)
    work.count("BEGIN", times=3)
    work.count("COMMIT", times=3)


def replication(work: Workload) -> None:
    """Logical replication: COPY in both directions at once, for as long as it is wanted."""
    server = Server(work, "wal_level=logical")
    server.unseen("CREATE TABLE orders (id int PRIMARY KEY, note text)")
    command = ["pg_recvlogical", "-h", "127.0.0.1", "-p", server.port, "-U", USER, "-d", DATABASE, "-S", "feed"]
    work.run([*command, "-P", "test_decoding", "--create-slot"])
    note = work.secret("hunter2-in-the-feed")
    server.unseen(f"INSERT INTO orders VALUES (1, '{note}')")
    until = server.unseen("SELECT pg_current_wal_lsn()").strip()
    said = work.run([*command, "--start", "--endpos", until, "-f", "-"])
    assert note in said, said
    work.count(f"connect {DATABASE}", times=2)
    work.count("SELECT pg_catalog.set_config(?)", times=2)
    work.count("SHOW data_directory_mode", times=2)
    work.count("IDENTIFY_SYSTEM", times=2)
    work.count('CREATE_REPLICATION_SLOT "feed" LOGICAL "test_decoding" (SNAPSHOT ?)')
    work.count('START_REPLICATION SLOT "feed" LOGICAL ?/?')


def tls(work: Workload) -> None:
    """A server that accepts encryption, a client that insists on it and one that does without."""
    server = Server(work, certificate=True)
    parameters = f"{server.address} sslmode=require ssl_min_protocol_version=TLSv1.3"
    assert work.run(["psql", "-qAtX", parameters, "-c", "SELECT 1"]) == "1\n"
    # Which database it is for is encrypted.
    work.count("connect")
    work.count("handshake TLSv1.3")
    work.count("encrypted TLSv1.3")
    assert server.psql("SELECT 2;", parameters="sslmode=disable") == "2\n"
    work.count("SELECT ?")


if __name__ == "__main__":
    main(
        {
            "simple": simple,
            "bench_simple": bench_simple,
            "bench_extended": bench_extended,
            "bench_prepared": bench_prepared,
            "bench_pipeline": bench_pipeline,
            "prepared": prepared,
            "pipeline": pipeline,
            "copy": copy,
            "login": login,
            "listen": listen,
            "cancel": cancel,
            "killed": killed,
            "large_objects": large_objects,
            "replication": replication,
            "tls": tls,
        }
    )
