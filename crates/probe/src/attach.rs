//! Attaching the kernel programs.

use std::fs::File;

use aya::{
    Ebpf,
    programs::{BtfTracePoint, CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, ProgramError},
};

use crate::{
    error::ProbeError,
    hook::{Hook, HookState},
};

/// The kernel's types as the loader needs them, or why there are none.
pub(crate) type Types = Result<aya::Btf, String>;

/// Attaches what shows packets. The capture is nothing without it.
pub(crate) fn packets(kernel: &mut Ebpf, cgroup: &File) -> Result<Vec<Hook>, ProbeError> {
    const HOOKS: [(&str, &str, CgroupSkbAttachType, &str); 2] = [
        ("packet_egress", "cgroup_skb/egress", CgroupSkbAttachType::Egress, "packets that leave a socket"),
        ("packet_ingress", "cgroup_skb/ingress", CgroupSkbAttachType::Ingress, "packets that reach a socket"),
    ];
    let mut hooks = Vec::new();
    for (program, hook, direction, purpose) in HOOKS {
        let attach = || -> Result<(), ProgramError> {
            let program: &mut CgroupSkb = kernel.program_mut(program).ok_or(ProgramError::NotLoaded)?.try_into()?;
            program.load()?;
            // "Single" makes a link, which lives beside other programs at the same cgroup; the other modes are refused
            // for a link.
            program.attach(cgroup, direction, CgroupAttachMode::Single).map(|_| ())
        };
        attach_result(attach).map_err(|reason| ProbeError::Attach { hook, reason })?;
        hooks.push(Hook { name: hook, purpose, state: HookState::Attached });
    }
    Ok(hooks)
}

/// Attaches what shows system calls, and names what they do not show. The capture is nothing without it.
pub(crate) fn calls(kernel: &mut Ebpf, types: &Types) -> Result<Vec<Hook>, ProbeError> {
    const UNSEEN: [(&str, &str, &str); 2] = [
        (
            "io_uring",
            "what is sent and received through it",
            "its work does not pass through system calls: capture packets",
        ),
        ("32-bit programs", "what they send and receive", "their system calls have other numbers: capture packets"),
    ];
    tracepoint(kernel, "sys_exit", types)
        .map_err(|reason| ProbeError::Attach { hook: "the tracepoint sys_exit", reason })?;
    let purpose = "what system calls read from sockets and write to them";
    let mut hooks = vec![Hook { name: "sys_exit", purpose, state: HookState::Attached }];
    hooks.extend(UNSEEN.map(|(name, purpose, reason)| Hook {
        name,
        purpose,
        state: HookState::Absent(reason.to_owned()),
    }));
    Ok(hooks)
}

/// Attaches what adds to the picture. Each hook stands for itself.
pub(crate) fn tracepoints(kernel: &mut Ebpf, types: &Types) -> Vec<Hook> {
    const HOOKS: [(&str, &str); 3] = [
        ("inet_sock_set_state", "who connects and listens"),
        ("sched_process_exec", "programs that start"),
        ("sched_process_exit", "processes that end"),
    ];
    HOOKS
        .into_iter()
        .map(|(name, purpose)| {
            let state = tracepoint(kernel, name, types).map_or_else(HookState::Absent, |()| HookState::Attached);
            Hook { name, purpose, state }
        })
        .collect()
}

/// Attaches the program that has the tracepoint's name.
fn tracepoint(kernel: &mut Ebpf, name: &'static str, types: &Types) -> Result<(), String> {
    let types = types.as_ref().map_err(Clone::clone)?;
    attach_result(|| {
        let program: &mut BtfTracePoint = kernel.program_mut(name).ok_or(ProgramError::NotLoaded)?.try_into()?;
        program.load(name, types)?;
        program.attach().map(|_| ())
    })
}

/// Runs `attach`; an error becomes one line, with the end of the verifier's log where there is one.
fn attach_result(attach: impl FnOnce() -> Result<(), ProgramError>) -> Result<(), String> {
    const LOG_LINES: usize = 12;
    attach().map_err(|error| match error {
        ProgramError::LoadError { io_error, verifier_log } => {
            let log = verifier_log.to_string();
            let lines: Vec<_> = log.lines().rev().filter(|line| !line.trim().is_empty()).take(LOG_LINES).collect();
            let log: Vec<_> = lines.into_iter().rev().collect();
            format!("the kernel refused the program: {io_error}\n{}", log.join("\n")).trim_end().to_owned()
        }
        other => chain(&other),
    })
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let error_text = error.to_string();
        if !text.contains(&error_text) {
            text.push_str(": ");
            text.push_str(&error_text);
        }
        cause = error.source();
    }
    text
}
