"""Kafka: librdkafka's mock cluster on real sockets, and librdkafka and kafka-python as its clients.

No broker is in Debian. The mock cluster comes with the wheel of confluent-kafka, and takes its requests from the network like
any broker; what it is to have and where it is to fail is told through librdkafka's own interface (rdkafka_mock.h).
"""

from workload import Surprise, Workload, main, wait_for

import collections
import ctypes
import json
import os
import re
import signal
import sys
from pathlib import Path

import confluent_kafka

TOPIC = "orders"
GROUP = "billing"

# Protocol guide, section "Error Codes".
ERRORS = {
    "NONE": 0,
    "UNKNOWN_TOPIC_OR_PARTITION": 3,
    "COORDINATOR_NOT_AVAILABLE": 15,
    "NOT_ENOUGH_REPLICAS": 19,
    "TOPIC_AUTHORIZATION_FAILED": 29,
    "UNSUPPORTED_VERSION": 35,
    "INVALID_TXN_STATE": 48,
}
# Protocol guide, section "Api Keys".
KEYS = {"Produce": 0, "Fetch": 1, "Metadata": 3, "FindCoordinator": 10, "EndTxn": 26}


# What librdkafka sends to ask for metadata of no topic, in all versions that are used here.
METADATA_BYTES = 26
# What a topic adds to it that is named by its id: the id, no name, no tagged fields.
TOPIC_ID_BYTES = 16 + 1 + 1


def verb(api: str) -> str:
    """`list_offsets` for `ListOffsets`."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", api).lower()


def mock_cluster(plan: dict) -> None:
    """Runs a mock cluster in this process until a signal ends it. Its brokers' addresses are written to a file."""
    (library,) = Path(confluent_kafka.__file__).parent.parent.glob("confluent_kafka.libs/librdkafka-*")
    rd = ctypes.CDLL(str(library))
    for name in ["conf_new", "new", "mock_cluster_new"]:
        getattr(rd, f"rd_kafka_{name}").restype = ctypes.c_void_p
    rd.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    message = ctypes.create_string_buffer(512)
    handle = ctypes.c_void_p(rd.rd_kafka_new(0, ctypes.c_void_p(rd.rd_kafka_conf_new()), message, len(message)))
    cluster = ctypes.c_void_p(rd.rd_kafka_mock_cluster_new(handle, plan["brokers"]))
    rd.rd_kafka_mock_topic_create(cluster, TOPIC.encode(), plan["partitions"], 1)
    for key, newest in plan["newest"].items():
        rd.rd_kafka_mock_set_apiversion(cluster, KEYS[key], 0, newest)
    for key, errors in plan["errors"].items():
        codes = [ERRORS[error] for error in errors]
        rd.rd_kafka_mock_push_request_errors_array(cluster, KEYS[key], len(codes), (ctypes.c_int * len(codes))(*codes))
    Path("brokers.new").write_bytes(rd.rd_kafka_mock_cluster_bootstraps(cluster))
    os.rename("brokers.new", "brokers")
    signal.pause()


def outcome(kind: str, error: str) -> str:
    """How an exchange with an error counts."""
    return f"{kind} {ERRORS[error]}"


def serve(work: Workload, *, brokers: int = 1, partitions: int = 1, newest: dict = {}, errors: dict = {}) -> str:
    """Starts a mock cluster with a topic, and returns its bootstrap servers. For each API in `newest`, that is the newest
    version that it knows; for each in `errors`, these are what it answers first."""
    plan = {"brokers": brokers, "partitions": partitions, "newest": newest, "errors": errors}
    server = work.start([Path(sys.executable), Path(__file__), "--serve", json.dumps(plan)])
    path = work.folder / "brokers"
    wait_for("the mock cluster", lambda: path.exists() or server.poll() is not None)
    addresses = path.read_text()
    for port in re.findall(r":(\d+)", addresses):
        work.listens(int(port))
    return addresses


class Log:
    """What a client of librdkafka says that it sent and received. It says so on the standard error, to its very end."""

    def __init__(self, work: Workload, topic: str = TOPIC) -> None:
        self.work, self.topic = work, topic
        self.path = work.folder / f"client-{len(list(work.folder.iterdir()))}"

    def __enter__(self) -> "Log":
        self.stderr = os.dup(2)
        file = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(file, 2)
        os.close(file)
        return self

    def __exit__(self, *_) -> None:
        os.dup2(self.stderr, 2)
        os.close(self.stderr)

    def settings(self, bootstrap: str, **more) -> dict:
        return {
            "bootstrap.servers": bootstrap,
            "debug": "protocol,metadata",
            "allow.auto.create.topics": False,
            **{name.replace("_", "."): value for name, value in more.items()},
        }

    def messages(self, what: str) -> list:
        """Thread, API, version and size of all that was `Sent`, or `Received`."""
        pattern = rf"\[thrd:(.*?)\].* {what} (\w+)(?:Request|Response) \(v(\d+), (\d+) bytes"
        return [
            (thread, {"ApiVersion": "ApiVersions"}.get(api, api), int(version), int(size))
            for thread, api, version, size in re.findall(pattern, self.path.read_text())
        ]

    def wait(self, client, unanswered: str = "") -> None:
        """Waits until all that was sent is answered. The first connection is left behind, with what it has asked, as soon as
        there is one to the broker by its number."""
        def open_ends(what: str) -> collections.Counter:
            left_behind = "/bootstrap"
            return collections.Counter(
                thread for thread, api, *_ in self.messages(what) if api != unanswered and not thread.endswith(left_behind)
            )

        def is_quiet() -> bool:
            client.poll(0.1)
            return not open_ends("Sent") - open_ends("Received")

        try:
            wait_for("the answers", is_quiet)
        except Surprise as surprise:
            raise Surprise(f"{surprise}:\n{self.path.read_text()}") from None

    def count(self, names: dict = {}, errors: dict = {}, unanswered: str = "") -> None:
        """Expects what was sent, when the client is gone: an API under its name in `names`, or its own; `errors` has what was
        answered to all or some of what goes by a name."""
        topic_id = re.search(rf"Topic {self.topic} changed id from \S+ to (\S+)", self.path.read_text())
        topic_id = topic_id and topic_id[1].translate(str.maketrans("+/", "-_"))
        received = collections.Counter((thread, api) for thread, api, *_ in self.messages("Received"))
        expected, told = collections.Counter(), set()
        for thread, api, version, size in self.messages("Sent"):
            name = names.get(api, verb(api))
            # What has an id is told by its name on the connection that has told both.
            if api == "Metadata" and size > METADATA_BYTES:
                by_id = size == METADATA_BYTES + TOPIC_ID_BYTES and thread not in told
                name = f"{name} {topic_id if by_id else self.topic}"
                told.add(thread)
            if api == "Fetch" and version >= 13 and thread not in told:
                name = f"{verb(api)} {topic_id}"
            received[thread, api] -= 1
            if received[thread, api] < 0 and api != unanswered:
                # The client has left before it heard whether.
                expected[name, "ok or no_response"] += 1
            # The mock cluster knows no version of this that is flexible.
            elif (api, version) == ("ApiVersions", 3):
                expected[name, outcome("ok", "UNSUPPORTED_VERSION")] += 1
            else:
                expected[name, "ok"] += 1
        for name, failed in errors.items():
            if isinstance(failed, str):
                # All of them, those too of which the client has not heard.
                expected[name, f"{failed} or no_response"] = expected.pop((name, "ok or no_response"), 0)
                failed = [failed] * expected[name, "ok"]
            expected[name, "ok"] -= len(failed)
            expected.update((name, status) for status in failed)
        for (name, status), times in expected.items():
            if times:
                self.work.count(name, status, times)


def produce_some(work: Workload, producer: confluent_kafka.Producer, records: int) -> None:
    """Produces records, each in a request of its own."""
    failed = []
    for number in range(records):
        key, value = work.secret(f"hunter2-key-{number}"), work.secret(f"hunter2-value-{number}")
        producer.produce(TOPIC, value, key, on_delivery=lambda error, _: error and failed.append(error))
        if producer.flush(20):
            raise Surprise("records are left")
    if failed:
        raise Surprise(f"not delivered: {failed}")


def fill(work: Workload, bootstrap: str, records: int, acks: int = -1) -> None:
    """Puts records into the topic."""
    unanswered = "" if acks else "Produce"
    with Log(work) as log:
        producer = confluent_kafka.Producer(log.settings(bootstrap, acks=acks))
        produce_some(work, producer, records)
        log.wait(producer, unanswered)
        del producer
        log.count({"Produce": f"produce {TOPIC}"}, unanswered=unanswered)
        # The mock cluster answers all the same.
        work.unmatched(0 if acks else records)


# What a consumer asks for, by group or by topic.
CONSUMER = {
    **{api: f"{verb(api)} {GROUP}" for api in [
        "FindCoordinator", "JoinGroup", "SyncGroup", "Heartbeat", "OffsetCommit", "OffsetFetch", "LeaveGroup",
        "ConsumerGroupHeartbeat",
    ]},
    "ListOffsets": f"list_offsets {TOPIC}",
    "Fetch": f"fetch {TOPIC}",
}


def drain(work: Workload, bootstrap: str, records: int, errors: dict = {}, **settings) -> None:
    """Consumes records as a group of one, commits, and leaves when nothing is under way."""
    with Log(work) as log:
        consumer = confluent_kafka.Consumer(log.settings(
            bootstrap, group_id=GROUP, auto_offset_reset="earliest", enable_auto_commit=False, fetch_wait_max_ms=100,
            **settings,
        ))
        consumer.subscribe([TOPIC])
        seen = []
        wait_for("records", lambda: (message := consumer.poll(0.1)) and seen.append(message) or len(seen) == records)
        if failed := [message.error() for message in seen if message.error()]:
            raise Surprise(f"not consumed: {failed}")
        consumer.commit(asynchronous=False)
        # A fetch that the end cuts off may or may not be answered.
        consumer.pause(consumer.assignment())
        log.wait(consumer)
        consumer.close()
        del consumer
        log.count(CONSUMER, errors)


def produce(work: Workload) -> None:
    """Records, acknowledged by all replicas, by one, and by none."""
    bootstrap = serve(work, brokers=2, partitions=2)
    for acks, records in [(-1, 5), (1, 7), (0, 9)]:
        fill(work, bootstrap, records, acks)


def consume(work: Workload) -> None:
    """A consumer group of one."""
    bootstrap = serve(work)
    fill(work, bootstrap, 10)
    drain(work, bootstrap, 10)


def next_protocol(work: Workload) -> None:
    """A group of the protocol of KIP-848, and so fetches that name topics by their ids."""
    bootstrap = serve(work)
    fill(work, bootstrap, 3)
    drain(work, bootstrap, 3, group_protocol="consumer")


def old_versions(work: Workload) -> None:
    """A cluster that knows the versions of ten years ago only."""
    bootstrap = serve(work, newest={"Produce": 7, "Fetch": 7, "Metadata": 4, "FindCoordinator": 1})
    fill(work, bootstrap, 5)
    drain(work, bootstrap, 5)


def errors(work: Workload) -> None:
    """A cluster that is short of replicas, a topic that the client may not write to, one that does not exist."""
    refused = ["NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS", "NONE", "NONE", "TOPIC_AUTHORIZATION_FAILED"]
    bootstrap = serve(work, errors={"Produce": refused})
    with Log(work) as log:
        producer = confluent_kafka.Producer(log.settings(bootstrap, retry_backoff_ms=10))
        failed = []
        for _ in range(3):
            told = lambda error, _: error and failed.append(error.name())
            producer.produce(TOPIC, work.secret("hunter2-refused"), on_delivery=told)
            producer.flush(20)
        if failed != ["TOPIC_AUTHORIZATION_FAILED"]:
            raise Surprise(f"refused: {failed}")
        log.wait(producer)
        del producer
        statuses = [outcome("server_error", "NOT_ENOUGH_REPLICAS")] * 2
        statuses.append(outcome("client_error", "TOPIC_AUTHORIZATION_FAILED"))
        log.count({"Produce": f"produce {TOPIC}"}, {f"produce {TOPIC}": statuses})
    with Log(work, "nowhere") as log:
        producer = confluent_kafka.Producer(log.settings(bootstrap))
        if producer.list_topics("nowhere", 20).topics["nowhere"].error.name() != "UNKNOWN_TOPIC_OR_PART":
            raise Surprise("there is a topic that was not made")
        log.wait(producer)
        del producer
        log.count(errors={"metadata nowhere": outcome("client_error", "UNKNOWN_TOPIC_OR_PARTITION")})


def no_coordinator(work: Workload) -> None:
    """A group whose coordinator is not there at first."""
    bootstrap = serve(work, errors={"FindCoordinator": ["COORDINATOR_NOT_AVAILABLE"] * 2})
    fill(work, bootstrap, 2)
    unavailable = [outcome("server_error", "COORDINATOR_NOT_AVAILABLE")] * 2
    drain(work, bootstrap, 2, {f"find_coordinator {GROUP}": unavailable}, retry_backoff_ms=10)


def transactions(work: Workload) -> None:
    """A transaction that is committed, and one that is not."""
    bootstrap = serve(work)
    with Log(work) as log:
        name = work.secret("hunter2-transaction")
        producer = confluent_kafka.Producer(log.settings(bootstrap, transactional_id=name))
        producer.init_transactions(20)
        for end in [producer.commit_transaction, producer.abort_transaction]:
            producer.begin_transaction()
            produce_some(work, producer, 2)
            end(20)
        log.wait(producer)
        del end, producer
        log.count({"Produce": f"produce {TOPIC}", "AddPartitionsToTxn": f"add_partitions_to_txn {TOPIC}"})


# The clients in Python cannot read what the mock cluster answers to an ApiVersions that it does not know.
VERSION = (2, 3)


class Tap:
    """What a client written in Python sends and is told, message by message."""

    def __init__(self) -> None:
        self.exchanges = []

    def sent(self, request) -> list:
        """Takes a request, and returns where the response to it goes."""
        self.exchanges.append((request, []))
        return self.exchanges[-1][1]

    def count(self, work: Workload, names: dict) -> None:
        for request, response in self.exchanges:
            api = re.sub(r"Request.*", "", type(request).__name__)
            name = names.get(api, verb(api))
            if api == "Metadata":
                name = f"metadata {TOPIC}" if getattr(request, "topics", None) else "metadata"
            if not response:
                raise Surprise(f"not answered: {request}")
            error = next(self.errors(response[0]), 0)
            if api == "ApiVersions" and error == ERRORS["UNSUPPORTED_VERSION"]:
                work.count(name, outcome("ok", "UNSUPPORTED_VERSION"))
            elif error:
                raise Surprise(f"{request}: {response}")
            else:
                work.count(name)

    @classmethod
    def errors(cls, value):
        """All error codes in a response but 0."""
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from [inner] if name == "error_code" and inner else cls.errors(inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                yield from cls.errors(inner)


def kafka_python(work: Workload) -> None:
    """The client that is all Python: a producer and a group."""
    import kafka
    from kafka.protocol.parser import KafkaProtocol

    tap = Tap()
    send, receive = KafkaProtocol.send_request, KafkaProtocol.receive_bytes

    def send_request(parser, request, *args, **kwargs):
        parser.__dict__.setdefault("waiting", []).append(tap.sent(request))
        return send(parser, request, *args, **kwargs)

    def receive_bytes(parser, data):
        answers = receive(parser, data)
        for _, answer in answers:
            parser.waiting.pop(0).append(answer.to_dict())
        return answers

    KafkaProtocol.send_request, KafkaProtocol.receive_bytes = send_request, receive_bytes
    bootstrap = serve(work)
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap, api_version=VERSION, acks="all")
    for number in range(4):
        producer.send(TOPIC, work.secret(f"hunter2-value-{number}").encode()).get(20)
    producer.close()
    consumer = kafka.KafkaConsumer(TOPIC, bootstrap_servers=bootstrap, api_version=VERSION, group_id=GROUP,
                                   auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=100)
    seen = []
    wait_for("records", lambda: seen.extend(sum(consumer.poll(100).values(), [])) or len(seen) == 4)
    consumer.commit()
    consumer.pause(*consumer.assignment())
    wait_for("the answers", lambda: consumer.poll(50) or all(response for _, response in tap.exchanges))
    consumer.close()
    tap.count(work, {**CONSUMER, "Produce": f"produce {TOPIC}"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        mock_cluster(json.loads(sys.argv[2]))
    else:
        scenarios = [produce, consume, next_protocol, old_versions, errors, transactions, kafka_python]
        # Only by its name: on a busy machine librdkafka loses patience with the coordinator that it is told is not there.
        if sys.argv[1:2] == ["no_coordinator"]:
            scenarios.append(no_coordinator)
        main({each.__name__: each for each in scenarios})
