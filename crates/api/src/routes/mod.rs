//! What each path answers: a file for each, with its parameters, its handler and the shape of its answer.

pub(crate) mod about;
pub(crate) mod events;
pub(crate) mod exchanges;
pub(crate) mod health;
pub(crate) mod ledger;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod service;
pub(crate) mod service_map;
pub(crate) mod services;
pub(crate) mod stream;
