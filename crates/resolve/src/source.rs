//! Where names come from: the seam for what knows more of a machine than its kernel does.

use std::{net::IpAddr, sync::Arc};

use geophone_model::{
    fact::ProcessFact,
    identity::{Identity, IdentityKind},
    time::Timestamp,
};

/// Gives processes and addresses their identities. Sources are asked in the order in which they were added to the resolver,
/// the built-in [`KernelNames`] last; the first that knows is believed.
///
/// A process is asked about once, when its fact is learned. An address is asked about for every exchange whose end is no
/// known socket of this machine, so an answer is shared rather than built.
pub trait Source: Send {
    /// Who a process is.
    fn process(&self, process: &ProcessFact) -> Option<Arc<Identity>>;

    /// Who had an address at a time.
    fn address(&self, ip: IpAddr, at: Timestamp) -> Option<Arc<Identity>>;
}

/// Names from what the kernel itself says of a process: its container, else its systemd service, else the script that it
/// interprets, else its executable, else its short name. It knows no addresses.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelNames;

impl KernelNames {
    /// Digits of a container's id that people and their tools use (`docker ps`).
    const SHORT_ID_LEN: usize = 12;
}

impl Source for KernelNames {
    fn process(&self, process: &ProcessFact) -> Option<Arc<Identity>> {
        let (kind, name) = match (&process.container, &process.unit) {
            (Some(id), _) => (IdentityKind::Container, id.get(..Self::SHORT_ID_LEN).unwrap_or(id)),
            (None, Some(unit)) => (IdentityKind::Unit, unit.as_str()),
            (None, None) => {
                let names = [process.script.as_deref().unwrap_or_default(), &process.executable, &process.comm];
                (IdentityKind::Process, names.into_iter().find(|name| !name.is_empty())?)
            }
        };
        Some(Arc::new(Identity::new(kind, None, name)))
    }

    fn address(&self, _: IpAddr, _: Timestamp) -> Option<Arc<Identity>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use geophone_model::{fact::Pid, net::NetNs};

    use super::*;

    fn named(comm: &str, executable: &str, script: &str, unit: &str, container: &str) -> Option<String> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let process = ProcessFact {
            at: Timestamp::MIN,
            pid: Pid(1),
            parent: Pid(0),
            comm: comm.into(),
            executable: executable.into(),
            script: some(script),
            cgroup: String::new(),
            container: some(container),
            unit: some(unit),
            netns: NetNs(0),
        };
        KernelNames.process(&process).map(|identity| identity.id().to_string())
    }

    #[test]
    fn the_most_telling_name_wins() {
        let id = "4f9c2b7de01a4f9c2b7de01a4f9c2b7de01a4f9c2b7de01a4f9c2b7de01a4f9c";
        for (comm, executable, script, unit, container, name) in [
            ("nginx", "nginx", "", "nginx.service", id, "container~4f9c2b7de01a"),
            ("nginx", "nginx", "", "nginx.service", "", "unit~nginx.service"),
            ("python3", "python3.11", "manage.py", "", "", "process~manage.py"),
            ("redis-server", "redis-server", "", "", "", "process~redis-server"),
            ("worker", "", "", "", "", "process~worker"),
            ("x", "x", "", "", "short", "container~short"),
        ] {
            assert_eq!(named(comm, executable, script, unit, container).as_deref(), Some(name));
        }
        assert_eq!(named("", "", "", "", ""), None, "a process without any name is not known");
    }
}
