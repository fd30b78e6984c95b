//! The mailer: takes orders from the queue and has their buyers written to.

use geophone_capture_file::synthetic::Traffic;

use crate::{
    amqp::Consumer,
    checkout::Sold,
    dns::Names,
    http::{self, ACCEPTED},
    machine::START,
    pool::Pool,
    programs::{MAILER, RABBITMQ},
    random::Random,
    shop::{on_loopback, to_outside},
};

const MAIL: [u8; 4] = [198, 51, 100, 77];
const MAIL_NAME: &str = "api.mail.example";

/// The domains of the buyers' addresses and who takes their mail; nobody does for one that is misspelt.
const DOMAINS: [(&str, Option<&str>); 4] = [
    ("post.example", Some("mx.post.example")),
    ("university.example", Some("mx.university.example")),
    ("home.example", Some("mx.post.example")),
    ("psot.example", None),
];

/// Works off the queue, one message after the other. An order whose buyer has no address that exists is refused.
pub(crate) fn tell_buyers(traffic: &mut Traffic, names: &mut Names, mut random: Random, mut sold: Vec<Sold>) {
    sold.sort_by_key(|sold| sold.at);
    let mut broker: Pool = on_loopback(MAILER, RABBITMQ, 48_000);
    let mut mail: Pool = to_outside(MAILER, MAIL, 80, 49_000);
    let mut consumer = Consumer::start(traffic, &mut broker, START.plus_ns(200_000_000));
    for Sold { at, order } in sold {
        let delivered = at.plus_ns(random.latency_ns(350)).max(consumer.free());
        consumer.deliver(traffic, delivered, &Sold::message(order));
        let (domain, exchange) = DOMAINS[if random.percent(6) { 3 } else { random.below(3) as usize }];
        let known = names.mail(traffic, MAILER, delivered.plus_ns(800_000), domain, exchange);
        if exchange.is_none() {
            consumer.settle(traffic, known.plus_ns(500_000), false);
            continue;
        }
        let found = names.address(traffic, MAILER, known.plus_ns(200_000), MAIL_NAME, MAIL);
        let (asked, duration_ns) = (found.plus_ns(500_000), random.latency_ns(42_000));
        http::call(traffic, &mut mail, asked, duration_ns, "POST /v1/messages", MAIL_NAME, (ACCEPTED, 70));
        consumer.settle(traffic, asked.plus_ns(duration_ns + 400_000), true);
    }
    mail.close(traffic);
}
