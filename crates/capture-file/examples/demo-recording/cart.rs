//! The cart, which is kept in Redis on another machine.

use geophone_model::time::Timestamp;

use crate::{
    http::{self, Answer, CREATED, ERROR, OK},
    programs::CART,
    redis::Reply,
    shop::Shop,
};

pub(crate) const REDIS: [u8; 4] = [10, 0, 0, 31];
const REDIS_NAME: &str = "redis.shop.example";

impl Shop {
    /// Looks into a cart or puts something into it: the degraded edge, slow and with 3 % of failures. It fails where the cache
    /// has something under the cart's key that is no cart.
    pub(crate) fn cart_items(&mut self, at: Timestamp, method: &str, product: u64) -> (u64, Answer) {
        let own_ns = self.random.latency_ns(9_000);
        let cart = 7_000 + self.random.below(400);
        let fails = self.random.percent(3);

        let connected = self.names.address(&mut self.traffic, CART, at.plus_ns(own_ns / 4), REDIS_NAME, REDIS);
        let session = format!("session:{cart}");
        let user = format!("{{\"cart\":{cart}}}");
        let mut done = self.cached(connected, &[(&["GET", &session], Reply::Text(&user))]);
        let (key, product) = (format!("cart:{cart}"), product.to_string());
        let answer = if method == "POST" {
            done = done.plus_ns(if fails { 0 } else { self.stock(false, done, &product) });
            let added = if fails { Reply::Error("ERR hash value is not an integer") } else { Reply::Integer(1) };
            let commands = [
                (&["HINCRBY", &key, &product, "1"][..], added),
                (&["EXPIRE", &key, "86400"], Reply::Integer(1)),
                (&["SET", &format!("stock:{product}"), "40", "EX", "30"], Reply::Status("OK")),
            ];
            done = self.cached(done, &commands);
            if fails { (ERROR, 48) } else { (CREATED, 80) }
        } else {
            let known = match self.behind.below(4) {
                0 => Reply::Null,
                _ => Reply::Text("40"),
            };
            let items = match fails {
                true => Reply::Error("WRONGTYPE Operation against a key holding the wrong kind of value"),
                false => Reply::Map(vec![(&*product, Reply::Text("1")), ("17", Reply::Text("2"))]),
            };
            let commands = [(&["HGETALL", &key][..], items), (&["GET", "stock:17"], known)];
            done = self.cached(done, &commands);
            if fails { (ERROR, 48) } else { (OK, 700) }
        };
        let duration_ns = done.ns_since(at) + own_ns * 3 / 4;
        let request = format!("{method} /carts/{cart}/items");
        http::call(&mut self.traffic, &mut self.cart, at, duration_ns, &request, "cart:8000", answer);
        (duration_ns, answer)
    }

    fn cached(&mut self, at: Timestamp, commands: &[(&[&str], Reply<'_>)]) -> Timestamp {
        let duration_ns = self.behind.latency_ns(420);
        self.cache.pipeline(&mut self.traffic, at, duration_ns, commands)
    }
}
