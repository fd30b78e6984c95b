//! Which of several processes that hold a listener serves it. A pure function of what they are.

use geophone_model::fact::{Pid, ProcessFact};

/// A process that holds a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) pid: Pid,
    /// Its parent, zero where that is not known.
    pub(crate) parent: Pid,
    pub(crate) program: Program,
    /// Whether it also holds a connection that the listener took.
    pub(crate) has_connection: bool,
}

/// What tells one program from another, as far as names go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Program {
    executable: String,
    script: Option<String>,
    container: Option<String>,
    unit: Option<String>,
}

impl From<&ProcessFact> for Program {
    fn from(fact: &ProcessFact) -> Self {
        let ProcessFact { executable, script, container, unit, .. } = fact.clone();
        Self { executable, script, container, unit }
    }
}

/// The one that serves. `known` is who was found to serve before, and stays it where nothing speaks against.
///
/// 1. Process 1 comes last, since it holds the listeners of services that it starts (socket activation).
/// 2. Who holds a connection that the listener took has accepted it: it, or another process of the same program, serves.
/// 3. Where no connection tells, a holder whose child holds it too and runs another program does not serve: descriptors are
///    closed on exec nearly everywhere, so that child was given the listener (supervisors, super-servers).
/// 4. Of those that are left it is the one whose parent is none of them, the lowest number first: the master of preforked
///    workers.
pub(crate) fn server(candidates: &[Candidate], known: Option<Pid>) -> Option<Pid> {
    const INIT: Pid = Pid(1);
    let others = candidates.iter().filter(|candidate| candidate.pid != INIT);
    let mut left: Vec<&Candidate> = others.collect();
    if left.is_empty() {
        left.extend(candidates);
    }
    let known = left.iter().copied().find(|candidate| Some(candidate.pid) == known);

    let takers: Vec<&Candidate> = left.iter().copied().filter(|candidate| candidate.has_connection).collect();
    if let Some(taker) = top(&takers) {
        // A child that was forked while the connection was open may hold it as well, so the topmost of them counts.
        left.retain(|candidate| candidate.program == taker.program);
        let known = known.filter(|known| known.program == taker.program);
        return known.or_else(|| top(&left)).map(|candidate| candidate.pid);
    }
    if let Some(known) = known {
        return Some(known.pid);
    }
    let has_given = |giver: &Candidate| {
        left.iter().any(|candidate| candidate.parent == giver.pid && candidate.program != giver.program)
    };
    let keepers: Vec<&Candidate> = left.iter().copied().filter(|candidate| !has_given(candidate)).collect();
    top(&keepers).map(|candidate| candidate.pid)
}

/// The one whose parent is none of them, the lowest number first.
fn top<'a>(candidates: &[&'a Candidate]) -> Option<&'a Candidate> {
    let is_topmost = |one: &&&Candidate| !candidates.iter().any(|other| other.pid == one.parent);
    candidates.iter().filter(is_topmost).min_by_key(|candidate| candidate.pid).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Candidates from lines like `800<1 nginx +`: number, parent, program, and `+` for a connection.
    fn serves(lines: &[&str], known: Option<u32>) -> Option<u32> {
        let candidates: Vec<Candidate> = lines
            .iter()
            .map(|line| {
                let mut words = line.split(' ');
                let (pid, parent) = words.next().unwrap().split_once('<').unwrap();
                let executable = words.next().unwrap().to_owned();
                Candidate {
                    pid: Pid(pid.parse().unwrap()),
                    parent: Pid(parent.parse().unwrap()),
                    program: Program { executable, ..Program::default() },
                    has_connection: words.next() == Some("+"),
                }
            })
            .collect();
        server(&candidates, known.map(Pid)).map(|pid| pid.0)
    }

    #[test]
    fn nobody_serves_what_nobody_holds() {
        assert_eq!(serves(&[], Some(7)), None);
    }

    #[test]
    fn the_first_process_serves_what_nobody_else_holds() {
        assert_eq!(serves(&["1<0 systemd"], None), Some(1));
        assert_eq!(serves(&["1<0 systemd +", "900<1 httpd"], Some(1)), Some(900));
    }

    #[test]
    fn the_master_of_preforked_workers_stands_for_them() {
        // The master's number is higher than theirs after a wrap of the counter.
        let workers = ["700<800 nginx +", "701<800 nginx", "800<1 nginx"];
        assert_eq!(serves(&workers, None), Some(800));
        assert_eq!(serves(&workers, Some(701)), Some(701), "nothing speaks against who was known");
        assert_eq!(serves(&workers[..2], Some(800)), Some(700), "the master has ended");
    }

    #[test]
    fn a_child_of_another_program_was_given_the_listener() {
        let family = ["50<1 supervisor", "60<50 worker", "61<60 worker"];
        assert_eq!(serves(&family, None), Some(60));
        assert_eq!(serves(&["50<1 supervisor", "60<50 sh", "61<60 worker"], None), Some(61), "through a shell");
        assert_eq!(serves(&family, Some(50)), Some(50), "without a connection, who was known stays");
    }

    #[test]
    fn who_has_taken_a_connection_serves() {
        assert_eq!(serves(&["50<1 supervisor", "60<50 worker +"], Some(50)), Some(60));
        // A helper inherits the listener, and the connection of the request that it was started for.
        assert_eq!(serves(&["50<1 server +", "60<50 helper +"], None), Some(50));
        assert_eq!(serves(&["50<1 server +", "60<50 helper"], Some(60)), Some(50));
    }
}
