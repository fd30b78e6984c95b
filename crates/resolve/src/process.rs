//! Which program a process id stood for, over time.

use std::sync::Arc;

use geophone_model::{fact::Pid, identity::Identity, time::Timestamp};

use crate::table::{Map, evict_least_recently_used_of};

/// Programs by process id. A process id has versions: an exec begins a new one within the same process, an exit ends the
/// process, and a later start under the same number is another process.
#[derive(Debug)]
pub(crate) struct Processes {
    by_pid: Map<Pid, History>,
    max_processes: usize,
    max_versions: usize,
    /// How many ever found a place.
    pub(crate) heard_of: u64,
    pub(crate) evicted: u64,
    pub(crate) versions_dropped: u64,
}

#[derive(Debug)]
struct History {
    /// Sorted by time.
    versions: Vec<Version>,
    touched: Timestamp,
}

impl History {
    fn is_running(&self) -> bool {
        self.versions.last().is_some_and(|version| version.program.is_some())
    }
}

#[derive(Debug)]
struct Version {
    from: Timestamp,
    /// `None` from the exit on.
    program: Option<Program>,
}

/// What a process runs.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) identity: Arc<Identity>,
    /// Whether it was looked at from all sides. An exec says at once what is run, and only later to which container or
    /// service that belongs.
    pub(crate) is_whole: bool,
}

impl Processes {
    pub(crate) fn new(max_processes: usize, max_versions: usize) -> Self {
        Self {
            by_pid: Map::default(),
            max_processes,
            max_versions: max_versions.max(2),
            heard_of: 0,
            evicted: 0,
            versions_dropped: 0,
        }
    }

    /// The process runs `program` from a time on. Saying again what is in force says nothing new.
    pub(crate) fn runs(&mut self, pid: Pid, from: Timestamp, program: Program) {
        let versions = &mut self.history(pid, from).versions;
        let index = versions.partition_point(|version| version.from <= from);
        let said = |version: Option<&Version>| {
            let said = version.and_then(|version| version.program.as_ref());
            said.is_some_and(|said| Arc::ptr_eq(&said.identity, &program.identity))
        };
        let before = index.checked_sub(1);
        let stated_now = said(before.map(|before| &versions[before]));
        // A scan dates what it sees to the start of the process, and the exec that made it so may be known more exactly.
        let stated_since = said(versions.get(index));
        match before {
            Some(before) if stated_now => {
                if let Some(stated) = &mut versions[before].program {
                    stated.is_whole |= program.is_whole;
                }
            }
            Some(before) if versions[before].from == from && versions[before].program.is_some() => {
                if !stated_since {
                    versions[before].program = Some(program);
                }
            }
            _ if stated_since => versions[index].from = from,
            _ => versions.insert(index, Version { from, program: Some(program) }),
        }
        self.trim(pid);
    }

    /// The process ends.
    pub(crate) fn exits(&mut self, pid: Pid, at: Timestamp) {
        let versions = &mut self.history(pid, at).versions;
        let index = versions.partition_point(|version| version.from <= at);
        if !matches!(index.checked_sub(1).map(|before| &versions[before]), Some(Version { program: None, .. })) {
            versions.insert(index, Version { from: at, program: None });
        }
        self.trim(pid);
    }

    /// The program that the process ran at a time, where `stated` is a time at which the process, and no earlier or later
    /// one of the same number, is known to have been meant.
    pub(crate) fn program(&mut self, pid: Pid, stated: Timestamp, at: Timestamp) -> Option<&Program> {
        let history = self.by_pid.get_mut(&pid)?;
        history.touched = history.touched.max(at);
        let versions = history.versions.as_slice();
        if let [only] = versions {
            return only.program.as_ref();
        }
        // The version in force when it was stated, or the first after it where the process was not known then.
        let after = versions.partition_point(|version| version.from <= stated);
        let anchor = match after.checked_sub(1) {
            Some(before) if versions[before].program.is_some() => before,
            _ => after,
        };
        versions.get(anchor)?.program.as_ref()?;
        // From there to the ends of that process's life.
        let first = versions[..anchor].iter().rposition(|version| version.program.is_none()).map_or(0, |exit| exit + 1);
        let end = versions[anchor..]
            .iter()
            .position(|version| version.program.is_none())
            .map_or(versions.len(), |n| anchor + n);
        let life = &versions[first..end];
        let index = life.partition_point(|version| version.from <= at).saturating_sub(1);
        life[index].program.as_ref()
    }

    /// Forgets what ended before a time, and returns how many.
    pub(crate) fn expire(&mut self, before: Timestamp) -> u64 {
        let len = self.by_pid.len();
        self.by_pid.retain(
            |_, history| !matches!(history.versions.last(), Some(Version { from, program: None }) if *from < before),
        );
        (len - self.by_pid.len()) as u64
    }

    /// How many are known.
    pub(crate) fn len(&self) -> usize {
        self.by_pid.len()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let versions: usize = self.by_pid.values().map(|history| history.versions.capacity()).sum();
        crate::table::map_bytes(&self.by_pid) + versions * size_of::<Version>()
    }

    fn history(&mut self, pid: Pid, at: Timestamp) -> &mut History {
        if !self.by_pid.contains_key(&pid) {
            if self.by_pid.len() >= self.max_processes {
                self.evict();
            }
            self.heard_of += 1;
        }
        let history =
            self.by_pid.entry(pid).or_insert_with(|| History { versions: Vec::with_capacity(1), touched: at });
        history.touched = history.touched.max(at);
        history
    }

    /// Those that have ended go first: thousands that live for a moment must not take away the name of a server.
    fn evict(&mut self) {
        let only_ended = self.by_pid.values().any(|history| !history.is_running());
        self.evicted += evict_least_recently_used_of(
            &mut self.by_pid,
            |history| history.touched,
            |history| !only_ended || !history.is_running(),
        );
    }

    fn trim(&mut self, pid: Pid) {
        if let Some(history) = self.by_pid.get_mut(&pid) {
            let excess = history.versions.len().saturating_sub(self.max_versions);
            history.versions.drain(..excess);
            self.versions_dropped += excess as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use geophone_model::identity::IdentityKind;

    use super::*;

    const AT: fn(u64) -> Timestamp = Timestamp::from_ns;

    fn program(name: &str) -> Program {
        Program { identity: Arc::new(Identity::new(IdentityKind::Process, None, name)), is_whole: true }
    }

    fn name(processes: &mut Processes, stated: u64, at: u64) -> String {
        processes.program(Pid(7), AT(stated), AT(at)).map_or("-".into(), |program| program.identity.name.clone())
    }

    #[test]
    fn an_exec_changes_the_program_of_the_same_process() {
        let mut processes = Processes::new(10, 8);
        processes.runs(Pid(7), AT(10), program("sh"));
        processes.runs(Pid(7), AT(20), program("nginx"));
        assert_eq!(name(&mut processes, 15, 15), "sh");
        assert_eq!(name(&mut processes, 15, 25), "nginx", "a socket outlives an exec");
        assert_eq!(name(&mut processes, 25, 15), "sh");
        assert_eq!(name(&mut processes, 25, 5), "sh", "nothing older is known of it");
    }

    #[test]
    fn a_reused_number_is_another_process() {
        let mut processes = Processes::new(10, 8);
        processes.runs(Pid(7), AT(10), program("old"));
        processes.exits(Pid(7), AT(20));
        processes.runs(Pid(7), AT(30), program("new"));
        for (stated, at, expected) in
            [(15, 15, "old"), (15, 45, "old"), (35, 45, "new"), (35, 15, "new"), (25, 35, "new"), (5, 5, "old")]
        {
            assert_eq!(name(&mut processes, stated, at), expected, "stated {stated}, at {at}");
        }
    }

    #[test]
    fn a_process_that_ended_unseen_is_not_its_successor() {
        let mut processes = Processes::new(10, 8);
        processes.exits(Pid(7), AT(20));
        processes.runs(Pid(7), AT(30), program("new"));
        assert_eq!(name(&mut processes, 10, 15), "-");
        assert_eq!(name(&mut processes, 30, 35), "new");
    }

    #[test]
    fn restating_adds_no_version() {
        let mut processes = Processes::new(10, 8);
        let (shell, nginx) = (program("sh"), program("nginx"));
        processes.runs(Pid(7), AT(10), shell.clone());
        processes.runs(Pid(7), AT(20), nginx.clone());
        // What a scan says: dated to the start, and as of now.
        processes.runs(Pid(7), AT(10), nginx.clone());
        processes.runs(Pid(7), AT(60), nginx);
        processes.runs(Pid(7), AT(15), shell);
        assert_eq!(processes.by_pid[&Pid(7)].versions.len(), 2);
        assert_eq!(name(&mut processes, 10, 10), "sh");
    }

    #[test]
    fn what_an_exec_says_is_completed_at_its_own_time() {
        let mut processes = Processes::new(10, 8);
        let in_part = |name: &str| Program { is_whole: false, ..program(name) };
        processes.runs(Pid(7), AT(10), in_part("nginx"));
        assert!(!processes.program(Pid(7), AT(10), AT(10)).unwrap().is_whole);
        processes.runs(Pid(7), AT(10), program("nginx.service"));
        assert!(processes.program(Pid(7), AT(10), AT(10)).unwrap().is_whole);
        assert_eq!(name(&mut processes, 10, 10), "nginx.service");

        let curl = in_part("curl");
        processes.runs(Pid(7), AT(20), curl.clone());
        processes.runs(Pid(7), AT(20), Program { is_whole: true, ..curl.clone() });
        processes.runs(Pid(7), AT(20), curl);
        assert!(processes.program(Pid(7), AT(20), AT(20)).unwrap().is_whole, "the same, and known for good");
    }

    #[test]
    fn a_fact_that_comes_late_reaches_back() {
        let mut processes = Processes::new(10, 8);
        let nginx = program("nginx");
        processes.runs(Pid(7), AT(50), nginx.clone());
        processes.runs(Pid(7), AT(20), nginx);
        processes.runs(Pid(7), AT(10), program("sh"));
        assert_eq!(name(&mut processes, 20, 15), "sh");
        assert_eq!(name(&mut processes, 20, 25), "nginx");
    }

    #[test]
    fn who_lives_for_a_moment_does_not_drive_out_who_runs() {
        let mut processes = Processes::new(16, 8);
        processes.runs(Pid(7), AT(0), program("nginx"));
        for pid in 100..1_100 {
            processes.runs(Pid(pid), AT(u64::from(pid)), program("true"));
            processes.exits(Pid(pid), AT(u64::from(pid)));
        }
        assert_eq!(name(&mut processes, 5_000, 5_000), "nginx");
        assert_eq!(
            (processes.heard_of, processes.heard_of - processes.evicted),
            (1_001, processes.by_pid.len() as u64)
        );
    }

    #[test]
    fn history_is_bounded_and_expires() {
        let mut processes = Processes::new(16, 3);
        for number in 0..20 {
            processes.runs(Pid(7), AT(number), program(&number.to_string()));
        }
        assert_eq!((processes.by_pid[&Pid(7)].versions.len(), processes.versions_dropped), (3, 17));
        for pid in 100..200 {
            processes.runs(Pid(pid), AT(1_000), program("x"));
            assert!(processes.by_pid.len() <= 16);
        }
        assert_eq!(processes.evicted as usize, 101 - processes.by_pid.len());

        processes.exits(Pid(199), AT(2_000));
        assert_eq!(processes.expire(AT(2_000)), 0);
        assert_eq!(processes.expire(AT(2_001)), 1);
    }
}
