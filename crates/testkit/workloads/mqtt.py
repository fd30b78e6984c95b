"""mosquitto with paho-mqtt: MQTT 3.1.1 and 5, every quality of service, both directions."""

import queue

from workload import Workload, main

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

USER, PASSWORD, PAYLOAD = "reader-7", "hunter2-mqtt", "the-cat-is-out"
V3, V5 = mqtt.MQTTv311, mqtt.MQTTv5


class Broker:
    def __init__(self, work, *settings):
        self.work, self.port = work, work.port()
        for secret in [USER, PASSWORD, PAYLOAD]:
            work.secret(secret)
        lines = [f"listener {self.port} 127.0.0.1", "user root", "persistence false", *settings]
        (work.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        work.start(["mosquitto", "-c", work.folder / "mosquitto.conf"], self.port)

    def client(self, version=V3, name=""):
        return Client(self, version, name)


class Client:
    """paho's client, one step at a time."""

    def __init__(self, broker, version, name):
        self.work, self.port, self.version = broker.work, broker.port, version
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=version)
        # What was answered, and what was delivered, in the order in which it came.
        self.answers, self.inbox = queue.Queue(), queue.Queue()
        self.paho.on_connect = lambda _c, _u, _f, code, _p: self.answers.put([code])
        self.paho.on_subscribe = lambda _c, _u, _m, codes, _p: self.answers.put(codes)
        self.paho.on_unsubscribe = lambda _c, _u, _m, codes, _p: self.answers.put(codes)
        self.paho.on_publish = lambda _c, _u, _m, code, _p: self.answers.put([code])
        self.paho.on_disconnect = lambda _c, _u, _f, code, _p: self.answers.put([code])
        self.paho.on_message = lambda _c, _u, message: self.inbox.put(message)

    def count(self, name, status):
        """What was answered, which must be what the client was told. Of MQTT 3.1.1, paho renames the codes."""
        codes = [code.value for code in self.answers.get(timeout=10)]
        _, _, code = status.partition(" ")
        assert self.version == V3 or codes == [int(code or 0)], (name, codes)
        self.work.count(name, status)

    def connect(self, status="ok", user=None):
        if user:
            self.paho.username_pw_set(*user)
        self.paho.connect("127.0.0.1", self.port)
        self.paho.loop_start()
        self.count("CONNECT", status)
        if not status.startswith("ok"):
            self.paho.loop_stop()
        return self

    def subscribe(self, topic, qos, status):
        self.paho.subscribe(topic, qos)
        self.count(f"SUBSCRIBE {topic}", status)

    def unsubscribe(self, topic, status):
        self.paho.unsubscribe(topic)
        self.count(f"UNSUBSCRIBE {topic}", status)

    def publish(self, topic, qos, status, properties=None, named=None):
        self.paho.publish(topic, PAYLOAD, qos, properties=properties)
        self.count(f"PUBLISH {named or topic}", status)

    def receive(self, topic, qos, status):
        message = self.inbox.get(timeout=10)
        assert (message.topic, message.qos, message.payload.decode()) == (topic, qos, PAYLOAD), vars(message)
        self.work.count(f"PUBLISH {topic}", status)

    def disconnect(self):
        self.paho.disconnect()
        self.count("DISCONNECT", "ok")
        self.paho.loop_stop()


def qualities(work, version):
    """One publishes, another has subscribed: each message passes twice."""
    broker = Broker(work, "allow_anonymous true")
    reader = broker.client(version, "reader").connect()
    reader.subscribe("rooms/+/temperature", 2, "ok 2")
    writer = broker.client(version, "writer").connect()
    for qos in [0, 1, 2] * 2:
        topic = f"rooms/{qos}/temperature"
        writer.publish(topic, qos, "ok")
        reader.receive(topic, qos, "ok")
    reader.unsubscribe("rooms/+/temperature", "ok")
    writer.disconnect()
    reader.disconnect()


def v3(work: Workload) -> None:
    qualities(work, V3)


def v5(work: Workload) -> None:
    qualities(work, V5)


def alias(work: Workload) -> None:
    """MQTT 5: the second message has a number in place of its topic. Nobody reads it, which the broker says."""
    broker = Broker(work, "allow_anonymous true", "max_topic_alias 4")
    writer = broker.client(V5).connect()
    for topic in ["a/long/topic", ""]:
        properties = Properties(PacketTypes.PUBLISH)
        properties.TopicAlias = 3
        writer.publish(topic, 1, "ok 16", properties, named="a/long/topic")
    writer.disconnect()


def refused(work: Workload) -> None:
    """A wrong password; a topic that the user may not write."""
    passwords, rights = work.folder / "passwords", work.folder / "rights"
    work.run(["mosquitto_passwd", "-b", "-c", passwords, USER, PASSWORD])
    rights.write_text(f"user {USER}\ntopic readwrite open/#\n")
    for path in [passwords, rights]:
        path.chmod(0o600)
    broker = Broker(work, "allow_anonymous false", f"password_file {passwords}", f"acl_file {rights}")
    broker.client(V3).connect("client_error 5", (USER, PASSWORD[::-1]))
    broker.client(V5).connect("client_error 135", (USER, PASSWORD[::-1]))
    client = broker.client(V5).connect("ok", (USER, PASSWORD))
    client.publish("closed/a", 1, "client_error 135")
    client.publish("open/a", 1, "ok 16")
    client.subscribe("open/#", 1, "ok 1")
    client.disconnect()


if __name__ == "__main__":
    main({scenario.__name__: scenario for scenario in [v3, v5, alias, refused]})
