//! Mermaid flowcharts (<https://mermaid.js.org/syntax/flowchart.html>).

use std::collections::HashMap;

use geophone_model::{identity::Identity, protocol::Role};

use super::label;
use crate::{Health, Node, ServiceMap};

impl ServiceMap {
    /// The map as a Mermaid flowchart. Nodes are `n0`, `n1`, … in the order of [`nodes`](Self::nodes).
    ///
    /// Unless they are configured otherwise, Mermaid's readers refuse more than 500 edges or 50,000 characters: filter
    /// larger maps.
    pub fn to_mermaid(&self) -> String {
        let mut mermaid = String::from("flowchart LR\n");
        let mut indexes = HashMap::<&Identity, usize>::new();
        for (index, node) in self.nodes().iter().enumerate() {
            indexes.insert(node.identity(), index);
            mermaid.push_str(&self.mermaid_node(index, node));
        }
        for edge in self.edges() {
            let (client, server) = (indexes[&**edge.client()], indexes[&**edge.server()]);
            let figures = escape(&label::edge_figures(self, edge));
            mermaid.push_str(&format!("  n{client} -->|\"{figures}\"| n{server}\n"));
        }
        for health in Health::ALL {
            mermaid.push_str(&format!("  classDef {health} stroke:{},stroke-width:2px\n", label::colour(*health)));
        }
        mermaid
    }

    fn mermaid_node(&self, index: usize, node: &Node) -> String {
        let lines = [Some(label::name(node.identity())), Some(label::kind(node)), label::node_figures(self, node)];
        let lines: Vec<_> = lines.iter().flatten().map(|line| escape(line)).collect();
        let (open, close) = match node.role() {
            Role::Database | Role::Cache => ("[(", ")]"),
            Role::Queue => ("[[", "]]"),
            _ if node.identity().kind.is_local() => ("[", "]"),
            _ => ("([", "])"),
        };
        format!("  n{index}{open}\"{}\"{close}:::{}\n", lines.join("<br/>"), node.verdict().health)
    }
}

/// Text inside a double-quoted label: letters, digits, spaces and commas as they are, everything else as an entity code
/// (`#34;` is a quotation mark). Labels are HTML and Markdown to some readers, and an entity is neither. A dot, a hyphen or
/// a slash inside a word means nothing to either of them, and stays readable.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_word = false;
    while let Some(c) = chars.next() {
        let joins = in_word && chars.peek().is_some_and(|next| next.is_alphanumeric());
        in_word = c.is_alphanumeric();
        match c {
            ' ' | ',' => escaped.push(c),
            c if in_word => escaped.push(c),
            '.' | '-' | '/' if joins => escaped.push(c),
            c => escaped.push_str(&format!("#{};", u32::from(c))),
        }
    }
    escaped
}
