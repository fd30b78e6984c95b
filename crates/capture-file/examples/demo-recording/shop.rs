//! What customers do in the shop, and what that makes its services do.
//!
//! ```text
//! customers ─▶ frontend ─┬─▶ catalog ──▶ inventory (container), postgres
//!                        ├─▶ cart ─────▶ inventory, redis        3 % of the frontend's calls to cart fail
//!                        └─▶ orders ─┬─▶ postgres
//!                                    ├─▶ payments ─▶ api.stripe.example    15 % of the calls to it fail
//!                                    └─▶ rabbitmq ─▶ mailer ─▶ api.mail.example
//! ```
//!
//! Who talks to a machine outside asks the name server for it.

use geophone_capture_file::synthetic::{Observed, Traffic};
use geophone_model::time::Timestamp;

use crate::{
    amqp::Publisher,
    cart,
    checkout::{STRIPE, Sold},
    dns::Names,
    http::{self, Answer, BAD_GATEWAY, NOT_MODIFIED, OK},
    machine::{self, Program, START},
    mailer,
    pool::{End, Pool},
    postgres::Database,
    programs::{CART, CATALOG, FRONTEND, INVENTORY, ORDERS, PAYMENTS, POSTGRES, RABBITMQ},
    random::Random,
    redis::Cache,
};

const VISITS: u64 = 590;
const VISIT_EVERY_NS: u64 = 118_000_000_000 / VISITS;
/// When the first customer may come: connections that are held ready are open by then.
const OPENS: Timestamp = START.plus_ns(1_000_000_000);
/// Addresses of the documentation blocks (RFC 5737), which nobody has.
const CUSTOMERS: [[u8; 4]; 6] =
    [[203, 0, 113, 7], [203, 0, 113, 21], [203, 0, 113, 64], [203, 0, 113, 99], [192, 0, 2, 14], [192, 0, 2, 200]];
/// The machine's address on its network.
pub(crate) const MACHINE: [u8; 4] = [10, 0, 0, 5];
const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

/// Two minutes of it.
pub(crate) fn two_minutes() -> Traffic {
    let mut shop = Shop::open();
    for visit in 0..VISITS {
        let jitter_ns = shop.random.below(VISIT_EVERY_NS);
        shop.visit(OPENS.plus_ns(visit * VISIT_EVERY_NS + jitter_ns));
    }
    shop.close()
}

/// What the services hold: connections to each other, and dice.
pub(crate) struct Shop {
    pub(crate) traffic: Traffic,
    /// For what customers do and how long services take.
    pub(crate) random: Random,
    /// For what services keep their data in.
    pub(crate) behind: Random,
    pub(crate) names: Names,
    customers: Vec<Pool>,
    pub(crate) catalog: Pool,
    pub(crate) cart: Pool,
    pub(crate) orders: Pool,
    pub(crate) payments: Pool,
    catalog_inventory: Pool,
    cart_inventory: Pool,
    pub(crate) stripe: Pool,
    pub(crate) catalog_database: Database,
    pub(crate) orders_database: Database,
    pub(crate) cache: Cache,
    pub(crate) publisher: Publisher,
    pub(crate) sold: Vec<Sold>,
}

/// Somebody of this machine, or outside of it.
pub(crate) fn end(program: Option<Program>, ip: [u8; 4]) -> End {
    End { program, ip: ip.into() }
}

pub(crate) fn on_loopback<S: Default>(client: Program, server: Program, first_port: u16) -> Pool<S> {
    let (client, port) = (end(Some(client), LOOPBACK), server.port());
    Pool::new(client, end(Some(server), LOOPBACK), port, Observed::Loopback, first_port)
}

pub(crate) fn to_outside<S: Default>(client: Program, server: [u8; 4], port: u16, first_port: u16) -> Pool<S> {
    Pool::new(end(Some(client), MACHINE), end(None, server), port, Observed::AtClient, first_port)
}

impl Shop {
    fn open() -> Self {
        let mut traffic = Traffic::new();
        machine::introduce(&mut traffic);
        let to_inventory = |client: Program, first_port| {
            let (client, server) = (end(Some(client), [172, 17, 0, 1]), end(Some(INVENTORY), [172, 17, 0, 2]));
            Pool::new(client, server, INVENTORY.port(), Observed::AtBoth, first_port)
        };
        let customers = CUSTOMERS.into_iter().zip((20_000..).step_by(100)).map(|(ip, first_port)| {
            let (client, server) = (end(None, ip), end(Some(FRONTEND), MACHINE));
            Pool::new(client, server, FRONTEND.port(), Observed::AtServer, first_port)
        });
        let mut publisher = Publisher::new(on_loopback(ORDERS, RABBITMQ, 47_500));
        publisher.open(&mut traffic, START.plus_ns(300_000_000));
        Self {
            traffic,
            random: Random::new(6),
            behind: Random::new(19),
            names: Names::new(50_000, Random::new(53)),
            customers: customers.collect(),
            catalog: on_loopback(FRONTEND, CATALOG, 40_000),
            cart: on_loopback(FRONTEND, CART, 41_000),
            orders: on_loopback(FRONTEND, ORDERS, 42_000),
            payments: on_loopback(ORDERS, PAYMENTS, 42_500),
            catalog_inventory: to_inventory(CATALOG, 43_000),
            cart_inventory: to_inventory(CART, 44_000),
            stripe: to_outside(PAYMENTS, STRIPE, 80, 45_000),
            catalog_database: Database::new(on_loopback(CATALOG, POSTGRES, 46_000), "catalog"),
            orders_database: Database::new(on_loopback(ORDERS, POSTGRES, 46_500), "orders"),
            cache: Cache::new(to_outside(CART, cart::REDIS, 6379, 47_000)),
            publisher,
            sold: Vec::new(),
        }
    }

    /// What is sold is still to be told to its buyers. Those who ask for pages close their connections then; what services
    /// hold to their databases, their cache and their broker outlasts the recording.
    fn close(self) -> Traffic {
        let Self { mut traffic, mut names, customers, behind, sold, .. } = self;
        mailer::tell_buyers(&mut traffic, &mut names, behind, sold);
        let pools = [
            self.catalog,
            self.cart,
            self.orders,
            self.payments,
            self.catalog_inventory,
            self.cart_inventory,
            self.stripe,
        ];
        for pool in pools.into_iter().chain(customers) {
            pool.close(&mut traffic);
        }
        traffic
    }

    /// A customer asks for one page.
    fn visit(&mut self, at: Timestamp) {
        let customer = self.random.below(CUSTOMERS.len() as u64) as usize;
        // What the frontend itself needs, before and after it asks others.
        let own_ns = self.random.latency_ns(250);
        let behind = at.plus_ns(own_ns);
        let product = 1 + self.random.below(60);
        let (request, behind_ns, answer) = match self.random.below(100) {
            0..10 => ("GET /static/shop.css".to_owned(), 0, (NOT_MODIFIED, 0)),
            10..38 => {
                let (ns, answer) = self.products(behind);
                ("GET /".to_owned(), ns, page(answer, 8_200))
            }
            38..68 => {
                let (ns, answer) = self.product(behind, product);
                (format!("GET /product/{product}"), ns, page(answer, 5_100))
            }
            68..82 => {
                let (ns, answer) = self.cart_items(behind, "GET", product);
                ("GET /cart".to_owned(), ns, page(answer, 3_400))
            }
            82..88 => {
                let (ns, answer) = self.cart_items(behind, "POST", product);
                ("POST /cart/add".to_owned(), ns, page(answer, 120))
            }
            _ => {
                let (ns, answer) = self.check_out(behind, product);
                ("POST /checkout".to_owned(), ns, page(answer, 900))
            }
        };
        let duration_ns = 2 * own_ns + behind_ns;
        let Self { customers, traffic, .. } = self;
        if let Some(pool) = customers.get_mut(customer) {
            http::call(traffic, pool, at, duration_ns, &request, "shop.example", answer);
        }
    }

    /// Asks the container how much is left; the time that it took.
    pub(crate) fn stock(&mut self, by_catalog: bool, at: Timestamp, of: &str) -> u64 {
        let duration_ns = self.random.latency_ns(900);
        let Self { traffic, catalog_inventory, cart_inventory, .. } = self;
        let pool = if by_catalog { catalog_inventory } else { cart_inventory };
        http::call(traffic, pool, at, duration_ns, &format!("GET /stock/{of}"), "inventory:9000", (OK, 40));
        duration_ns + 300_000
    }
}

/// What the frontend makes of a service's answer: a page, or an error page with the status that befits it.
const fn page((status, _): Answer, page_len: u32) -> Answer {
    match status.as_bytes() {
        [b'4', ..] => (status, 700),
        [b'5', ..] => (BAD_GATEWAY, 700),
        _ => (OK, page_len),
    }
}
