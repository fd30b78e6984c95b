//! The list of differences that have an explanation: the tables in docs/oracle.md.

use anyhow::{Result, bail};

use super::findings::Difference;

/// What a row of the list explains, for one conversation.
#[derive(Debug)]
struct Explanation {
    protocol: String,
    conversation: String,
    /// Who has found it: `tshark`, `geophone`, or `each` of them something else.
    alone: String,
    /// What is alone there; with `*` at its end, all that begins so.
    what: String,
    is_used: bool,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Explained(Vec<Explanation>);

impl Explained {
    /// Reads the tables: under a heading `## PROTOCOL`, rows of conversations, who is alone, with what, and why.
    pub(super) fn parse(document: &str) -> Result<Self> {
        let mut explanations = Vec::new();
        let mut protocol = "";
        for line in document.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                protocol = heading;
            }
            // The heading of a table and the line below it have no code in the first column.
            let Some(row) = line.strip_prefix("| `") else { continue };
            let columns: Vec<&str> = row.trim_end_matches([' ', '|']).split(" | ").collect();
            let [conversations, alone, what, _why] = columns.as_slice() else {
                bail!("{line}\nhas not the columns conversations, alone, what and why");
            };
            for conversation in codes(conversations) {
                explanations.extend(codes(what).map(|what| Explanation {
                    protocol: protocol.to_owned(),
                    conversation: conversation.to_owned(),
                    alone: (*alone).to_owned(),
                    what: what.to_owned(),
                    is_used: false,
                }));
            }
        }
        Ok(Self(explanations))
    }

    /// Whether a difference is explained.
    pub(super) fn has(&mut self, protocol: &str, conversation: &str, difference: &Difference) -> bool {
        let mut is_explained = false;
        for explanation in &mut self.0 {
            if explanation.is_about(protocol, conversation, difference) {
                (explanation.is_used, is_explained) = (true, true);
            }
        }
        is_explained
    }

    /// Rows of these protocols that explain what is no longer so.
    pub(super) fn stale(&self, protocols: &[&str]) -> Vec<String> {
        let unused = self.0.iter().filter(|it| !it.is_used && protocols.contains(&it.protocol.as_str()));
        unused.map(|it| format!("{} {}: {} alone has {}", it.protocol, it.conversation, it.alone, it.what)).collect()
    }
}

impl Explanation {
    fn is_about(&self, protocol: &str, conversation: &str, difference: &Difference) -> bool {
        let is_it = match self.what.strip_suffix('*') {
            Some(beginning) => difference.what.starts_with(beginning),
            None => difference.what == self.what,
        };
        let is_theirs = self.alone == "each" || self.alone == difference.alone.to_string();
        is_it && is_theirs && self.protocol == protocol && self.conversation == conversation
    }
}

/// What stands between backquotes in a column, whose first one has been taken off.
fn codes(column: &str) -> impl Iterator<Item = &str> {
    column.trim_start_matches('`').trim_end_matches('`').split("`, `")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::findings::Finder;

    const DOCUMENT: &str = "# Oracle\n\n## http1\n\n| conversations | alone | what | why |\n|---|---|---|---|\n\
        | `a.txt`, `b.txt` | tshark | `request GET /a` | because |\n\
        | `c.txt` | geophone | `response *`, `pair *` | it is so |\n| `d.txt` | each | `request *` | so it is |\n";

    fn difference(alone: Finder, what: &str) -> Difference {
        Difference { alone, what: what.to_owned(), at_ns: 1 }
    }

    #[test]
    fn a_row_explains_what_it_names_and_nothing_else() {
        let mut explained = Explained::parse(DOCUMENT).unwrap();
        assert_eq!(explained.stale(&["http1"]).len(), 5);
        assert!(explained.has("http1", "b.txt", &difference(Finder::Tshark, "request GET /a")));
        assert!(!explained.has("http1", "b.txt", &difference(Finder::Tshark, "request GET /ab")));
        assert!(!explained.has("http1", "b.txt", &difference(Finder::Geophone, "request GET /a")));
        assert!(!explained.has("http1", "c.txt", &difference(Finder::Tshark, "request GET /a")));
        assert!(!explained.has("redis", "b.txt", &difference(Finder::Tshark, "request GET /a")));
        assert!(explained.has("http1", "c.txt", &difference(Finder::Geophone, "response 200")));
        assert!(explained.has("http1", "d.txt", &difference(Finder::Tshark, "request GET /a")));
        assert!(explained.has("http1", "d.txt", &difference(Finder::Geophone, "request GET /b")));
        let stale = ["http1 a.txt: tshark alone has request GET /a", "http1 c.txt: geophone alone has pair *"];
        assert_eq!(explained.stale(&["http1"]), stale);
        assert!(explained.stale(&["redis"]).is_empty());
    }

    #[test]
    fn a_row_without_a_reason_is_refused() {
        assert!(Explained::parse(&DOCUMENT.replace("because", "")).is_err());
        assert!(Explained::parse(&DOCUMENT.replace("| tshark ", "")).is_err());
    }
}
