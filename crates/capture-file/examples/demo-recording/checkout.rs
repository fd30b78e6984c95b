//! The way to the till: an order is written down, paid, and handed on to those who tell the buyer.

use geophone_model::time::Timestamp;

use crate::{
    http::{self, ACCEPTED, Answer, CONFLICT, CREATED, OK, UNAVAILABLE},
    postgres::{COMMIT, Client, Outcome, Prepared, ROLLBACK},
    programs::PAYMENTS,
    shop::Shop,
};

pub(crate) const STRIPE: [u8; 4] = [198, 51, 100, 20];
const STRIPE_NAME: &str = "api.stripe.example";

const BEGIN: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";
const STATE: Prepared = Prepared { name: "state", text: "UPDATE orders SET state = $1, changed = now() WHERE id = $2" };

/// An order, as it is published.
#[derive(Debug)]
pub(crate) struct Sold {
    /// When the broker has it.
    pub(crate) at: Timestamp,
    pub(crate) order: u64,
}

impl Sold {
    pub(crate) fn message(order: u64) -> String {
        format!("{{\"order\":{order}}}")
    }
}

impl Shop {
    /// Looks into the cart and orders what is in it.
    pub(crate) fn check_out(&mut self, at: Timestamp, product: u64) -> (u64, Answer) {
        let (cart_ns, cart) = self.cart_items(at, "GET", product);
        if cart.0 != OK {
            return (cart_ns, cart);
        }
        let asked = at.plus_ns(cart_ns + 200_000);
        let (done, answer) = self.order(asked.plus_ns(400_000), product);
        let duration_ns = done.ns_since(asked) + 300_000;
        http::call(&mut self.traffic, &mut self.orders, asked, duration_ns, "POST /orders", "orders:8090", answer);
        (cart_ns + 200_000 + duration_ns, answer)
    }

    /// What the orders do about one; says when it is done.
    fn order(&mut self, at: Timestamp, product: u64) -> (Timestamp, Answer) {
        let next = 510_000 + 7 * self.sold.len() as u64 + self.behind.below(7);
        // Some customers press the button twice.
        let is_again = self.behind.percent(6);
        let order = self.sold.last().map_or(next, |sold| if is_again { sold.order } else { next });
        let mut client = self.orders_database.client(&mut self.traffic, at);
        let is_written = self.write_down(&mut client, order, product);
        let written = self.orders_database.done(client);
        if !is_written {
            return (written, (CONFLICT, 60));
        }
        let (paid, answer) = self.pay(written);
        let mut client = self.orders_database.client(&mut self.traffic, paid);
        let state = if answer.0 == CREATED { "paid" } else { "unpaid" };
        let duration_ns = self.behind.latency_ns(2_400);
        client.execute(&mut self.traffic, duration_ns, STATE, &[state, &order.to_string()], &Outcome::Done("UPDATE 1"));
        let kept = self.orders_database.done(client);
        let duration_ns = self.behind.latency_ns(1_100);
        let at = self.publisher.publish(&mut self.traffic, kept, duration_ns, &Sold::message(order));
        self.sold.push(Sold { at, order });
        (at, answer)
    }

    /// Writes an order down, unless it is there already. Who writes at the same time as others may have to do so again.
    fn write_down(&mut self, client: &mut Client, order: u64, product: u64) -> bool {
        let insert = format!(
            "INSERT INTO orders (id, product, amount, state) VALUES ({order}, {product}, {}.90, 'new')",
            product + 4,
        );
        let is_there = self.sold.iter().any(|sold| sold.order == order);
        loop {
            let Self { traffic, behind, .. } = self;
            client.query(traffic, behind.latency_ns(1_000), BEGIN, &Outcome::Done("BEGIN"));
            if is_there {
                let taken = "duplicate key value violates unique constraint \"orders_pkey\"";
                client.query(traffic, behind.latency_ns(1_900), &insert, &Outcome::Error("23505", taken));
                client.query(traffic, behind.latency_ns(1_000), ROLLBACK, &Outcome::Done(ROLLBACK));
                return false;
            }
            client.query(traffic, behind.latency_ns(1_900), &insert, &Outcome::Done("INSERT 0 1"));
            if !behind.percent(4) {
                client.query(traffic, behind.latency_ns(5_500), COMMIT, &Outcome::Done(COMMIT));
                return true;
            }
            let conflict = "could not serialize access due to read/write dependencies among transactions";
            client.query(traffic, behind.latency_ns(1_400), COMMIT, &Outcome::Error("40001", conflict));
        }
    }

    /// Takes the money: the failing edge is behind the payments, which accept the order all the same and try again later.
    fn pay(&mut self, at: Timestamp) -> (Timestamp, Answer) {
        let fails = self.random.percent(15);
        let charge_ns = self.random.latency_ns(if fails { 240_000 } else { 85_000 });
        let answer = if fails { (UNAVAILABLE, 60) } else { (OK, 1_100) };
        let found = self.names.address(&mut self.traffic, PAYMENTS, at.plus_ns(1_000_000), STRIPE_NAME, STRIPE);
        let charged = found.plus_ns(500_000);
        let Self { traffic, stripe, .. } = self;
        http::call(traffic, stripe, charged, charge_ns, "POST /v1/charges", STRIPE_NAME, answer);
        let duration_ns = charged.ns_since(at) + charge_ns + self.random.latency_ns(4_000);
        let answer = if fails { (ACCEPTED, 90) } else { (CREATED, 210) };
        http::call(&mut self.traffic, &mut self.payments, at, duration_ns, "POST /payments", "payments:8080", answer);
        (at.plus_ns(duration_ns + 200_000), answer)
    }
}
