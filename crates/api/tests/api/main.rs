//! The API from outside: requests in, answers out, over a store with known rows.

mod about;
mod exchanges;
mod fixture;
mod guard;
mod ledger;
mod metrics;
mod openapi;
mod parameters;
mod queries;
mod schema;
mod server;
mod service_map;
mod services;
mod stream;
