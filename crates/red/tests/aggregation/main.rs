//! The aggregator as its users see it.

mod caps;
mod properties;
mod record;
mod support;
mod windows;
