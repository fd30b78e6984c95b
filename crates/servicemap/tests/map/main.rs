//! Tests of the map through its public interface.

mod differences;
mod exports;
mod figures;
mod filters;
mod graph;
mod health;
mod properties;
mod roles;
mod sample;
