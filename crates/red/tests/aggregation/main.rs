//! The aggregator as its users see it.

mod caps;
mod merging;
mod properties;
mod record;
mod support;
mod windows;
