//! What one of both has found in a conversation, and where the other has found something else.

use std::{collections::BTreeMap, fmt};

use geophone_model::time::Timestamp;

/// Requests, responses and which answers which. Times are those of the packet that completes a message: who agrees in what it
/// is and where it ends agrees in them, too.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Time and operation.
    pub(super) requests: Vec<(u64, String)>,
    /// Time and code.
    pub(super) responses: Vec<(u64, String)>,
    /// Times of a request and of its response, and both as text.
    pub(super) pairs: Vec<((u64, u64), String)>,
}

impl Findings {
    /// With times that are counted from here on.
    pub(super) fn since(mut self, began: Timestamp) -> Self {
        let relative = |at_ns: &mut u64| *at_ns = at_ns.saturating_sub(began.as_ns());
        self.requests.iter_mut().chain(&mut self.responses).for_each(|(at_ns, _)| relative(at_ns));
        for ((request_ns, response_ns), _) in &mut self.pairs {
            relative(request_ns);
            relative(response_ns);
        }
        self
    }
}

/// Who has found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finder {
    Tshark,
    Geophone,
}

impl fmt::Display for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tshark => "tshark",
            Self::Geophone => "geophone",
        })
    }
}

/// Something that one of them alone has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) alone: Finder,
    /// `request GET /a`, `response 200`, `pair GET /a → 200`
    pub(super) what: String,
    pub(super) at_ns: u64,
}

/// Both findings of one conversation.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    /// Requests, responses and pairs that were found by both.
    pub(super) agreed: [u64; 3],
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    /// Compares.
    pub(super) fn of(tshark: &Findings, geophone: &Findings) -> Self {
        let mut comparison = Self::default();
        comparison.compare(0, "request", &tshark.requests, &geophone.requests, is_as_far);
        comparison.compare(1, "response", &tshark.responses, &geophone.responses, is_as_far);
        // Texts have been compared.
        comparison.compare(2, "pair", &tshark.pairs, &geophone.pairs, |_, _| true);
        comparison
    }

    /// Compares what was found at the same time.
    fn compare<At: Copy + Ord + Into<Instant>>(
        &mut self,
        kind: usize,
        name: &str,
        tshark: &[(At, String)],
        geophone: &[(At, String)],
        agrees: impl Fn(&str, &str) -> bool,
    ) {
        let mut unmatched: BTreeMap<At, Vec<&str>> = BTreeMap::new();
        for (at, text) in geophone {
            unmatched.entry(*at).or_default().push(text);
        }
        let mut alone = Vec::new();
        for (at, text) in tshark {
            let same_time = unmatched.entry(*at).or_default();
            match same_time.iter().position(|found| agrees(text, found)) {
                Some(found) => {
                    same_time.remove(found);
                    self.agreed[kind] += 1;
                }
                None => alone.push((Finder::Tshark, *at, text.as_str())),
            }
        }
        let rest = unmatched.into_iter().flat_map(|(at, texts)| texts.into_iter().map(move |text| (at, text)));
        alone.extend(rest.map(|(at, text)| (Finder::Geophone, at, text)));
        self.differences.extend(alone.into_iter().map(|(alone, at, text)| {
            let Instant(at_ns) = at.into();
            Difference { alone, what: format!("{name} {text}"), at_ns }
        }));
    }
}

/// Whether both say the same as far as tshark says anything: the first words, or nothing.
fn is_as_far(tshark: &str, geophone: &str) -> bool {
    geophone.strip_prefix(tshark).is_some_and(|rest| tshark.is_empty() || rest.is_empty() || rest.starts_with(' '))
}

/// The time of a message, or of a pair's request.
pub(super) struct Instant(u64);

impl From<u64> for Instant {
    fn from(at_ns: u64) -> Self {
        Self(at_ns)
    }
}

impl From<(u64, u64)> for Instant {
    fn from((at_ns, _): (u64, u64)) -> Self {
        Self(at_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(requests: &[(u64, &str)], pairs: &[(u64, u64)]) -> Findings {
        let requests = requests.iter().map(|(at, text)| (*at, (*text).to_owned())).collect();
        Findings {
            requests,
            responses: Vec::new(),
            pairs: pairs.iter().map(|pair| (*pair, "a → b".to_owned())).collect(),
        }
    }

    #[test]
    fn what_one_alone_has_found_is_named() {
        let tshark = findings(&[(10, "GET /a"), (10, "GET /a"), (20, "GET /b")], &[(10, 30)]);
        let geophone = findings(&[(10, "GET /a"), (21, "GET /b")], &[(10, 40)]);
        let Comparison { agreed, differences } = Comparison::of(&tshark, &geophone);
        assert_eq!(agreed, [1, 0, 0]);
        let named: Vec<_> =
            differences.iter().map(|Difference { alone, what, at_ns }| format!("{alone} {what} {at_ns}")).collect();
        assert_eq!(
            named,
            [
                "tshark request GET /a 10",
                "tshark request GET /b 20",
                "geophone request GET /b 21",
                "tshark pair a → b 10",
                "geophone pair a → b 10",
            ]
        );
    }

    #[test]
    fn tshark_may_know_less() {
        assert!(is_as_far("produce orders", "produce orders") && is_as_far("produce", "produce orders"));
        assert!(is_as_far("", "0") && !is_as_far("prod", "produce") && !is_as_far("produce orders", "produce"));
    }
}
