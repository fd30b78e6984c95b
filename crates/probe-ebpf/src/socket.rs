//! Sockets that begin to listen, connect, are accepted and closed.

use aya_ebpf::{
    cty::c_void,
    helpers::{
        bpf_get_current_pid_tgid, bpf_ktime_get_ns,
        generated::{bpf_get_current_comm, bpf_get_socket_cookie},
    },
    macros::btf_tracepoint,
    programs::BtfTracePointContext,
};
use geophone_probe_common::{
    counter,
    record::Kind,
    socket::{SocketRecord, state},
};

use crate::{
    maps::{NO_WAKEUP, RING, count},
    sock::Sock,
};

const IPPROTO_TCP: u16 = 6;

/// `TP_PROTO(const struct sock *sk, const int oldstate, const int newstate)`, include/trace/events/sock.h.
#[btf_tracepoint(function = "inet_sock_set_state")]
pub fn inet_sock_set_state(ctx: BtfTracePointContext) -> i32 {
    let _ = changed(&ctx);
    0
}

#[inline(always)]
fn changed(ctx: &BtfTracePointContext) -> Option<()> {
    let sock: *const c_void = ctx.arg(0);
    let old_state: i32 = ctx.arg(1);
    let new_state: i32 = ctx.arg(2);
    let (old_state, new_state) = (old_state as u8, new_state as u8);
    if !matters(old_state, new_state) {
        return None;
    }
    let sk = Sock::new(sock)?;
    // The tracepoint serves MPTCP, DCCP and SCTP as well.
    if sk.protocol() != IPPROTO_TCP {
        return None;
    }
    let family = sk.family()?;
    let Some(mut entry) = RING.reserve::<SocketRecord>(0) else {
        count(counter::RECORDS_LOST, 1);
        return None;
    };
    let record = entry.as_mut_ptr();
    // SAFETY: the reservation has the record's size and every field is written, one by one because the whole would not fit
    // on a program's stack. The helpers have no preconditions; the socket is the one that the tracepoint was called with.
    unsafe {
        (*record).kind = Kind::Socket as u32;
        (*record).netns = sk.netns();
        (*record).at_ns = bpf_ktime_get_ns();
        (*record).cookie = bpf_get_socket_cookie(sock.cast_mut());
        (*record).tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
        (*record).old_state = old_state;
        (*record).new_state = new_state;
        (*record).family = family;
        (*record).padding = 0;
        (*record).local = sk.local(family);
        (*record).remote = sk.remote(family);
        (*record).local_port = sk.local_port();
        (*record).remote_port = sk.remote_port();
        (*record).padding_2 = 0;
        let comm = &raw mut (*record).comm;
        bpf_get_current_comm(comm.cast(), size_of_val(&*comm) as u32);
    }
    entry.submit(NO_WAKEUP);
    count(counter::RECORDS, 1);
    Some(())
}

/// Handshakes and the many ways of closing do not matter: who listens, connects, is connected and is gone does.
#[inline(always)]
fn matters(old_state: u8, new_state: u8) -> bool {
    match new_state {
        state::LISTEN | state::SYN_SENT | state::CLOSE => true,
        state::ESTABLISHED => old_state == state::SYN_SENT || old_state == state::SYN_RECV,
        _ => false,
    }
}
