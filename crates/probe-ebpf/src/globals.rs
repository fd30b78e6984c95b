//! Constants of the running kernel, which the probe writes into the object before it loads it.
//!
//! They live in `.rodata`, which is frozen at load: the verifier knows their values and removes the branches that they
//! close, so one object serves kernels that have a helper and kernels that do not.

use core::ptr::read_volatile;

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
static GEOPHONE_ABI_1: u32 = geophone_probe_common::ABI_VERSION;

globals! {
    /// Whether `cgroup_skb` programs may ask for the current task (since Linux 6.10).
    HAS_CURRENT_TASK, has_current_task: u32 = 0;
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
}
