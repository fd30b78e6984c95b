"""Real MariaDB clients against a real MariaDB server: `python mysql.py SCENARIO`.

The server reads its tables and users from an init file, so that nothing but the scenario is on the wire.
"""

from __future__ import annotations

import hashlib
import io
import socket
import struct
import threading
from collections.abc import Callable

from workload import Surprise, Workload, main

import mysql.connector
import pymysql

PASSWORD = "hunter2-mysql-password"
WRONG_PASSWORD = "hunter3-mysql-wrong"
LITERAL = "secret-literal-4711"

INIT = f"""
CREATE DATABASE shop;
CREATE DATABASE other;
CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, item VARCHAR(40), amount INT);
INSERT INTO shop.orders (item, amount) VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', 5);
CREATE TABLE shop.imports (item VARCHAR(40), amount INT);
CREATE DEFINER='root'@'localhost' PROCEDURE shop.both_ways() BEGIN SELECT 1; SELECT 2; END;
CREATE USER 'app'@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON shop.* TO 'app'@'%';
GRANT ALL ON other.* TO 'app'@'%';
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'app'@'%';
CREATE USER 'hashed'@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}');
GRANT ALL ON shop.* TO 'hashed'@'%';
CREATE USER 'secure'@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;
"""


class Server:
    """One mariadbd with data of its own, and ways to connect to it as the user `app`."""

    def __init__(self, work: Workload, *options: str) -> None:
        for secret in [PASSWORD, WRONG_PASSWORD, LITERAL]:
            work.secret(secret)
        self.work = work
        self.port = work.port()
        data = work.folder / "data"
        work.run(["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={data}", "--skip-test-db"])
        init = work.folder / "init.sql"
        init.write_text(INIT)
        command = ["mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={work.folder}/socket"]
        command += [f"--pid-file={work.folder}/pid", "--bind-address=127.0.0.1", f"--port={self.port}"]
        command += [f"--init-file={init}", "--skip-name-resolve", "--innodb-buffer-pool-size=16M", "--local-infile=1"]
        work.start([*command, "--plugin-load-add=auth_ed25519", *options], self.port)

    def pymysql(self, **options: object) -> pymysql.Connection:
        """A connection of pymysql's. It says which character set it has."""
        options = {"user": "app", "password": PASSWORD, "database": "shop", "autocommit": None, **options}
        return pymysql.connect(host="127.0.0.1", port=self.port, **options)

    def connector(self) -> mysql.connector.MySQLConnection:
        """A connection of mysql-connector-python's. It sets its session up, and again whenever that is reset."""
        options = {"user": "app", "password": PASSWORD, "database": "shop", "use_pure": True}
        return mysql.connector.connect(host="127.0.0.1", port=self.port, **options)

    def cli(self, sql: str, *options: str) -> str:
        """The statements through the `mariadb` command; returns what it printed."""
        command = ["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={self.port}", "--protocol=tcp", "--user=app"]
        command += [f"--password={PASSWORD}", "--database=shop", "--batch", "--force", *options]
        return self.work.run(command, input=sql)


class Raw:
    """A client that writes its packets itself, for what no client at hand does: results without EOF packets, commands sent
    before the answer to the last one is there, cursors, and the rarer commands."""

    MULTI_RESULTS, PLUGIN_AUTH, DEPRECATE_EOF = 1 << 17, 1 << 19, 1 << 24

    def __init__(self, server: Server, capabilities: int = DEPRECATE_EOF) -> None:
        # CLIENT_LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION.
        capabilities |= 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000 | self.MULTI_RESULTS | self.PLUGIN_AUTH
        self.sock = socket.create_connection(("127.0.0.1", server.port))
        self.input = self.sock.makefile("rb")
        greeting = self.read()
        after_version = greeting.index(b"\0", 1) + 1
        scramble = greeting[after_version + 4 : after_version + 12] + greeting[after_version + 31 : after_version + 43]
        once = hashlib.sha1(PASSWORD.encode()).digest()
        twice = hashlib.sha1(scramble + hashlib.sha1(once).digest()).digest()
        answer = bytes(a ^ b for a, b in zip(once, twice))
        head = struct.pack("<IIB23x", capabilities, 1 << 24, 45)
        self.write(head + b"app\0" + bytes([len(answer)]) + answer + b"shop\0mysql_native_password\0", sequence=1)
        assert self.read()[0] == 0

    def write(self, payload: bytes, sequence: int = 0) -> None:
        self.sock.sendall(struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload)

    def read(self) -> bytes:
        head = self.input.read(4)
        assert len(head) == 4, "the server hung up"
        return self.input.read(int.from_bytes(head[:3], "little"))

    def command(self, code: int, body: bytes = b"") -> bytes:
        """Sends a command and reads one packet, which must be no error."""
        self.write(bytes([code]) + body)
        answer = self.read()
        assert answer[:1] != b"\xff", answer
        return answer

    def rows(self, columns: int) -> list[bytes]:
        """Reads a result's columns and rows, to the packet that ends it."""
        for _ in range(columns):
            self.read()
        rows = []
        while (row := self.read())[0] != 0xFE:
            assert row[0] != 0xFF, row
            rows.append(row)
        return rows

    def prepare(self, sql: str) -> int:
        """Prepares a statement and returns its id."""
        answer = self.command(0x16, sql.encode())
        statement, columns, parameters = struct.unpack("<IHH", answer[1:9])
        for _ in range(columns + parameters):
            self.read()
        return statement

    def quit(self) -> None:
        self.write(b"\x01")
        self.sock.close()


def expect_error(code: int, run: Callable[[], object]) -> None:
    """Runs what must fail with that code."""
    try:
        run()
    except (pymysql.err.MySQLError, mysql.connector.Error) as error:
        assert error.args[0] == code, error
        return
    raise Surprise(f"error {code} did not come")


def queries(work: Workload) -> None:
    """Texts, their errors, and the simple commands, by pymysql."""
    server = Server(work)
    connection = server.pymysql()
    work.count("CONNECT")
    work.count("SET NAMES utf8mb4")
    cursor = connection.cursor()
    for number in range(1, 6):
        cursor.execute("SELECT * FROM orders WHERE id = %s", (number,))
        assert len(cursor.fetchall()) == 1
    work.count("SELECT * FROM orders WHERE id = ?", times=5)
    cursor.execute("INSERT INTO orders (item, amount) VALUES (%s, %s)", (LITERAL, 7))
    work.count("INSERT INTO orders (item, amount) VALUES (?)")
    connection.commit()
    work.count("COMMIT")
    expect_error(1146, lambda: cursor.execute("SELECT * FROM nowhere"))
    work.count("SELECT * FROM nowhere", "client_error 1146")
    expect_error(1064, lambda: cursor.execute(f"SELEC '{LITERAL}'"))
    work.count("SELEC ?", "client_error 1064")
    expect_error(1062, lambda: cursor.execute("INSERT INTO orders (id, item) VALUES (1, 'x')"))
    work.count("INSERT INTO orders (id, item) VALUES (?)", "client_error 1062")
    connection.ping(reconnect=False)
    work.count("PING")
    connection.select_db("other")
    work.count("INIT_DB other")
    expect_error(1044, lambda: connection.select_db("nowhere"))
    work.count("INIT_DB nowhere", "client_error 1044")
    connection.close()
    work.count("QUIT")


def results(work: Workload) -> None:
    """Several statements in one query and several results of one statement."""
    server = Server(work)
    connection = server.pymysql(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
    work.count("CONNECT")
    work.count("SET NAMES utf8mb4")
    cursor = connection.cursor()
    for _ in range(3):
        cursor.execute("SELECT 1; UPDATE orders SET amount = 9 WHERE id = 2; SELECT item FROM orders WHERE id < 3")
        while cursor.nextset():
            pass
    work.count("SELECT ?; UPDATE orders SET amount = ? WHERE id = ?; SELECT item FROM orders WHERE id < ?", times=3)
    cursor.execute("CALL both_ways()")
    assert cursor.nextset() and cursor.nextset() and not cursor.nextset()
    work.count("CALL both_ways()")

    def fail_in_the_middle() -> None:
        cursor.execute("SELECT 1; SELECT * FROM nowhere; SELECT 2")
        while cursor.nextset():
            pass

    expect_error(1146, fail_in_the_middle)
    work.count("SELECT ?; SELECT * FROM nowhere; SELECT ?", "client_error 1146")
    connection.close()
    work.count("QUIT")


def prepared(work: Workload) -> None:
    """Prepared statements by mysql-connector-python: parameters, long data, reset, close, and an error."""
    server = Server(work)
    connection = server.connector()
    work.count("CONNECT")
    work.count("SET NAMES ? COLLATE ?")
    work.count("SET @@session.autocommit = OFF")
    cursor = connection.cursor(prepared=True)
    for number in range(1, 4):
        cursor.execute("SELECT item FROM orders WHERE id = %s AND item <> %s", (number, LITERAL))
        assert len(cursor.fetchall()) == 1
    work.count("STMT_PREPARE SELECT item FROM orders WHERE id = ? AND item <> ?")
    work.count("STMT_RESET", times=3)
    work.count("SELECT item FROM orders WHERE id = ? AND item <> ?", times=3)
    cursor.execute("INSERT INTO orders (item) VALUES (%s)", (io.BytesIO(LITERAL.encode()),))
    work.count("STMT_CLOSE")
    work.count("STMT_PREPARE INSERT INTO orders (item) VALUES (?)")
    work.count("STMT_SEND_LONG_DATA")
    work.count("STMT_RESET")
    work.count("INSERT INTO orders (item) VALUES (?)")
    cursor.close()
    work.count("STMT_CLOSE")
    broken = connection.cursor(prepared=True)
    expect_error(1146, lambda: broken.execute("SELECT * FROM nowhere WHERE id = %s", (1,)))
    work.count("STMT_PREPARE SELECT * FROM nowhere WHERE id = ?", "client_error 1146")
    # Before it makes a cursor, the client asks whether the server is there.
    work.count("PING", times=2)
    connection.close()
    work.count("QUIT")


def sessions(work: Workload) -> None:
    """The ways into a connection and the changes of its user."""
    server = Server(work)
    expect_error(1045, lambda: server.pymysql(password=WRONG_PASSWORD))
    work.count("CONNECT", "client_error 1045")
    expect_error(1044, lambda: server.pymysql(database="nowhere"))
    work.count("CONNECT", "client_error 1044")
    # Its way of authentication is not the one that the client begins with.
    assert server.cli("SELECT 1", "--user=hashed") == "1\n1\n"
    for name in ["CONNECT", "SELECT ?", "QUIT"]:
        work.count(name)
    connection = server.connector()
    connection.cmd_statistics()
    connection.cmd_ping()
    connection.cmd_reset_connection()
    connection.cmd_change_user("app", PASSWORD, "shop")
    expect_error(1045, lambda: connection.cmd_change_user("app", WRONG_PASSWORD, "shop"))
    connection.close()
    for name in ["CONNECT", "STATISTICS", "PING", "RESET_CONNECTION", "CHANGE_USER", "QUIT"]:
        work.count(name)
    # The client sets its session up again behind a reset and a change of user.
    for name in ["SET NAMES ? COLLATE ?", "SET @@session.autocommit = OFF"]:
        work.count(name, times=3)
    work.count("CHANGE_USER", "client_error 1045")


def modern(work: Workload) -> None:
    """Results without EOF packets, cursors, and commands sent ahead of answers."""
    server = Server(work)
    raw = Raw(server)
    work.count("CONNECT")
    columns = raw.command(0x03, b"SELECT id, item FROM orders")[0]
    assert len(raw.rows(columns)) == 5
    work.count("SELECT id, item FROM orders")
    raw.command(0x03, b"SELECT id FROM orders WHERE id = 4711")
    assert raw.rows(1) == []
    work.count("SELECT id FROM orders WHERE id = ?")
    statement = raw.prepare("SELECT item FROM orders WHERE id > ?")
    work.count("STMT_PREPARE SELECT item FROM orders WHERE id > ?")
    parameters = b"\x00\x01\x03\x00" + struct.pack("<I", 1)
    read_only_cursor = struct.pack("<IBI", statement, 1, 1)
    raw.command(0x17, read_only_cursor + parameters)
    assert raw.rows(1) == []
    work.count("SELECT item FROM orders WHERE id > ?")
    raw.write(b"\x1c" + struct.pack("<II", statement, 3))
    assert len(raw.rows(0)) == 3
    raw.write(b"\x1c" + struct.pack("<II", statement, 3))
    assert len(raw.rows(0)) == 1
    work.count("STMT_FETCH SELECT item FROM orders WHERE id > ?", times=2)
    raw.write(b"\x19" + struct.pack("<I", statement))
    work.count("STMT_CLOSE")
    # MariaDB: the last statement that was prepared is number -1, so that its execution need not wait for its number.
    raw.write(b"\x16SELECT amount FROM orders WHERE item = 'a'")
    raw.write(b"\x17" + struct.pack("<iBI", -1, 0, 1))
    raw.write(b"\x0e")
    assert raw.read()[0] == 0
    raw.read()
    assert raw.read()[0] == 1
    assert len(raw.rows(1)) == 1
    assert raw.read()[0] == 0
    work.count("STMT_PREPARE SELECT amount FROM orders WHERE item = ?")
    work.count("SELECT amount FROM orders WHERE item = ?")
    work.count("PING")
    raw.write(b"\x04orders\0")
    while raw.read()[0] != 0xFE:
        pass
    work.count("FIELD_LIST orders")
    raw.command(0x1B, b"\x00\x00")
    work.count("SET_OPTION")
    raw.write(b"\x17" + struct.pack("<IBI", 4711, 0, 1))
    assert raw.read()[:3] == b"\xff" + struct.pack("<H", 1243)
    work.count("STMT_EXECUTE", "client_error 1243")
    raw.quit()
    work.count("QUIT")


def pool(work: Workload) -> None:
    """Twenty connections at once, each with a query after the other."""
    server = Server(work)

    def use() -> None:
        connection = server.pymysql()
        cursor = connection.cursor()
        for number in range(20):
            cursor.execute("SELECT item FROM orders WHERE id IN (%s, %s)", (number, number + 1))
            cursor.fetchall()
        connection.close()

    threads = [threading.Thread(target=use) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ["CONNECT", "SET NAMES utf8mb4", "QUIT"]:
        work.count(name, times=20)
    work.count("SELECT item FROM orders WHERE id IN (?)", times=400)


def infile(work: Workload) -> None:
    """LOAD DATA LOCAL INFILE: the server asks for a file, the client sends it."""
    server = Server(work)
    path = work.folder / "import.csv"
    path.write_text("".join(f"{LITERAL},{number}\n" for number in range(100)))
    connection = server.pymysql(local_infile=True)
    cursor = connection.cursor()
    load = f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE imports FIELDS TERMINATED BY ','"
    assert cursor.execute(load) == 100
    expect_error(1146, lambda: cursor.execute(load.replace("imports", "nowhere")))
    cursor.execute("SELECT COUNT(*) FROM imports")
    connection.close()
    load = "LOAD DATA LOCAL INFILE ? INTO TABLE {} FIELDS TERMINATED BY ?"
    for name in ["CONNECT", "SET NAMES utf8mb4", load.format("imports"), "SELECT COUNT(*) FROM imports", "QUIT"]:
        work.count(name)
    work.count(load.format("nowhere"), "client_error 1146")


def cli(work: Workload) -> None:
    """The `mariadb` command: its capabilities are those of MariaDB's own connector."""
    server = Server(work)
    out = server.cli(
        "SELECT item FROM orders WHERE id = 3;"
        "SELECT * FROM nowhere;"
        "PREPARE statement FROM 'SELECT item FROM orders WHERE id = ?';"
        "EXECUTE statement USING 3;"
        "DEALLOCATE PREPARE statement;"
        "ALTER TABLE orders ADD INDEX (amount);"
    )
    assert out == "item\nc\nitem\nc\n"
    work.count("CONNECT")
    work.count("SELECT item FROM orders WHERE id = ?")
    work.count("SELECT * FROM nowhere", "client_error 1146")
    work.count("PREPARE statement FROM ?")
    work.count("EXECUTE statement USING ?")
    work.count("DEALLOCATE PREPARE statement")
    work.count("ALTER TABLE orders ADD INDEX (amount)")
    work.count("QUIT")


def binlog(work: Workload) -> None:
    """A replica's stream, by `mariadb-binlog`."""
    server = Server(work, "--log-bin=log", "--server-id=1")
    command = ["mariadb-binlog", "--no-defaults", "--host=127.0.0.1", f"--port={server.port}", "--user=app"]
    command += [f"--password={PASSWORD}", "--read-from-remote-server", "log.000001"]
    work.run(command)
    for name in ["CONNECT", "SELECT VERSION()", "BINLOG_DUMP", "QUIT"]:
        work.count(name)
    # What checksums it wants, and how much it understands.
    work.count("SET ?=?", times=2)


def compressed(work: Workload) -> None:
    """A compressed connection: what it says is not read."""
    server = Server(work)
    server.cli("SELECT item FROM orders WHERE id = 3; SELECT REPEAT('x', 5000);", "--compress")
    work.count("CONNECT")


def tls(work: Workload) -> None:
    """A connection that turns to TLS behind the server's greeting, and a user who must."""
    certificate, key = work.certificate("localhost")
    server = Server(work, f"--ssl-cert={certificate}", f"--ssl-key={key}")
    connection = server.pymysql(user="secure", database=None, ssl={"check_hostname": False, "verify_mode": "none"})
    connection.cursor().execute("SELECT 1")
    connection.close()
    for name in ["SSL_REQUEST", "handshake TLSv1.3", "encrypted TLSv1.3"]:
        work.count(name)
    expect_error(1045, lambda: server.pymysql(user="secure", database=None, ssl_disabled=True))
    work.count("CONNECT", "client_error 1045")


if __name__ == "__main__":
    scenarios = [queries, results, prepared, sessions, modern, pool, infile, cli, binlog, compressed, tls]
    main({scenario.__name__: scenario for scenario in scenarios})
