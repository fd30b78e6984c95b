//! The programs that run in the kernel: they look at packets or system calls, sockets and processes, and report records
//! through one ring.
//!
//! * [`packet`]: every TCP and UDP packet that leaves or reaches a socket (`cgroup_skb`).
//! * [`syscall`]: what system calls move through sockets, where packets cannot be seen (`sys_exit`).
//! * [`socket`]: sockets that begin to listen, connect, are accepted and closed (`inet_sock_set_state`).
//! * [`process`]: programs that start and processes that end (`sched_process_exec`, `sched_process_exit`).
//! * [`maps`]: the ring, the counters, the policy; [`globals`]: what the probe sets before it loads the programs.
//!
//! No packet is altered and none is dropped: every packet program returns 1.

#![no_std]
#![no_main]
#![feature(asm_experimental_arch, core_intrinsics)]
#![expect(internal_features, reason = "an atomic add is an intrinsic on this target, see `maps::count`")]

mod bytes;
mod globals;
mod maps;
mod own;
mod packet;
mod process;
mod sock;
mod socket;
mod syscall;

/// The licence that the kernel asks for: some helpers are for GPL-compatible programs only. The crate is `MIT OR GPL-2.0`.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // Never reached: the verifier refuses a program that could come here.
    loop {}
}
