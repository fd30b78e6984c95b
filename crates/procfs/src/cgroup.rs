//! What the path of a cgroup says: which container, which systemd service. Pure functions of text.

/// What a cgroup's path says about the processes in it. At most one of the two is known: a process in a container is the
/// container's, whatever service of the machine has started it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// The container's id: 64 hexadecimal digits.
    pub container: Option<String>,
    /// The systemd service of `system.slice`, with its suffix: `nginx.service`.
    pub unit: Option<String>,
}

impl Membership {
    /// Reads the path of a cgroup, as `/proc/PID/cgroup` has it: a path in the cgroup2 tree, or in a hierarchy of cgroup v1.
    ///
    /// Container ids are found where docker, containerd, CRI-O, podman and nerdctl put them, with the systemd driver as with
    /// the cgroupfs one, below `kubepods` or not. Of containers within a container, the innermost counts.
    ///
    /// ```
    /// use geophone_procfs::cgroup::Membership;
    ///
    /// let nginx = Membership::of("/system.slice/nginx.service");
    /// assert_eq!(nginx.unit.as_deref(), Some("nginx.service"));
    /// ```
    pub fn of(path: &str) -> Self {
        let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
        if let Some(container) = parts.clone().rev().find_map(container_id) {
            return Self { container: Some(container.to_owned()), unit: None };
        }
        if parts.next() != Some("system.slice") {
            return Self::default();
        }
        // Slices may be nested (system-getty.slice); the first service below them is the unit.
        let unit = parts.by_ref().find(|part| !part.ends_with(".slice"));
        let Some(unit) = unit.filter(|unit| unit.ends_with(".service")) else {
            return Self::default();
        };
        // What lies below the service of a container runtime is a container of an unknown layout, not the runtime itself.
        let is_child_of_runtime = parts.next().is_some() && is_container_runtime(unit);
        let unit = (!is_child_of_runtime).then(|| unescaped(unit).to_owned());
        Self { container: None, unit }
    }
}

/// The path that tells most in the text of `/proc/PID/cgroup` (cgroups(7)): the one in the cgroup2 tree, unless that is the
/// root because cgroup v1 is in use beside it; then the one in systemd's own hierarchy, then the longest of the others.
pub fn telling_path(text: &str) -> &str {
    let mut best = (0, "/");
    for line in text.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(hierarchy), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let rank = match (hierarchy, controllers, path) {
            (_, _, "/" | "") => continue,
            ("0", "", _) => usize::MAX,
            (_, "name=systemd", _) => usize::MAX - 1,
            _ => path.len(),
        };
        if rank > best.0 {
            best = (rank, path);
        }
    }
    best.1
}

const CONTAINER_ID_LEN: usize = 64;

/// The container id in one part of a path: alone (`docker/<id>`), after a runtime's prefix (`docker-<id>.scope`,
/// `cri-containerd-<id>.scope`, `crio-<id>`, `libpod-<id>.scope`), or after colons, where containerd was told a systemd path
/// but uses the cgroupfs driver (`kubepods-burstable-pod….slice:cri-containerd:<id>`).
fn container_id(part: &str) -> Option<&str> {
    let part = part.strip_suffix(".scope").unwrap_or(part);
    let (prefix, id) = part.rsplit_once(['-', ':']).unwrap_or(("", part));
    let is_id = id.len() == CONTAINER_ID_LEN && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    // conmon watches over a container from outside of it (`crio-conmon-<id>.scope`, `libpod-conmon-<id>.scope`).
    (is_id && !prefix.ends_with("conmon")).then_some(id)
}

/// Whether a service runs containers, so that what lies below it in the tree may be one.
fn is_container_runtime(unit: &str) -> bool {
    const RUNTIMES: [&str; 12] = [
        "balena.service",
        "buildkit.service",
        "containerd.service",
        "crio.service",
        "docker.service",
        "k3s-agent.service",
        "k3s.service",
        "kubelet.service",
        "podman.service",
        "rke2-agent.service",
        "rke2-server.service",
        "snap.docker.dockerd.service",
    ];
    RUNTIMES.contains(&unit)
}

/// systemd puts `_` before a unit's name that the kernel could take for a file of the cgroup (`cg_escape` in
/// src/basic/cgroup-util.c).
fn unescaped(unit: &str) -> &str {
    unit.strip_prefix('_').unwrap_or(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4f9c2b7de01a4f9c2b7de01a4f9c2b7de01a4f9c2b7de01a4f9c2b7de01a4f9c";
    const OUTER: &str = "aaaaaaaaaaaa4f9c2b7de01a4f9c2b7de01a4f9c2b7de01a4f9c2b7de01a4f9c";

    #[test]
    fn containers_are_found_in_every_layout() {
        for path in [
            "/docker/ID",
            "/system.slice/docker-ID.scope",
            "/system.slice/docker-ID.scope/init",
            "/docker/OUTER/docker/ID",
            "/docker/OUTER/kubepods/besteffort/pod5a9d/ID",
            "/docker/ID/system.slice/nginx.service",
            "/system.slice/docker-OUTER.scope/system.slice/docker-ID.scope",
            "/system.slice/containerd.service/kubepods-burstable-pod5a9d_1.slice:cri-containerd:ID",
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod5a9d.slice/cri-containerd-ID.scope",
            "/kubepods.slice/kubepods-pod5a9d.slice/crio-ID.scope",
            "/kubepods.slice/kubepods-pod5a9d.slice/crio-ID.scope/container",
            "/kubepods/burstable/pod0b5e-11/ID",
            "/kubepods/pod0b5e-11/crio-ID",
            "/machine.slice/libpod-ID.scope",
            "/machine.slice/libpod-ID.scope/container",
            "/machine.slice/machine-libpod_pod_OUTER.slice/libpod-ID.scope/container",
            "/libpod_parent/libpod-ID",
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope",
            "/user.slice/user-1000.slice/user@1000.service/app.slice/docker-ID.scope",
            "/system.slice/nerdctl-ID.scope",
            "/default/ID",
            "/ecs/0f9d-2/ID",
            "/actions_job/ID",
            "/../../kubepods-besteffort-pod5a9d.slice/cri-containerd-ID.scope",
        ] {
            let path = path.replace("OUTER", OUTER).replace("ID", ID);
            assert_eq!(Membership::of(&path), Membership { container: Some(ID.into()), unit: None }, "{path}");
        }
    }

    #[test]
    fn services_of_the_machine_are_units() {
        for (path, unit) in [
            ("/system.slice/nginx.service", "nginx.service"),
            ("/system.slice/system-postgresql.slice/postgresql@15-main.service", "postgresql@15-main.service"),
            ("/system.slice/mysqld.service/worker", "mysqld.service"),
            ("/system.slice/docker.service", "docker.service"),
            ("/system.slice/containerd.service", "containerd.service"),
            ("/system.slice/kubelet.service", "kubelet.service"),
            ("/system.slice/_cpu.exporter.service", "cpu.exporter.service"),
        ] {
            assert_eq!(Membership::of(path), Membership { container: None, unit: Some(unit.into()) }, "{path}");
        }
    }

    #[test]
    fn everything_else_is_neither() {
        for path in [
            "",
            "/",
            "/init.scope",
            "/system.slice",
            "/system.slice/ssh.socket",
            "/user.slice/user-1000.slice/session-3.scope",
            "/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service",
            "/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service",
            "/lxc.payload.web/system.slice/nginx.service",
            "/system.slice/docker.service/buildkit/qkw3",
            "/system.slice/k3s.service/kubepods/besteffort/pod1",
            "/machine.slice/libpod-conmon-ID.scope",
            "/kubepods.slice/crio-conmon-ID.scope",
            "/kubepods.slice/kubepods-besteffort.slice",
            "/docker/4f9c2b7de01a",
            "/docker/IDID",
            "/docker/ID-x",
        ] {
            let path = path.replace("ID", ID);
            assert_eq!(Membership::of(&path), Membership::default(), "{path}");
        }
        let shouted = format!("/docker/{}", ID.to_uppercase());
        assert_eq!(Membership::of(&shouted), Membership::default());
    }

    #[test]
    fn the_most_telling_line_is_taken() {
        for (text, path) in [
            ("0::/system.slice/nginx.service\n", "/system.slice/nginx.service"),
            ("12:pids:/docker/a\n1:name=systemd:/docker/ab\n0::/\n", "/docker/ab"),
            ("12:pids:/docker/a\n1:name=systemd:/docker/ab\n0::/x\n", "/x"),
            ("12:pids:/docker/a\n3:cpu,cpuacct:/docker\n1:name=systemd:/\n0::/\n", "/docker/a"),
            ("1:name=systemd:/a:b\n", "/a:b"),
            ("0::/\n", "/"),
            ("nonsense\n\n::\n", "/"),
            ("", "/"),
        ] {
            assert_eq!(telling_path(text), path, "{text:?}");
        }
    }
}
