"""MongoDB: pymongo, and a server that is scripted here from the specifications of the wire protocol.

No server is in Debian, and mockupdb knows neither compression nor responses that are followed by others. The server keeps an
account of what it has answered, and how.
"""

from workload import Surprise, Workload, main

import json
import socketserver
import struct
import sys
import time
import zlib
from pathlib import Path

import bson
import pymongo
import pymongo.errors
from pymongo.cursor import CursorType

OP_REPLY, OP_QUERY, OP_COMPRESSED, OP_MSG = 1, 2004, 2012, 2013
MORE_TO_COME, EXHAUST_ALLOWED = 1 << 1, 1 << 16
ZLIB = 2

# Error codes of the server, and who is to blame.
ERRORS = {"NamespaceNotFound": (26, "client_error"), "NotWritablePrimary": (10107, "server_error"),
          "AuthenticationFailed": (18, "client_error")}


def failure(name: str) -> tuple[dict, str]:
    code, kind = ERRORS[name]
    return {"ok": 0.0, "errmsg": "hunter2 is not told", "code": code, "codeName": name}, f"{kind} {code}"


class Connection(socketserver.BaseRequestHandler):
    """Answers one client."""

    compressed = False
    last_id = 1000

    def handle(self) -> None:
        while head := self.read(16):
            length, request_id, _, opcode = struct.unpack("<iiii", head)
            body = self.read(length - 16)
            self.compressed = opcode == OP_COMPRESSED
            if self.compressed:
                opcode, body = struct.unpack_from("<i", body)[0], zlib.decompress(body[9:])
            try:
                self.answer(opcode, request_id, body)
            except OSError:
                return

    def read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            try:
                part = self.request.recv(length - len(data))
            except OSError:
                return b""
            if not part:
                return b""
            data += part
        return data

    def answer(self, opcode: int, request_id: int, body: bytes) -> None:
        if opcode == OP_QUERY:
            command = bson.decode(body[body.index(b"\0", 4) + 9:])
            command["$db"] = body[4:body.index(b".")].decode()
            self.reply(opcode, request_id, 0, HELLO)
            self.server.tell(command, "ok")
            return
        (flags,) = struct.unpack_from("<i", body)
        (length,) = struct.unpack_from("<i", body, 5)
        command = bson.decode(body[5:5 + length])
        if "hello" in command and flags & EXHAUST_ALLOWED:
            # Until the client has enough. What is going on when it ends is one exchange.
            self.server.tell(command, "ok")
            while True:
                request_id = self.reply(opcode, request_id, MORE_TO_COME, HELLO)
                time.sleep(0.1)
        if "getMore" in command and flags & EXHAUST_ALLOWED:
            batch = {"id": 7, "ns": "shop.orders", "nextBatch": [{"item": "hunter2"}]}
            request_id = self.reply(opcode, request_id, MORE_TO_COME, {"cursor": batch, "ok": 1.0})
            request_id = self.reply(opcode, request_id, MORE_TO_COME, {"cursor": batch, "ok": 1.0})
            self.reply(opcode, request_id, 0, {"cursor": {**batch, "id": 0}, "ok": 1.0})
            self.server.tell(command, "ok")
            return
        document, status = self.outcome(command)
        if not flags & MORE_TO_COME:
            self.reply(opcode, request_id, 0, document)
        self.server.tell(command, "ok" if flags & MORE_TO_COME else status, self.compressed)

    def outcome(self, command: dict) -> tuple[dict, str]:
        name, subject = next(iter(command.items()))
        cursor = {"id": 0, "ns": f"{command['$db']}.{subject}", "firstBatch": [{"item": "hunter2"}] * 2}
        match name, subject:
            case _, "nowhere":
                return failure("NamespaceNotFound")
            case _, "elsewhere":
                return failure("NotWritablePrimary")
            case "saslStart", _:
                return failure("AuthenticationFailed")
            case "insert", "unique":
                error = {"index": 0, "code": 11000, "errmsg": "dup key: hunter2"}
                return {"n": 0, "writeErrors": [error], "ok": 1.0}, "client_error 11000"
            case "insert", "alone":
                error = {"code": 64, "codeName": "WriteConcernTimeout", "errmsg": "waiting"}
                return {"n": 1, "writeConcernError": error, "ok": 1.0}, "server_error 64"
            case "hello" | "ismaster", _:
                return HELLO, "ok"
            case "find", _:
                return {"cursor": {**cursor, "id": 0 if command.get("limit") else 7}, "ok": 1.0}, "ok"
            case "getMore", _:
                cursor["nextBatch"] = cursor.pop("firstBatch")
                return {"cursor": cursor, "ok": 1.0}, "ok"
            case "aggregate", _:
                return {"cursor": cursor, "ok": 1.0}, "ok"
            case _:
                return {"n": 1, "ok": 1.0}, "ok"

    def reply(self, opcode: int, request_id: int, flags: int, document: dict) -> int:
        self.last_id += 1
        if opcode == OP_QUERY:
            opcode, body = OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(document)
        else:
            body = struct.pack("<ib", flags, 0) + bson.encode(document)
        if self.compressed:
            body = struct.pack("<iib", opcode, len(body), ZLIB) + zlib.compress(body)
            opcode = OP_COMPRESSED
        self.request.sendall(struct.pack("<iiii", 16 + len(body), self.last_id, request_id, opcode) + body)
        return self.last_id


HELLO = {
    "ismaster": True, "isWritablePrimary": True, "helloOk": True, "maxBsonObjectSize": 1 << 24,
    "maxMessageSizeBytes": 48000000, "maxWriteBatchSize": 100000, "minWireVersion": 0, "maxWireVersion": 21,
    "setName": "shop",
    "topologyVersion": {"processId": bson.ObjectId("0123456789abcdef01234567"), "counter": bson.Int64(1)}, "ok": 1.0,
}


class Server(socketserver.ThreadingTCPServer):
    """Tells what it has answered, a line each."""

    daemon_threads = allow_reuse_address = True

    def tell(self, command: dict, status: str, compressed: bool = False) -> None:
        name, subject = next(iter(command.items()))
        subject = command["collection"] if name == "getMore" else subject
        about_collection = name in ("find", "insert", "update", "delete", "aggregate", "getMore", "killCursors")
        namespace = f"{command['$db']}.{subject}" if about_collection else command["$db"]
        line = json.dumps(["op_msg", "ok"] if compressed else [f"{name} {namespace}", status])
        print(line, flush=True)


class Shop:
    """A server, and a client of it."""

    def __init__(self, work: Workload, compression: str = "none", **settings) -> None:
        self.work, port = work, work.port()
        work.start([Path(sys.executable), Path(__file__), "--serve", port, compression], port)
        (self.account,) = work.folder.glob("python*.log")
        settings = {"serverMonitoringMode": "poll", "directConnection": True, "retryWrites": False, **settings}
        self.client = pymongo.MongoClient("127.0.0.1", port, heartbeatFrequencyMS=60000, **settings)
        self.orders = self.client.shop.orders

    def count(self) -> None:
        """Expects what the server has answered. No answer is under way any more."""
        self.client.close()
        time.sleep(0.3)
        for line in self.account.read_text().splitlines():
            self.work.count(*json.loads(line))


def commands(work: Workload) -> None:
    """Reading, writing, a cursor of several batches, indexes, and what is about the database."""
    shop = Shop(work)
    secret = work.secret("hunter2")
    shop.orders.insert_one({"item": secret})
    shop.orders.insert_many([{"item": secret} for _ in range(10)])
    shop.orders.update_one({"item": secret}, {"$set": {"paid": True}})
    shop.orders.delete_many({"item": secret})
    if len(list(shop.orders.find({"item": secret}))) != 4:
        raise Surprise("not the items that were sent")
    shop.orders.find_one({"item": secret})
    list(shop.orders.aggregate([{"$match": {"item": secret}}]))
    shop.client.admin.command("ping")
    shop.client.shop.command("dbStats")
    unheard = shop.orders.with_options(write_concern=pymongo.WriteConcern(w=0))
    for _ in range(3):
        unheard.insert_one({"item": secret})
    shop.client.admin.command("ping")
    shop.count()


def errors(work: Workload) -> None:
    """Commands and single writes that fail, and a password that is wrong."""
    shop = Shop(work)
    secret = work.secret("hunter2")
    for attempt in [
        lambda: shop.client.shop.nowhere.find_one({"item": secret}),
        lambda: shop.client.shop.elsewhere.delete_one({"item": secret}),
        lambda: shop.client.shop.unique.insert_one({"item": secret}),
        lambda: shop.client.shop.alone.insert_one({"item": secret}),
    ]:
        try:
            attempt()
        except pymongo.errors.PyMongoError:
            continue
        raise Surprise("nothing failed")
    shop.count()


def password(work: Workload) -> None:
    """A password that is wrong."""
    secret = work.secret("hunter2-password")
    shop = Shop(work, username="alice", password=secret, authMechanism="PLAIN")
    try:
        shop.orders.find_one()
        raise Surprise("anybody may come in")
    except pymongo.errors.OperationFailure:
        shop.count()


def exhaust(work: Workload) -> None:
    """A cursor whose batches come without being asked for."""
    shop = Shop(work)
    work.secret("hunter2")
    if len(list(shop.orders.find(cursor_type=CursorType.EXHAUST))) != 5:
        raise Surprise("not the items that were sent")
    shop.count()


def awaited(work: Workload) -> None:
    """A client that is told of changes, in a stream of responses to one request."""
    shop = Shop(work, serverMonitoringMode="stream")
    shop.orders.find_one()
    time.sleep(0.5)
    shop.count()


def compressed(work: Workload) -> None:
    """A client that compresses."""
    shop = Shop(work, compression="zlib", compressors="zlib")
    for _ in range(5):
        shop.orders.insert_one({"item": work.secret("hunter2") * 100})
        shop.orders.find_one()
    shop.count()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        HELLO["compression"] = [sys.argv[3]]
        Server(("127.0.0.1", int(sys.argv[2])), Connection).serve_forever()
    else:
        main({each.__name__: each for each in [commands, errors, password, exhaust, awaited, compressed]})
