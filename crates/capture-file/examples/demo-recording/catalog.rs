//! The catalog: products, from the database, and how many of them are left.

use geophone_model::time::Timestamp;

use crate::{
    http::{self, Answer, NOT_FOUND, OK},
    postgres::{Outcome, Prepared},
    shop::Shop,
};

const HOST: &str = "catalog:3000";

const PRODUCT: Prepared =
    Prepared { name: "product", text: "SELECT name, price, description FROM products WHERE id = $1 AND NOT retired" };

impl Shop {
    /// The first page: a list of products, for every third time with fresh stocks.
    pub(crate) fn products(&mut self, at: Timestamp) -> (u64, Answer) {
        let own_ns = self.random.latency_ns(1_200);
        let asks_stock = self.random.below(3) == 0;
        let page = 1 + self.random.below(9);

        let category = ["garden", "kitchen", "books"][self.behind.below(3) as usize];
        let text = format!(
            "SELECT id, name, price FROM products WHERE category = '{category}' AND NOT retired \
             ORDER BY name LIMIT 4 OFFSET {}",
            (page - 1) * 4,
        );
        let row = |id| vec![id, format!("{category} item"), "19.90".to_owned()];
        let rows = (1..=4).map(|place| row((page * 4 + place).to_string())).collect::<Vec<_>>();
        let mut client = self.catalog_database.client(&mut self.traffic, at.plus_ns(own_ns / 2));
        let found = Outcome::Rows { columns: &["id", "name", "price"], rows: &rows };
        client.query(&mut self.traffic, self.behind.latency_ns(2_600), &text, &found);
        let mut done = self.catalog_database.done(client);
        if asks_stock {
            done = done.plus_ns(self.stock(true, done, "all"));
        }
        let duration_ns = done.ns_since(at) + own_ns / 2;
        let answer = (OK, 6_000);
        let request = format!("GET /products?page={page}");
        http::call(&mut self.traffic, &mut self.catalog, at, duration_ns, &request, HOST, answer);
        (duration_ns, answer)
    }

    /// One product; some have been taken out of the catalog.
    pub(crate) fn product(&mut self, at: Timestamp, product: u64) -> (u64, Answer) {
        let own_ns = self.random.latency_ns(900);
        let answer = if product % 12 == 5 { (NOT_FOUND, 24) } else { (OK, 1_400) };
        let rows = match answer.0 {
            OK => vec![vec![format!("item {product}"), "19.90".to_owned(), "As good as new.".to_owned()]],
            _ => Vec::new(),
        };
        let mut client = self.catalog_database.client(&mut self.traffic, at.plus_ns(own_ns / 2));
        let found = Outcome::Rows { columns: &["name", "price", "description"], rows: &rows };
        let duration_ns = self.behind.latency_ns(1_300);
        client.execute(&mut self.traffic, duration_ns, PRODUCT, &[&product.to_string()], &found);
        let mut done = self.catalog_database.done(client);
        if answer.0 == OK {
            done = done.plus_ns(self.stock(true, done, &product.to_string()));
        }
        let duration_ns = done.ns_since(at) + own_ns / 2;
        let request = format!("GET /products/{product}");
        http::call(&mut self.traffic, &mut self.catalog, at, duration_ns, &request, HOST, answer);
        (duration_ns, answer)
    }
}
