"""RabbitMQ with pika: AMQP 0-9-1."""

from workload import Surprise, Workload, free_port, main

import pika
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker, UnroutableError

USER, PASSWORD, BODY = "geo-user", "hunter2-amqp", b"the-cat-is-out"


class Broker:
    """A RabbitMQ of its own, with its own port mapper."""

    def __init__(self, work):
        self.work, self.port = work, work.port()
        for secret in [PASSWORD, BODY.decode()]:
            work.secret(secret)
        mapper, folder = free_port(), work.folder
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"default_user = {USER}\ndefault_pass = {PASSWORD}\nlog.console = false\n"
        )
        (folder / "plugins").write_text("[].\n")
        settings = {
            "HOME": folder,
            "ERL_EPMD_PORT": mapper,
            "RABBITMQ_NODENAME": f"workload{self.port}@localhost",
            "RABBITMQ_DIST_PORT": free_port(),
            "RABBITMQ_CONF_ENV_FILE": folder / "env",
            "RABBITMQ_CONFIG_FILE": folder / "rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
            "RABBITMQ_MNESIA_BASE": folder / "data",
            "RABBITMQ_LOG_BASE": folder / "log",
            "RABBITMQ_PID_FILE": folder / "pid",
        }
        work.start(["epmd", "-address", "127.0.0.1", "-port", mapper], mapper)
        # Debian's command of this name runs the server as another user, who may not look into the folder.
        server = "/usr/lib/rabbitmq/bin/rabbitmq-server"
        work.start([server], self.port, env={name: str(value) for name, value in settings.items()})

    def count(self, name, status="ok", times=1):
        self.work.count(name, status, times)

    def connect(self, user=USER, password=PASSWORD, vhost="/"):
        login = pika.PlainCredentials(user, password)
        settings = {"virtual_host": vhost, "credentials": login, "frame_max": 4096, "connection_attempts": 1}
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, **settings))

    def open(self):
        """A connection and a channel on it."""
        connection = self.connect()
        for name in ["connection.start", "connection.open /"]:
            self.count(name)
        return connection, self.channel(connection)

    def channel(self, connection):
        self.count("channel.open")
        return connection.channel()

    def close(self, connection, channels=1):
        connection.close()
        if channels:
            self.count("channel.close", times=channels)
        self.count("connection.close")


def queue(broker, channel, name):
    channel.queue_declare(name)
    broker.count(f"queue.declare {name}")


def get(work: Workload) -> None:
    """To a queue through two exchanges, and out of it again, one by one. A body takes two frames."""
    broker = Broker(work)
    connection, channel = broker.open()
    queue(broker, channel, "orders")
    channel.exchange_declare("shop", "topic")
    channel.queue_bind("orders", "shop", "order.*")
    for name in ["exchange.declare shop", "queue.bind orders"]:
        broker.count(name)
    for padding in [4400, 0, 0]:
        channel.basic_publish("", "orders", BODY + b"." * padding)
        channel.basic_publish("shop", "order.new", BODY)
    broker.count("publish orders", times=3)
    broker.count("publish shop", times=3)
    for _ in range(6):
        method, _, body = channel.basic_get("orders")
        assert body.startswith(BODY)
        channel.basic_ack(method.delivery_tag)
    assert channel.basic_get("orders") == (None, None, None)
    broker.count("get orders", times=7)
    broker.count("ack", times=6)
    channel.queue_purge("orders")
    channel.queue_unbind("orders", "shop", "order.*")
    channel.queue_delete("orders")
    channel.exchange_delete("shop")
    for name in ["queue.purge orders", "queue.unbind orders", "queue.delete orders", "exchange.delete shop"]:
        broker.count(name)
    broker.close(connection)


def consume(work: Workload) -> None:
    """Delivered: three are acknowledged at once, one is refused, one put back, and delivered again."""
    broker = Broker(work)
    connection, channel = broker.open()
    queue(broker, channel, "orders")
    for _ in range(5):
        channel.basic_publish("", "orders", BODY)
    broker.count("publish orders", times=5)
    channel.basic_qos(prefetch_count=5)
    broker.count("qos")
    messages = channel.consume("orders", inactivity_timeout=10)
    tags = [next(messages)[0].delivery_tag for _ in range(5)]
    channel.basic_ack(tags[2], multiple=True)
    channel.basic_reject(tags[3], requeue=False)
    channel.basic_nack(tags[4], requeue=True)
    again = next(messages)[0]
    assert again.redelivered
    channel.basic_ack(again.delivery_tag)
    broker.count("consume orders")
    broker.count("deliver orders", times=6)
    broker.count("ack", times=2)
    broker.count("reject")
    broker.count("nack")
    channel.cancel()
    broker.count("cancel")
    broker.close(connection)


def confirm(work: Workload) -> None:
    """The broker confirms each message; one that it cannot route comes back first. Then a transaction."""
    broker = Broker(work)
    connection, channel = broker.open()
    channel.confirm_delivery()
    broker.count("confirm.select")
    queue(broker, channel, "orders")
    for _ in range(4):
        channel.basic_publish("", "orders", BODY)
    broker.count("publish orders", times=4)
    try:
        channel.basic_publish("", "nowhere", BODY, mandatory=True)
        raise Surprise("it was routed")
    except UnroutableError:
        broker.count("publish nowhere")
        broker.count("return nowhere", "client_error 312")
    second = broker.channel(connection)
    second.tx_select()
    second.basic_publish("", "orders", BODY)
    second.tx_commit()
    second.tx_rollback()
    for name in ["tx.select", "publish orders", "tx.commit", "tx.rollback"]:
        broker.count(name)
    broker.close(connection, channels=2)


def errors(work: Workload) -> None:
    """The broker closes the channel, or the connection, and says which method was at fault."""
    broker = Broker(work)
    connection, channel = broker.open()
    queue(broker, channel, "orders")
    fail(404, lambda: channel.queue_declare("missing", passive=True))
    broker.count("queue.declare missing", "client_error 404")
    second = broker.channel(connection)
    fail(406, lambda: second.queue_declare("orders", durable=True))
    broker.count("queue.declare orders", "client_error 406")
    # What is published is answered by nothing but the end of the channel.
    third = broker.channel(connection)
    third.basic_publish("missing", "key", BODY)
    while third.is_open:
        connection.process_data_events(1)
    broker.count("publish missing")
    broker.count("channel.close publish", "client_error 404")
    broker.close(connection, channels=0)
    for status, options in [(403, {"password": PASSWORD[::-1]}), (530, {"vhost": "missing"})]:
        try:
            broker.connect(**options)
            raise Surprise("it was let in")
        except AMQPConnectionError:
            pass
    broker.count("connection.start", "client_error 403")
    broker.count("connection.start")
    broker.count("connection.open missing", "client_error 530")


def fail(code, action):
    try:
        action()
        raise Surprise("it went well")
    except ChannelClosedByBroker as closed:
        assert closed.reply_code == code, closed


if __name__ == "__main__":
    main({scenario.__name__: scenario for scenario in [get, consume, confirm, errors]})
