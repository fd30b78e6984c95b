//! Every TCP and UDP packet that leaves or reaches a socket of the cgroup.
//!
//! The program runs in the sender's context, in a softirq, or in a softirq that interrupted the former, so it keeps its
//! state on its stack and in the record that it writes.

mod emit;
mod header;

use aya_ebpf::{
    helpers::generated::{bpf_get_socket_cookie, bpf_ktime_get_ns},
    macros::cgroup_skb,
    programs::SkBuffContext,
};
use geophone_probe_common::{
    counter,
    packet::{PacketHead, side},
    policy::{self, Skip, Wanted},
    record::Kind,
    socket::state,
};

use self::header::{Header, Outcome};
use crate::{
    bytes::opaque,
    globals,
    maps::{Counts, POLICY, count},
    own,
    sock::{self, Owner},
};

/// The packet goes on its way.
const PASS: i32 = 1;

/// Index of the loopback device in every network namespace (`LOOPBACK_IFINDEX`, include/net/flow.h).
const LOOPBACK_IFINDEX: u32 = 1;

const TCP_FIN_SYN_RST: u8 = 0x01 | 0x02 | 0x04;

/// What leaves a socket.
#[cgroup_skb]
pub fn packet_egress(ctx: SkBuffContext) -> i32 {
    // SAFETY: the kernel gives a valid `__sk_buff`.
    let loopback = unsafe { (*ctx.skb.skb).ifindex } == LOOPBACK_IFINDEX;
    // Without the barrier the verifier walks everything once for each side.
    let side = opaque(if loopback { u64::from(side::LOOPBACK) } else { u64::from(side::EGRESS) });
    observe::<false>(&ctx, side as u8);
    PASS
}

/// What reaches a socket.
#[cgroup_skb]
pub fn packet_ingress(ctx: SkBuffContext) -> i32 {
    // SAFETY: the kernel gives a valid `__sk_buff`.
    let loopback = unsafe { (*ctx.skb.skb).ifindex } == LOOPBACK_IFINDEX;
    if loopback && globals::loopback_arrivals() == 0 {
        count(counter::PACKETS_SEEN, 1);
        count(counter::PACKETS_LOOPBACK_ARRIVAL, 1);
    } else {
        let side = opaque(if loopback { u64::from(side::LOOPBACK) } else { u64::from(side::INGRESS) });
        observe::<true>(&ctx, side as u8);
    }
    PASS
}

#[inline(always)]
fn observe<const ARRIVES: bool>(ctx: &SkBuffContext, side: u8) {
    let Some(counts) = Counts::of_this_cpu() else { return };
    counts.add(counter::PACKETS_SEEN, 1);
    let outcome = match header::read(ctx) {
        Ok(header) => report::<ARRIVES>(ctx, &header, side, counts),
        Err(outcome) => outcome,
    };
    counts.add(outcome, 1);
}

/// Reports a packet, or says by which counter it is not reported.
#[inline(always)]
fn report<const ARRIVES: bool>(ctx: &SkBuffContext, header: &Header, side: u8, counts: Counts) -> Outcome {
    let control = header.is_tcp() && header.tcp_flags & TCP_FIN_SYN_RST != 0;
    if header.is_tcp() && header.payload_len == 0 && !control {
        return counter::PACKETS_EMPTY;
    }
    let Owner { netns, state } = owner(ctx);
    if is_own(header, netns, side) {
        return counter::PACKETS_OWN;
    }
    counts.add(counter::BYTES_SEEN, u64::from(header.payload_len));
    // Over the loopback device a record speaks of the socket that sent, and this one is the other.
    let is_others = ARRIVES && side == side::LOOPBACK;
    let cookie = if is_others || is_listener(state) {
        0
    } else {
        // SAFETY: the kernel gives a valid `__sk_buff`.
        unsafe { bpf_get_socket_cookie(ctx.skb.skb.cast()) }
    };
    let wanted = skip(cookie, side).wanted(header.seq, header.payload_len);
    if wanted == Wanted::Nothing {
        counts.add(counter::BYTES_UNWANTED, u64::from(header.payload_len));
        if !control {
            return counter::PACKETS_UNWANTED;
        }
    }
    let head = PacketHead {
        kind: Kind::Packet as u32,
        captured_len: 0,
        // SAFETY: a helper without preconditions.
        at_ns: unsafe { bpf_ktime_get_ns() },
        cookie,
        netns,
        payload_len: header.payload_len,
        captured_offset: 0,
        seq: header.seq,
        ack: header.ack,
        source: header.source,
        destination: header.destination,
        source_port: header.source_port,
        destination_port: header.destination_port,
        side,
        family: header.family,
        transport: header.transport,
        tcp_flags: header.tcp_flags,
        cut: 0,
        padding: 0,
        padding_2: 0,
    };
    emit::packet(ctx, &head, header.payload_offset, wanted, counts)
}

/// Whether the socket at the hook, or over the loopback device either end, is one of the agent's listeners or was accepted by it.
#[inline(always)]
fn is_own(header: &Header, netns: u32, side: u8) -> bool {
    let sent = side != side::INGRESS && own::is_listener(netns, header.source_port);
    let received = side != side::EGRESS && own::is_listener(netns, header.destination_port);
    sent || received
}

#[inline(always)]
fn owner(ctx: &SkBuffContext) -> Owner {
    // SAFETY: the kernel gives a valid `__sk_buff`.
    let sock = unsafe { (*ctx.skb.skb).__bindgen_anon_2.sk };
    if sock.is_null() { Owner::default() } else { sock::owner(sock.cast()) }
}

/// Whether the socket is a listener, whose cookie names no connection: while a handshake is under way its packets belong
/// to a request socket, for which the kernel runs the programs of the listener.
#[inline(always)]
fn is_listener(state: u8) -> bool {
    matches!(state, state::LISTEN | state::NEW_SYN_RECV)
}

#[inline(always)]
fn skip(cookie: u64, side: u8) -> Skip {
    // SAFETY: the entry may be replaced while it is read, but it is a word that is read at once.
    unsafe { POLICY.get(policy::key(cookie, side == side::INGRESS)) }.copied().unwrap_or_default()
}
