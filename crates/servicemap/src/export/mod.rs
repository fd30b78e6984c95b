//! The map in the formats of others.
//!
//! * [`document`]: plain figures, for JSON;
//! * `dot`: [`ServiceMap::to_dot`](crate::ServiceMap::to_dot), for Graphviz;
//! * `mermaid`: [`ServiceMap::to_mermaid`](crate::ServiceMap::to_mermaid), for Markdown pages;
//! * [`grafana`]: the fields of Grafana's node graph panel.
//!
//! Names come from the network, and may be chosen by somebody who knows these formats: no name can end its label.

pub mod document;
mod dot;
pub mod grafana;
mod label;
mod mermaid;
