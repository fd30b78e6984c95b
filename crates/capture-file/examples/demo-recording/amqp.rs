//! AMQP 0-9-1 (specification of 2008-11-24) with RabbitMQ's publisher confirms: who publishes, and who consumes.

use geophone_capture_file::synthetic::{Sender, Traffic};
use geophone_model::time::Timestamp;

use crate::pool::{Pool, Session};

/// The queue, to which the default exchange routes what has its name for a key.
const QUEUE: &str = "orders";
/// The one channel that a client uses.
const CHANNEL: u16 = 1;
/// What a client is called that waits for messages.
const CONSUMER: &str = "mailer-1";

/// Where messages are published.
#[derive(Debug)]
pub(crate) struct Publisher {
    pool: Pool<Confirmed>,
}

/// How many messages the broker has confirmed on a connection, once that is open.
#[derive(Debug, Default)]
pub(crate) struct Confirmed(Option<u64>);

/// Who is given the messages, one after the other.
#[derive(Debug)]
pub(crate) struct Consumer {
    session: Session,
    /// Of the next message.
    tag: u64,
}

impl Publisher {
    pub(crate) const fn new(pool: Pool<Confirmed>) -> Self {
        Self { pool }
    }

    /// Opens a connection before it is needed.
    pub(crate) fn open(&mut self, traffic: &mut Traffic, at: Timestamp) {
        let session = self.session(traffic, at);
        self.pool.give_back(session);
    }

    /// Publishes a message; says when the broker has confirmed it.
    pub(crate) fn publish(&mut self, traffic: &mut Traffic, at: Timestamp, duration_ns: u64, body: &str) -> Timestamp {
        let mut session = self.session(traffic, at);
        let number = session.state.0.map_or(1, |confirmed| confirmed + 1);
        session.state.0 = Some(number);
        // Section 1.8.3.7: a reserved number, exchange, routing key; neither mandatory nor immediate.
        let publish = [&[0, 0], &short_string("")[..], &short_string(QUEUE), &[0]].concat();
        let request = [method(CHANNEL, 60, 40, &publish), content(body)].concat();
        // RabbitMQ's basic.ack: the number, and not all before it.
        let ack = method(CHANNEL, 60, 80, &acknowledged(number));
        session.ask(traffic, duration_ns, &request, &ack);
        let confirmed = session.free;
        self.pool.give_back(session);
        confirmed
    }

    fn session(&mut self, traffic: &mut Traffic, at: Timestamp) -> Session<Confirmed> {
        let mut session = self.pool.take(traffic, at, 0);
        if session.state.0.is_none() {
            log_in(traffic, &mut session);
            // RabbitMQ's confirm.select, and its answer.
            session.ask(traffic, 200_000, &method(CHANNEL, 85, 10, &[0]), &method(CHANNEL, 85, 11, &[]));
            declare(traffic, &mut session);
            session.state.0 = Some(0);
        }
        session
    }
}

impl Consumer {
    /// Connects at `at` and asks for the messages of the queue.
    pub(crate) fn start(traffic: &mut Traffic, pool: &mut Pool, at: Timestamp) -> Self {
        let mut session = pool.take(traffic, at, 0);
        log_in(traffic, &mut session);
        declare(traffic, &mut session);
        // basic.qos: of any size, eight at a time, for this consumer.
        let qos = method(CHANNEL, 60, 10, &[0, 0, 0, 0, 0, 8, 0]);
        session.ask(traffic, 250_000, &qos, &method(CHANNEL, 60, 11, &[]));
        // basic.consume: local and exclusive not, acknowledged, answered; no arguments.
        let consume = [&[0, 0], &short_string(QUEUE)[..], &short_string(CONSUMER), &[0; 5]].concat();
        let consuming = method(CHANNEL, 60, 21, &short_string(CONSUMER));
        session.ask(traffic, 400_000, &method(CHANNEL, 60, 20, &consume), &consuming);
        Self { session, tag: 1 }
    }

    /// When the next message can be delivered.
    pub(crate) const fn free(&self) -> Timestamp {
        self.session.free
    }

    /// The broker delivers a message.
    pub(crate) fn deliver(&mut self, traffic: &mut Traffic, at: Timestamp, body: &str) {
        // basic.deliver: consumer, number, not for the second time, exchange, routing key.
        let tag = self.tag.to_be_bytes();
        let deliver = [&short_string(CONSUMER)[..], &tag, &[0], &short_string(""), &short_string(QUEUE)].concat();
        let message = [method(CHANNEL, 60, 60, &deliver), content(body)].concat();
        self.session.send(traffic, at, Sender::Server, &message);
    }

    /// The message that was delivered last is done with, or refused for good.
    pub(crate) fn settle(&mut self, traffic: &mut Traffic, at: Timestamp, done: bool) {
        // basic.ack or basic.reject: the number, and neither all before it nor into the queue again.
        let settled = method(CHANNEL, 60, if done { 80 } else { 90 }, &acknowledged(self.tag));
        self.session.send(traffic, at, Sender::Client, &settled);
        self.session.free = at.plus_ns(300_000);
        self.tag += 1;
    }
}

/// Section 2.2.4: the protocol header, what both sides are, a login, what they agree to, the virtual host; then a channel.
fn log_in<S>(traffic: &mut Traffic, session: &mut Session<S>) {
    let start = [&[0, 9], &table("product", "RabbitMQ")[..], &long_string("PLAIN"), &long_string("en_US")].concat();
    session.ask(traffic, 2_500_000, b"AMQP\x00\x00\x09\x01", &method(0, 10, 10, &start));
    let login =
        [&table("product", "shop")[..], &short_string("PLAIN"), &long_string("\0shop\0shop"), &short_string("en_US")];
    // At most 2,047 channels, frames of 128 KiB, a heartbeat each minute: as the broker says, so be it.
    let tune = [0x07, 0xff, 0x00, 0x02, 0x00, 0x00, 0x00, 0x3c];
    session.ask(traffic, 1_200_000, &method(0, 10, 11, &login.concat()), &method(0, 10, 30, &tune));
    let open = [&short_string("/")[..], &[0, 0]].concat();
    let tuned_and_open = [method(0, 10, 31, &tune), method(0, 10, 40, &open)].concat();
    session.ask(traffic, 600_000, &tuned_and_open, &method(0, 10, 41, &[0]));
    session.ask(traffic, 500_000, &method(CHANNEL, 20, 10, &[0]), &method(CHANNEL, 20, 11, &[0; 4]));
}

/// queue.declare: durable, with no arguments; its answer has the numbers of messages and consumers.
fn declare<S>(traffic: &mut Traffic, session: &mut Session<S>) {
    let declare = [&[0, 0], &short_string(QUEUE)[..], &[0b10], &[0; 4]].concat();
    let declared = [&short_string(QUEUE)[..], &[0; 8]].concat();
    session.ask(traffic, 900_000, &method(CHANNEL, 50, 10, &declare), &method(CHANNEL, 50, 11, &declared));
}

/// A delivery's number, and a byte of bits that are not set.
fn acknowledged(number: u64) -> [u8; 9] {
    let mut arguments = [0; 9];
    arguments[..8].copy_from_slice(&number.to_be_bytes());
    arguments
}

/// Section 4.2.6: a header with class, weight, size and the property that says to keep the message on disk; then the body.
fn content(body: &str) -> Vec<u8> {
    let persistent = [0x10, 0x00, 2];
    let header = [&[0, 60, 0, 0][..], &(body.len() as u64).to_be_bytes(), &persistent].concat();
    [frame(2, CHANNEL, &header), frame(3, CHANNEL, body.as_bytes())].concat()
}

fn method(channel: u16, class: u16, method: u16, arguments: &[u8]) -> Vec<u8> {
    frame(1, channel, &[&class.to_be_bytes()[..], &method.to_be_bytes(), arguments].concat())
}

/// Section 4.2.3: type, channel and size, the payload, and the octet that ends it.
fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    [&[kind][..], &channel.to_be_bytes(), &(payload.len() as u32).to_be_bytes(), payload, &[0xce]].concat()
}

/// Section 4.2.5.3.
fn short_string(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

fn long_string(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes(), text.as_bytes()].concat()
}

/// Section 4.2.5.5: a table with one entry.
fn table(name: &str, value: &str) -> Vec<u8> {
    let entry = [&short_string(name)[..], b"S", &long_string(value)].concat();
    [&(entry.len() as u32).to_be_bytes(), &entry[..]].concat()
}
