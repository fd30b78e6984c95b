//! Constants of the running kernel, which the probe writes into the object before it loads it.
//!
//! They live in `.rodata`, which is frozen at load: the verifier knows their values and removes the branches that they
//! close, so one object serves kernels that have a helper and kernels that do not.

use core::ptr::read_volatile;

use geophone_probe_common::{
    policy::MAX_OWN_LISTENERS,
    syscall::{CALL_NUMBERS, Calls, call},
};

/// Declares globals and a function to read each.
macro_rules! globals {
    ($($(#[$doc:meta])* $symbol:ident, $name:ident: $type:ty = $default:expr;)*) => {
        $(
            #[unsafe(no_mangle)]
            static $symbol: $type = $default;

            $(#[$doc])*
            #[inline(always)]
            pub fn $name() -> $type {
                // SAFETY: a reference to an initialised static; volatile, because the value is replaced at load.
                unsafe { read_volatile(&raw const $symbol) }
            }
        )*
    };
}

/// Marks the object's interface. The probe looks for the symbol by a name that ends in its own `ABI_VERSION`.
#[unsafe(no_mangle)]
#[used]
static GEOPHONE_ABI_3: u32 = geophone_probe_common::ABI_VERSION;

globals! {
    /// Whether the offsets below are those of the running kernel; without them there is no network namespace.
    HAS_SOCK_OFFSETS, has_sock_offsets: u32 = 0;
    /// `offsetof(struct sock_common, skc_net)`.
    SKC_NET, skc_net: u32 = 48;
    /// `offsetof(struct sock_common, skc_state)`.
    SKC_STATE, skc_state: u32 = 18;
    /// `offsetof(struct sock_common, skc_family)`.
    SKC_FAMILY, skc_family: u32 = 16;
    /// `offsetof(struct sock_common, skc_daddr)`.
    SKC_DADDR, skc_daddr: u32 = 0;
    /// `offsetof(struct sock_common, skc_rcv_saddr)`.
    SKC_RCV_SADDR, skc_rcv_saddr: u32 = 4;
    /// `offsetof(struct sock_common, skc_dport)`, network order.
    SKC_DPORT, skc_dport: u32 = 12;
    /// `offsetof(struct sock_common, skc_num)`, host order.
    SKC_NUM, skc_num: u32 = 14;
    /// `offsetof(struct sock_common, skc_v6_daddr)`.
    SKC_V6_DADDR, skc_v6_daddr: u32 = 56;
    /// `offsetof(struct sock_common, skc_v6_rcv_saddr)`.
    SKC_V6_RCV_SADDR, skc_v6_rcv_saddr: u32 = 72;
    /// `offsetof(struct net, ns.inum)`.
    NET_INUM, net_inum: u32 = 0;
    /// `offsetof(struct sock, sk_protocol)`.
    SK_PROTOCOL, sk_protocol: u32 = 0;
    /// `offsetof(struct linux_binprm, filename)`, zero where it is not known.
    BINPRM_FILENAME, binprm_filename: u32 = 0;
    /// `offsetof(struct sock_common, skc_cookie)`.
    SKC_COOKIE, skc_cookie: u32 = 88;
    /// `offsetof(struct inet_sock, inet_sport)`, network order.
    INET_SPORT, inet_sport: u32 = 0;
    /// Whether arrivals over the loopback device are reported too, because their departures may be out of sight.
    LOOPBACK_ARRIVALS, loopback_arrivals: u32 = 0;
    /// Inode number of the agent's own network namespace; zero where it is not known.
    OWN_NETNS, own_netns: u32 = 0;
    /// The ports that the agent itself listens at; zero for none.
    OWN_PORTS, own_ports: [u16; MAX_OWN_LISTENERS] = [0; MAX_OWN_LISTENERS];
    /// The agent's own process, as the initial process namespace counts it.
    OWN_TGID, own_tgid: u32 = 0;
    /// `offsetof(struct task_struct, files)`.
    TASK_FILES, task_files: u32 = 0;
    /// Offset in `struct task_struct` of the word that says that a task is in a call of a 32-bit program.
    TASK_COMPAT, task_compat: u32 = 0;
    /// The bit of that word.
    COMPAT_BIT, compat_bit: u32 = 0;
    /// `offsetof(struct files_struct, fdt)`.
    FILES_FDT, files_fdt: u32 = 0;
    /// `offsetof(struct fdtable, max_fds)`.
    FDT_MAX_FDS, fdt_max_fds: u32 = 0;
    /// `offsetof(struct fdtable, fd)`.
    FDT_FD, fdt_fd: u32 = 0;
    /// `offsetof(struct file, f_inode)`.
    FILE_INODE, file_inode: u32 = 0;
    /// `offsetof(struct file, private_data)`.
    FILE_PRIVATE, file_private: u32 = 0;
    /// `offsetof(struct inode, i_mode)`.
    INODE_MODE, inode_mode: u32 = 0;
    /// `offsetof(struct socket, sk)`.
    SOCKET_SK, socket_sk: u32 = 0;
    /// Offset in `struct pt_regs` of the system call's number.
    REGS_CALL, regs_call: u32 = 0;
    /// Offset in `struct pt_regs` of the first argument, as it was when the call began.
    REGS_FIRST, regs_first: u32 = 0;
    /// Offset in `struct pt_regs` of the second argument.
    REGS_SECOND, regs_second: u32 = 0;
    /// Offset in `struct pt_regs` of the third argument.
    REGS_THIRD, regs_third: u32 = 0;
    /// Offset in `struct pt_regs` of the fourth argument.
    REGS_FOURTH, regs_fourth: u32 = 0;
}

/// The system calls of the architecture.
#[unsafe(no_mangle)]
static CALLS: Calls = [call::NONE; CALL_NUMBERS];

/// How the system call with this number names its bytes.
#[inline(always)]
pub fn call(number: u32) -> u8 {
    if number as usize >= CALL_NUMBERS {
        return call::NONE;
    }
    // SAFETY: within the static; volatile, because the value is replaced at load.
    unsafe { read_volatile((&raw const CALLS).cast::<u8>().add(number as usize)) }
}
