//! Graphviz (<https://graphviz.org/doc/info/lang.html>).

use geophone_model::protocol::Role;

use super::label;
use crate::{Edge, Node, ServiceMap};

impl ServiceMap {
    /// The map as a Graphviz graph, to be drawn by `dot -Tsvg`. Nodes are named by their ids and sorted.
    pub fn to_dot(&self) -> String {
        let mut dot = String::from(concat!(
            "digraph servicemap {\n",
            "  rankdir=LR;\n",
            "  node [shape=box, style=rounded, penwidth=2, fontname=\"sans-serif\"];\n",
            "  edge [fontname=\"sans-serif\", fontsize=10];\n",
        ));
        for node in self.nodes() {
            dot.push_str(&self.dot_node(node));
        }
        for edge in self.edges() {
            dot.push_str(&self.dot_edge(edge));
        }
        dot.push_str("}\n");
        dot
    }

    fn dot_node(&self, node: &Node) -> String {
        let identity = node.identity();
        let lines = [Some(label::name(identity)), Some(label::kind(node)), label::node_figures(self, node)];
        let lines: Vec<_> = lines.iter().flatten().map(|line| escape(line)).collect();
        let shape = match node.role() {
            Role::Database | Role::Cache => ", shape=cylinder",
            Role::Queue => ", shape=cds",
            _ => "",
        };
        let style = if identity.kind.is_local() { "rounded" } else { "dashed" };
        format!(
            "  \"{}\" [label=\"{}\", tooltip=\"{}\", color=\"{}\", style={style}{shape}];\n",
            identity.id(),
            lines.join("\\n"),
            escape(&node.verdict().reason),
            label::colour(node.verdict().health),
        )
    }

    fn dot_edge(&self, edge: &Edge) -> String {
        format!(
            "  \"{}\" -> \"{}\" [label=\"{}\", tooltip=\"{}\", color=\"{}\"];\n",
            edge.client().id(),
            edge.server().id(),
            escape(&label::edge_figures(self, edge)),
            escape(&edge.verdict().reason),
            label::colour(edge.verdict().health),
        )
    }
}

/// Text inside a double-quoted label. A backslash begins an escape there (`\N` is the node's name, `\n` a new line), and an
/// ampersand an HTML entity.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '&' => escaped.push_str("&amp;"),
            c => escaped.push(c),
        }
    }
    escaped
}
