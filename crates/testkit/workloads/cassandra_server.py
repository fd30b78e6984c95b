"""A Cassandra node as far as a driver can tell, written from the native protocol's specifications v3, v4 and v5.

It knows one keyspace, `shop`, with one table. What a statement says decides the answer, see `answer`; nothing is stored.
"""

import collections
import hashlib
import random
import socket
import struct
import threading
import uuid
import zlib

import lz4.block

ERROR, STARTUP, READY, AUTHENTICATE, OPTIONS, SUPPORTED, QUERY, RESULT = 0, 1, 2, 3, 5, 6, 7, 8
PREPARE, EXECUTE, REGISTER, EVENT, BATCH, AUTH_RESPONSE, AUTH_SUCCESS = 9, 10, 11, 12, 13, 15, 16
COMPRESSED, TRACING, PAYLOAD, WARNING = 1, 2, 4, 8

TEXT, INT, UUID, INET, SET_OF_TEXT = b"\x00\x0d", b"\x00\x09", b"\x00\x0c", b"\x00\x10", b"\x00\x22\x00\x0d"
HOST_ID = uuid.UUID(int=1)
LOOPBACK = bytes([127, 0, 0, 1])

LOCAL = [
    ("key", TEXT, b"local"),
    ("cluster_name", TEXT, b"scripted"),
    ("data_center", TEXT, b"datacenter1"),
    ("rack", TEXT, b"rack1"),
    ("release_version", TEXT, b"4.1.0"),
    ("cql_version", TEXT, b"3.4.6"),
    ("partitioner", TEXT, b"org.apache.cassandra.dht.Murmur3Partitioner"),
    ("host_id", UUID, HOST_ID.bytes),
    ("schema_version", UUID, uuid.UUID(int=2).bytes),
    ("rpc_address", INET, LOOPBACK),
    ("broadcast_address", INET, LOOPBACK),
    ("listen_address", INET, LOOPBACK),
    ("tokens", SET_OF_TEXT, struct.pack(">ii", 1, 1) + b"0"),
]


def string(text):
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def rows(keyspace, table, columns, values):
    """A result of kind Rows, v5 section 4.2.5.2."""
    body = struct.pack(">iii", 2, 1, len(columns)) + string(keyspace) + string(table)
    body += b"".join(string(name) + kind for name, kind in columns)
    body += struct.pack(">i", len(values))
    return body + b"".join(struct.pack(">i", len(value)) + value for row in values for value in row)


def failure(code, message, more=b""):
    return ERROR, struct.pack(">i", code) + string(message) + more


def crc24(data):
    crc = 0x875060
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = crc << 1 ^ (0x1974F0B if crc & 0x800000 else 0)
    return crc.to_bytes(3, "little")


def crc32(data):
    return struct.pack("<I", zlib.crc32(data, zlib.crc32(b"\xfa\x2d\x55\xca")))


class Hangup(Exception):
    """The client has gone."""


class Connection(threading.Thread):
    """One client's connection."""

    def __init__(self, server, sock):
        super().__init__(daemon=True)
        self.server = server
        self.sock = sock
        self.lock = threading.Lock()
        self.version = 0
        self.compression = None
        self.framed = False
        self.payload = b""

    def receive(self, length):
        """The next bytes from the socket, or in frames of version 5 from their payloads."""
        if not self.framed:
            return self.receive_raw(length)
        while len(self.payload) < length:
            self.payload += self.receive_frame()
        taken, self.payload = self.payload[:length], self.payload[length:]
        return taken

    def receive_raw(self, length):
        data = b""
        while len(data) < length:
            try:
                piece = self.sock.recv(length - len(data))
            except OSError as error:
                raise Hangup from error
            if not piece:
                raise Hangup
            data += piece
        return data

    def receive_frame(self):
        """v5 sections 2.1 and 2.2."""
        size = 5 if self.compression else 3
        header = self.receive_raw(size)
        assert self.receive_raw(3) == crc24(header), "a frame's header is damaged"
        bits = int.from_bytes(header, "little")
        payload = self.receive_raw(bits & 0x1FFFF)
        assert self.receive_raw(4) == crc32(payload), "a frame's payload is damaged"
        uncompressed = bits >> 17 & 0x1FFFF if self.compression else 0
        return lz4.block.decompress(payload, uncompressed_size=uncompressed) if uncompressed else payload

    def send(self, stream, opcode, body, flags=0):
        """An envelope, in frames where the version asks for them."""
        if self.compression and not self.framed and len(body) > 64:
            body = struct.pack(">i", len(body)) + lz4.block.compress(body, store_size=False)
            flags |= COMPRESSED
        envelope = struct.pack(">BBhBi", 0x80 | self.version, flags, stream, opcode, len(body)) + body
        with self.lock:
            try:
                self.sock.sendall(self.frames(envelope) if self.framed else envelope)
            except OSError:
                pass  # The client has gone; reading says so.

    def frames(self, envelope):
        most = 0x1FFFF
        pieces = [envelope[at : at + most] for at in range(0, len(envelope), most)]
        data = b""
        for piece in pieces:
            bits = (len(pieces) == 1) << (34 if self.compression else 17)
            payload = piece
            if self.compression:
                packed = lz4.block.compress(piece, store_size=False)
                if len(packed) < len(piece):
                    payload = packed
                    bits |= len(piece) << 17
            header = (bits | len(payload)).to_bytes(5 if self.compression else 3, "little")
            data += header + crc24(header) + payload + crc32(payload)
        return data

    def run(self):
        try:
            while True:
                version, flags, stream, opcode, length = struct.unpack(">BBhBi", self.receive(9))
                body = self.receive(length)
                self.version = version
                if flags & COMPRESSED and not self.framed:
                    body = lz4.block.decompress(body[4:], uncompressed_size=int.from_bytes(body[:4], "big"))
                self.request(flags, stream, opcode, body)
        except Hangup:
            self.server.connections.discard(self)
            self.sock.close()

    def request(self, flags, stream, opcode, body):
        if opcode == OPTIONS:
            self.server.count("OPTIONS")
            options = struct.pack(">H", 2) + string("CQL_VERSION") + struct.pack(">H", 1) + string("3.4.6")
            self.send(stream, SUPPORTED, options + string("COMPRESSION") + struct.pack(">H", 1) + string("lz4"))
        elif opcode == STARTUP:
            self.server.count("STARTUP")
            compression = b"lz4" in body
            self.send(stream, AUTHENTICATE, string("org.apache.cassandra.auth.PasswordAuthenticator"))
            # v5 section 2.3.1: framed from the answer to STARTUP on.
            self.compression = compression
            self.framed = self.version >= 5
        elif opcode == AUTH_RESPONSE:
            if body[4:].split(b"\0")[-1].decode() == self.server.password:
                self.server.count("AUTH_RESPONSE")
                self.send(stream, AUTH_SUCCESS, struct.pack(">i", -1))
            else:
                self.server.count("AUTH_RESPONSE", "client_error 256")
                self.send(stream, *failure(0x0100, "Provided username and/or password are incorrect"))
        elif opcode == REGISTER:
            self.server.count("REGISTER")
            self.server.listeners.add(self)
            self.send(stream, READY, b"")
        else:
            if flags & PAYLOAD:
                body = skip_payload(body)
            self.statement(flags, stream, opcode, body)

    def statement(self, flags, stream, opcode, body):
        text = self.text_of(opcode, body)
        head, answer_flags = b"", 0
        if flags & TRACING:
            answer_flags |= TRACING
            head += HOST_ID.bytes
        if opcode == BATCH:
            answer_flags |= WARNING
            head += struct.pack(">H", 1) + string("a batch of several partitions")
        if text is None:
            answer, body = failure(0x2500, "Prepared query with that id was not found", body[: 2 + body[1]])
        elif opcode == PREPARE:
            answer, body = self.prepare(text)
        else:
            answer, body = self.server.answer(text, self.version)
        if answer == ERROR:
            head, answer_flags = b"", 0
        if "slow" in (text or "") and opcode != PREPARE:
            # The order of answers is not that of requests.
            delay = random.Random(stream).random() / 50
            threading.Timer(delay, self.send, (stream, answer, head + body, answer_flags)).start()
        else:
            self.send(stream, answer, head + body, answer_flags)

    def text_of(self, opcode, body):
        """The statement's text; of a batch, the first one's."""
        if opcode == EXECUTE:
            return self.server.prepared.get(body[2 : 2 + body[1]])
        if opcode == BATCH:
            if body[3] == 1:
                return self.server.prepared.get(body[6 : 6 + body[5]])
            body = body[4:]
        length = int.from_bytes(body[:4], "big")
        return body[4 : 4 + length].decode()

    def prepare(self, text):
        if "nowhere" in text:
            return failure(0x2200, "table nowhere does not exist")
        statement = hashlib.md5(text.encode()).digest()
        self.server.prepared[statement] = text
        parameters = text.count("?")
        body = struct.pack(">iH", 4, len(statement)) + statement
        if self.version >= 5:
            body += struct.pack(">H", len(statement)) + statement
        body += struct.pack(">ii", 1, parameters)
        if self.version >= 4:
            body += struct.pack(">i", 0)
        body += string("shop") + string("orders")
        body += b"".join(string(f"p{number}") + TEXT for number in range(parameters))
        return RESULT, body + struct.pack(">ii", 4, 0)


def skip_payload(body):
    """v4 section 2.2: a [bytes map] in front."""
    at = 2
    for _ in range(int.from_bytes(body[:2], "big")):
        at += 2 + int.from_bytes(body[at : at + 2], "big")
        at += 4 + int.from_bytes(body[at : at + 4], "big")
    return body[at:]


class Server:
    """The node."""

    def __init__(self, port, password):
        self.password = password
        self.prepared = {}
        self.connections = set()
        # What the driver asked for itself, without a word to its user, and what it was told unasked.
        self.of_the_driver = collections.Counter()
        self.listeners = set()
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, sock)
            self.connections.add(connection)
            connection.start()

    def count(self, name, status="ok"):
        self.of_the_driver[name, status] += 1

    def forget(self):
        """Forgets what was prepared, as a node does that starts again."""
        self.prepared.clear()

    def answer(self, text, version):
        """The opcode and the body that answer a statement."""
        if "system." in text or text.startswith("USE "):
            self.count(text)
        if "system.local" in text:
            columns = [(name, kind) for name, kind, _ in LOCAL]
            return RESULT, rows("system", "local", columns, [[value for _, _, value in LOCAL]])
        if "system.peers" in text:
            return RESULT, rows("system", "peers", [("peer", INET)], [])
        if text.startswith("SELEC "):
            return failure(0x2000, "line 1:0 no viable alternative at input 'SELEC'")
        if "nowhere" in text:
            return failure(0x2200, "table nowhere does not exist")
        if "forbidden" in text:
            return failure(0x2100, "User app has no MODIFY permission on <table shop.forbidden>")
        if "overloaded" in text:
            return failure(0x1001, "too many requests")
        if "late_writes" in text:
            return failure(0x1100, "Operation timed out", struct.pack(">Hii", 1, 0, 1) + string("SIMPLE"))
        if "late_reads" in text:
            return failure(0x1200, "Operation timed out", struct.pack(">HiiB", 1, 0, 1, 0))
        if "few_replicas" in text:
            return failure(0x1000, "Cannot achieve consistency level", struct.pack(">Hii", 1, 1, 0))
        if text.startswith("CREATE TABLE existing"):
            return failure(0x2400, "already exists", string("shop") + string("existing"))
        if text.startswith("USE "):
            return RESULT, struct.pack(">i", 3) + string(text[4:].strip('"'))
        if text.startswith("CREATE TABLE"):
            change = string("CREATED") + string("TABLE") + string("shop") + string(text.split()[2])
            for listener in list(self.listeners & self.connections):
                self.count("EVENT SCHEMA_CHANGE")
                listener.send(-1, EVENT, string("SCHEMA_CHANGE") + change)
            return RESULT, struct.pack(">i", 5) + change
        if text.startswith("SELECT"):
            count = 8000 if "everything" in text else 2
            values = [[struct.pack(">i", number), b"item %d" % number] for number in range(count)]
            return RESULT, rows("shop", "orders", [("id", INT), ("item", TEXT)], values)
        return RESULT, struct.pack(">i", 1)
