//! The public interface against plain lists of values.

mod compact;
mod cumulative;
mod exponential;
mod hdr;
mod laws;
mod parts;
mod values;
