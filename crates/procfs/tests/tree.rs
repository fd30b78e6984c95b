//! Processes and descriptors in a procfs made of plain files.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use geophone_model::{fact::Pid, time::Timestamp};
use geophone_procfs::{Config, Machine, Sighting, Unreadable};

/// A directory that looks like procfs, removed with the value.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("geophone-procfs-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("uptime"), "1 1").unwrap();
        fs::create_dir_all(path.join("sys")).unwrap();
        Self(path)
    }

    /// A process whose `stat` has `name`, `parent` and `flags`; it starts 1,500 ticks after boot.
    fn process(&self, pid: u32, name: &str, parent: u32, flags: u32, executable: &str, cgroup: &str) -> PathBuf {
        let dir = self.0.join(pid.to_string());
        fs::create_dir_all(dir.join("ns")).unwrap();
        fs::create_dir_all(dir.join("fd")).unwrap();
        let stat = format!("{pid} ({name}) S {parent} 1 1 0 -1 {flags} 0 0 0 0 0 0 0 0 20 0 1 0 1500 0 0 0\n");
        fs::write(dir.join("stat"), stat).unwrap();
        fs::write(dir.join("cgroup"), cgroup).unwrap();
        if !executable.is_empty() {
            symlink(executable, dir.join("exe")).unwrap();
        }
        symlink("net:[4026531840]", dir.join("ns/net")).unwrap();
        dir
    }

    fn machine(&self, change: impl FnOnce(&mut Config)) -> Machine {
        let mut config = Config::new(Timestamp::from_ns(1_000_000_000_000));
        config.root.clone_from(&self.0);
        change(&mut config);
        Machine::new(config)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn processes_are_described() {
    let tree = Tree::new("described");
    let id = "4f9c2b7de01a".repeat(6)[..64].to_owned();
    tree.process(2, "kthreadd", 0, 0x0020_8040, "", "0::/\n");
    tree.process(800, "nginx", 1, 0, "/usr/sbin/nginx (deleted)", "0::/system.slice/nginx.service\n");
    let python = tree.process(900, "python3 (x) y", 1, 0, "/usr/bin/python3.11", "0::/\n1:name=systemd:/user.slice\n");
    fs::write(python.join("cmdline"), b"python3\0-u\0/srv/manage.py\0--password=secret\0").unwrap();
    tree.process(901, "app", 900, 0, "/memfd:sealed (deleted)", &format!("5:pids:/docker/{id}\n0::/\n"));

    let scan = tree.machine(|_| {}).processes().unwrap();
    let text: Vec<String> = scan
        .facts
        .iter()
        .map(|fact| {
            let unit_or_container = fact.unit.clone().or(fact.container.clone()).unwrap_or_default();
            let (pid, parent, script) = (fact.pid.0, fact.parent.0, fact.script.clone().unwrap_or_default());
            format!(
                "{pid}<{parent} {} [{}] [{script}] {} [{unit_or_container}]",
                fact.comm, fact.executable, fact.cgroup
            )
        })
        .collect();
    assert_eq!(
        text,
        [
            "800<1 nginx [nginx] [] /system.slice/nginx.service [nginx.service]".to_owned(),
            "900<1 python3 (x) y [python3.11] [manage.py] /user.slice []".to_owned(),
            format!("901<900 app [] [] /docker/{id} [{id}]"),
        ]
    );
    assert_eq!((scan.kernel_threads, scan.in_part, scan.gone, scan.failed, scan.is_truncated), (1, 0, 0, 0, false));
    assert!(scan.facts.iter().all(|fact| fact.netns.0 == 4_026_531_840));
    // 1,500 ticks of a hundredth second each, which is what Linux counts in on every machine (USER_HZ).
    assert!(scan.facts.iter().all(|fact| fact.at == Timestamp::from_ns(1_015_000_000_000)));
    assert!(!format!("{scan:?}").contains("secret"));
}

#[test]
fn what_has_ended_or_is_broken_is_counted() {
    let tree = Tree::new("broken");
    tree.process(10, "whole", 1, 0, "/bin/whole", "0::/\n");
    let broken = tree.process(11, "broken", 1, 0, "/bin/broken", "0::/\n");
    fs::write(broken.join("stat"), "11 (bro").unwrap();
    let gone = tree.process(12, "gone", 1, 0, "/bin/gone", "0::/\n");
    fs::remove_file(gone.join("cgroup")).unwrap();
    tree.process(13, "zombie", 1, 0, "", "0::/\n");

    let machine = tree.machine(|_| {});
    let scan = machine.processes().unwrap();
    assert_eq!(scan.facts.iter().map(|fact| fact.pid.0).collect::<Vec<_>>(), [10]);
    assert_eq!((scan.gone, scan.failed), (2, 1));
    assert_eq!(machine.process(Pid(11)).0, Sighting::Unreadable(Unreadable::Malformed));
    assert_eq!(machine.process(Pid(4_000_000)).0, Sighting::Unreadable(Unreadable::Gone));
}

#[test]
fn limits_are_kept_and_said() {
    let tree = Tree::new("limits");
    for pid in 1..=20 {
        let dir = tree.process(pid, "x", 0, 0, "/bin/x", "0::/\n");
        for fd in 0..5 {
            symlink(format!("socket:[{}]", pid * 10 + fd), dir.join(format!("fd/{fd}"))).unwrap();
        }
    }
    let scan = tree.machine(|config| config.max_processes = 7).processes().unwrap();
    assert_eq!((scan.facts.len(), scan.is_truncated), (7, true));

    let descriptors = tree.machine(|config| config.max_descriptors = 3).descriptors(Pid(5)).unwrap();
    assert_eq!((descriptors.inodes.len(), descriptors.cost.links), (3, 3));
    let everywhere = tree.machine(|_| {}).holder(204, &[]).unwrap();
    assert_eq!((everywhere.pid, everywhere.cost.links), (Some(Pid(20)), 100));
}

#[test]
fn the_holder_of_a_shared_socket_is_the_one_above_the_others() {
    let tree = Tree::new("holders");
    let hold = |pid: u32, name: &str, parent: u32, inodes: &[u64]| {
        let dir = tree.process(pid, name, parent, 0, "/bin/x", "0::/\n");
        symlink("/dev/null", dir.join("fd/0")).unwrap();
        symlink("pipe:[100]", dir.join("fd/1")).unwrap();
        for (fd, inode) in inodes.iter().enumerate() {
            symlink(format!("socket:[{inode}]"), dir.join(format!("fd/{}", fd + 2))).unwrap();
        }
    };
    hold(1, "systemd", 0, &[100, 101, 105]);
    // Preforked workers, the master's number being higher than theirs after a wrap of the counter.
    hold(700, "worker", 800, &[101, 102, 102, 103]);
    hold(701, "worker", 800, &[101, 102]);
    hold(800, "master", 1, &[101, 102]);
    hold(900, "stranger", 1, &[104]);

    let machine = tree.machine(|_| {});
    for (inode, likely, expected) in [
        (100, &[][..], Some(1)),
        (101, &[], Some(800)),
        (102, &[], Some(800)),
        (103, &[], Some(700)),
        (104, &[], Some(900)),
        (105, &[], Some(1)),
        (106, &[], None),
        (102, &[701], Some(701)),
        (102, &[900, 12_345], Some(800)),
    ] {
        let holder = machine.holder(inode, &likely.iter().copied().map(Pid).collect::<Vec<_>>()).unwrap();
        assert_eq!(holder.pid.map(|pid| pid.0), expected, "socket {inode}, first asked {likely:?}");
    }
    assert_eq!(machine.descriptors(Pid(700)).unwrap().inodes, [101, 102, 103]);
    assert_eq!(machine.descriptors(Pid(12_345)), Err(Unreadable::Gone));
}

#[test]
fn a_root_that_is_none_is_an_error() {
    let tree = Tree::new("root");
    let machine = tree.machine(|config| config.root.push("missing"));
    assert_eq!(machine.processes(), Err(Unreadable::Gone));
    assert_eq!(machine.sockets(Timestamp::MIN), Err(Unreadable::Gone));
    assert_eq!(machine.process(Pid(1)).0, Sighting::Unreadable(Unreadable::Gone));
}

#[test]
fn a_program_with_several_names_has_the_one_that_it_was_started_by() {
    let tree = Tree::new("several-names");
    for (pid, comm, link) in [
        (10, "redis-server", Some("redis-check-rdb")),
        (11, "worker-3", None),
        (12, "other", Some("another-program")),
        (13, "../../etc/x", None),
    ] {
        let dir = tree.process(pid, comm, 1, 0, "/usr/bin/redis-check-rdb", "0::/\n");
        fs::create_dir_all(dir.join("root/usr/bin")).unwrap();
        if let Some(target) = link {
            symlink(target, dir.join("root/usr/bin").join(comm)).unwrap();
        }
    }
    let scan = tree.machine(|_| {}).processes().unwrap();
    let names: Vec<_> = scan.facts.iter().map(|fact| fact.executable.as_str()).collect();
    assert_eq!(names, ["redis-server", "redis-check-rdb", "redis-check-rdb", "redis-check-rdb"]);
}
