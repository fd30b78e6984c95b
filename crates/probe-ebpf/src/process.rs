//! Programs that start and processes that end.
//!
//! A process that lives for a few milliseconds is gone before anybody can look it up in `/proc`; what names it is taken
//! here: the path that it was started by, and its cgroup. Arguments are not.

use aya_ebpf::{
    cty::c_void,
    helpers::{
        bpf_get_current_cgroup_id, bpf_get_current_pid_tgid, bpf_ktime_get_ns,
        generated::{bpf_get_current_comm, bpf_probe_read_kernel_str},
    },
    macros::btf_tracepoint,
    programs::BtfTracePointContext,
};
use geophone_probe_common::{
    counter,
    process::{ExecRecord, ExitRecord},
    record::Kind,
};

use crate::{
    globals,
    maps::{NO_WAKEUP, RING, count},
    sock::read_kernel,
};

/// `TP_PROTO(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)`, include/trace/events/sched.h.
#[btf_tracepoint(function = "sched_process_exec")]
pub fn sched_process_exec(ctx: BtfTracePointContext) -> i32 {
    let bprm: *const c_void = ctx.arg(2);
    let Some(mut entry) = RING.reserve::<ExecRecord>(0) else {
        count(counter::RECORDS_LOST, 1);
        return 0;
    };
    let record = entry.as_mut_ptr();
    // SAFETY: the reservation has the record's size, and every field is written before it is submitted; `path` by the
    // helper up to its zero byte, or by the first statement if that fails. The helpers have no preconditions.
    unsafe {
        (*record).path[0] = 0;
        (*record).kind = Kind::Exec as u32;
        (*record).tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
        (*record).at_ns = bpf_ktime_get_ns();
        (*record).cgroup = bpf_get_current_cgroup_id();
        let comm = &raw mut (*record).comm;
        bpf_get_current_comm(comm.cast(), size_of_val(&*comm) as u32);
        if globals::binprm_filename() != 0
            && let Some(path) = read_kernel::<u64>(bprm as u64 + u64::from(globals::binprm_filename()))
        {
            let to = (&raw mut (*record).path).cast();
            bpf_probe_read_kernel_str(to, size_of_val(&(*record).path) as u32, path as *const c_void);
        }
    }
    entry.submit(NO_WAKEUP);
    count(counter::RECORDS, 1);
    0
}

/// `TP_PROTO(struct task_struct *p)`; it is called for every thread.
#[btf_tracepoint(function = "sched_process_exit")]
pub fn sched_process_exit(_: BtfTracePointContext) -> i32 {
    let id = bpf_get_current_pid_tgid();
    let (tgid, tid) = ((id >> 32) as u32, id as u32);
    if tgid != tid {
        return 0;
    }
    let Some(mut entry) = RING.reserve::<ExitRecord>(0) else {
        count(counter::RECORDS_LOST, 1);
        return 0;
    };
    // SAFETY: a helper without preconditions.
    let at_ns = unsafe { bpf_ktime_get_ns() };
    entry.write(ExitRecord { kind: Kind::Exit as u32, tgid, at_ns });
    entry.submit(NO_WAKEUP);
    count(counter::RECORDS, 1);
    0
}
