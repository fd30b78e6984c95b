//! What customers do in the shop, and what that makes its services do.
//!
//! ```text
//! customers ─▶ frontend ─┬─▶ catalog ──▶ inventory (container)
//!                        ├─▶ cart ─────▶ inventory            3 % of the frontend's calls to cart fail
//!                        └─▶ payments ─▶ api.stripe.example   15 % of the calls to it fail
//! ```

use geophone_capture_file::synthetic::{Call, Observed, Traffic};
use geophone_model::time::Timestamp;

use crate::{
    machine::{self, CART, CATALOG, FRONTEND, INVENTORY, PAYMENTS, Program, START},
    pool::{End, Pool},
    random::Random,
};

const VISITS: u64 = 590;
const VISIT_EVERY_NS: u64 = 120_000_000_000 / VISITS;
/// Addresses of the documentation blocks (RFC 5737), which nobody has.
const CUSTOMERS: [[u8; 4]; 6] =
    [[203, 0, 113, 7], [203, 0, 113, 21], [203, 0, 113, 64], [203, 0, 113, 99], [192, 0, 2, 14], [192, 0, 2, 200]];
const STRIPE: [u8; 4] = [198, 51, 100, 20];
const STRIPE_NAME: &str = "api.stripe.example";

/// Two minutes of it.
pub(crate) fn two_minutes() -> Traffic {
    let mut shop = Shop::open();
    for visit in 0..VISITS {
        let jitter_ns = shop.random.below(VISIT_EVERY_NS);
        shop.visit(START.plus_ns(1_000_000 + visit * VISIT_EVERY_NS + jitter_ns));
    }
    shop.close()
}

struct Shop {
    traffic: Traffic,
    random: Random,
    customers: Vec<Pool>,
    catalog: Pool,
    cart: Pool,
    payments: Pool,
    catalog_inventory: Pool,
    cart_inventory: Pool,
    stripe: Pool,
}

/// A response: its status line's end, and the length of a body that nobody looks into.
type Answer = (&'static str, u32);

const OK: &str = "200 OK";
const CREATED: &str = "201 Created";
const ACCEPTED: &str = "202 Accepted";
const NOT_MODIFIED: &str = "304 Not Modified";
const NOT_FOUND: &str = "404 Not Found";
const ERROR: &str = "500 Internal Server Error";
const BAD_GATEWAY: &str = "502 Bad Gateway";
const UNAVAILABLE: &str = "503 Service Unavailable";

impl Shop {
    fn open() -> Self {
        let mut traffic = Traffic::new();
        machine::introduce(&mut traffic);
        machine::name(&mut traffic, START, STRIPE.into(), STRIPE_NAME);

        let end = |program, ip: [u8; 4]| End { program, ip: ip.into() };
        let on_loopback = |client: Program, server: Program, first_port| {
            let (client, port) = (end(Some(client), [127, 0, 0, 1]), server.listener.port);
            Pool::new(client, end(Some(server), [127, 0, 0, 1]), port, Observed::Loopback, first_port)
        };
        let to_inventory = |client: Program, first_port| {
            let (client, server) = (end(Some(client), [172, 17, 0, 1]), end(Some(INVENTORY), [172, 17, 0, 2]));
            Pool::new(client, server, INVENTORY.listener.port, Observed::AtBoth, first_port)
        };
        let customers = CUSTOMERS.into_iter().zip((20_000..).step_by(100)).map(|(ip, first_port)| {
            let (client, server) = (end(None, ip), end(Some(FRONTEND), [10, 0, 0, 5]));
            Pool::new(client, server, FRONTEND.listener.port, Observed::AtServer, first_port)
        });
        Self {
            traffic,
            random: Random::new(6),
            customers: customers.collect(),
            catalog: on_loopback(FRONTEND, CATALOG, 40_000),
            cart: on_loopback(FRONTEND, CART, 41_000),
            payments: on_loopback(FRONTEND, PAYMENTS, 42_000),
            catalog_inventory: to_inventory(CATALOG, 43_000),
            cart_inventory: to_inventory(CART, 44_000),
            stripe: Pool::new(end(Some(PAYMENTS), [10, 0, 0, 5]), end(None, STRIPE), 80, Observed::AtClient, 45_000),
        }
    }

    fn close(self) -> Traffic {
        let Self {
            mut traffic,
            random: _,
            customers,
            catalog,
            cart,
            payments,
            catalog_inventory,
            cart_inventory,
            stripe,
        } = self;
        for pool in [catalog, cart, payments, catalog_inventory, cart_inventory, stripe].into_iter().chain(customers) {
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
                let (ns, answer) = self.pay(behind, product);
                ("POST /checkout".to_owned(), ns, page(answer, 900))
            }
        };
        let duration_ns = 2 * own_ns + behind_ns;
        let Self { customers, traffic, .. } = self;
        if let Some(pool) = customers.get_mut(customer) {
            call(traffic, pool, at, duration_ns, &request, "shop.example", answer);
        }
    }

    /// The first page: a list of products, for every third time with fresh stocks.
    fn products(&mut self, at: Timestamp) -> (u64, Answer) {
        let mut duration_ns = self.random.latency_ns(2_800);
        if self.random.below(3) == 0 {
            duration_ns += self.stock(true, at.plus_ns(300_000), "all");
        }
        let page = 1 + self.random.below(9);
        let answer = (OK, 6_000);
        let request = format!("GET /products?page={page}");
        call(&mut self.traffic, &mut self.catalog, at, duration_ns, &request, "catalog:3000", answer);
        (duration_ns, answer)
    }

    /// One product; some have been taken out of the catalog.
    fn product(&mut self, at: Timestamp, product: u64) -> (u64, Answer) {
        let mut duration_ns = self.random.latency_ns(1_900);
        let answer = if product % 12 == 5 { (NOT_FOUND, 24) } else { (OK, 1_400) };
        if answer.0 == OK {
            duration_ns += self.stock(true, at.plus_ns(200_000), &product.to_string());
        }
        let request = format!("GET /products/{product}");
        call(&mut self.traffic, &mut self.catalog, at, duration_ns, &request, "catalog:3000", answer);
        (duration_ns, answer)
    }

    /// Looks into a cart or puts something into it: the degraded edge, slow and with 3 % of failures.
    fn cart_items(&mut self, at: Timestamp, method: &str, product: u64) -> (u64, Answer) {
        let mut duration_ns = self.random.latency_ns(9_000);
        let cart = 7_000 + self.random.below(400);
        let fails = self.random.percent(3);
        if method == "POST" && !fails {
            duration_ns += self.stock(false, at.plus_ns(700_000), &product.to_string());
        }
        let answer = match method {
            _ if fails => (ERROR, 48),
            "POST" => (CREATED, 80),
            _ => (OK, 700),
        };
        let request = format!("{method} /carts/{cart}/items");
        call(&mut self.traffic, &mut self.cart, at, duration_ns, &request, "cart:8000", answer);
        (duration_ns, answer)
    }

    /// Takes the money: the failing edge is behind the payments, which accept the order all the same and try again later.
    fn pay(&mut self, at: Timestamp, product: u64) -> (u64, Answer) {
        let (cart_ns, cart) = self.cart_items(at, "GET", product);
        if cart.0 != OK {
            return (cart_ns, cart);
        }
        let at = at.plus_ns(cart_ns + 200_000);
        let fails = self.random.percent(15);
        let charge_ns = self.random.latency_ns(if fails { 240_000 } else { 85_000 });
        let answer = if fails { (UNAVAILABLE, 60) } else { (OK, 1_100) };
        let charged = at.plus_ns(1_500_000);
        call(&mut self.traffic, &mut self.stripe, charged, charge_ns, "POST /v1/charges", STRIPE_NAME, answer);
        let duration_ns = charge_ns + 1_500_000 + self.random.latency_ns(4_000);
        let answer = if fails { (ACCEPTED, 90) } else { (CREATED, 210) };
        call(&mut self.traffic, &mut self.payments, at, duration_ns, "POST /payments", "payments:8080", answer);
        (cart_ns + 200_000 + duration_ns, answer)
    }

    /// Asks the container how much is left; the time that it took.
    fn stock(&mut self, by_catalog: bool, at: Timestamp, of: &str) -> u64 {
        let duration_ns = self.random.latency_ns(900);
        let Self { traffic, catalog_inventory, cart_inventory, .. } = self;
        let pool = if by_catalog { catalog_inventory } else { cart_inventory };
        call(traffic, pool, at, duration_ns, &format!("GET /stock/{of}"), "inventory:9000", (OK, 40));
        duration_ns + 300_000
    }
}

/// What the frontend makes of a service's answer: a page, or an error page with the status that befits it.
const fn page((status, _): Answer, page_len: u32) -> Answer {
    match status.as_bytes() {
        [b'4', ..] => (NOT_FOUND, 700),
        [b'5', ..] => (BAD_GATEWAY, 700),
        _ => (OK, page_len),
    }
}

fn call(
    traffic: &mut Traffic,
    pool: &mut Pool,
    at: Timestamp,
    duration_ns: u64,
    request: &str,
    host: &str,
    (status, body_len): Answer,
) {
    let request = format!(
        "{request} HTTP/1.1\r\nHost: {host}\r\n{}\r\n",
        if request.starts_with("POST") { "Content-Length: 0\r\n" } else { "" }
    );
    // A response of this status has no body, and says no length (RFC 9110 section 15.4.5).
    let response = if status == NOT_MODIFIED {
        format!("HTTP/1.1 {status}\r\n\r\n")
    } else {
        format!("HTTP/1.1 {status}\r\nContent-Length: {body_len}\r\n\r\n")
    };
    let (request, response) = (request.as_bytes(), response.as_bytes());
    pool.call(traffic, &Call { at, duration_ns, request, response, unwanted_len: body_len });
}
