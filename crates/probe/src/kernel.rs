//! What the kernel programs must know of the running kernel's sockets.

use crate::btf::{Btf, BtfError};

/// Values for the globals of the kernel object, by symbol.
pub(crate) struct SocketLayout {
    globals: Vec<(&'static str, u32)>,
}

/// A global, the structure and the field whose offset it is.
const SOCKET_FIELDS: [(&str, &str, &str); 11] = [
    ("SKC_NET", "sock_common", "skc_net"),
    ("SKC_STATE", "sock_common", "skc_state"),
    ("SKC_FAMILY", "sock_common", "skc_family"),
    ("SKC_DADDR", "sock_common", "skc_daddr"),
    ("SKC_RCV_SADDR", "sock_common", "skc_rcv_saddr"),
    ("SKC_DPORT", "sock_common", "skc_dport"),
    ("SKC_NUM", "sock_common", "skc_num"),
    ("SKC_V6_DADDR", "sock_common", "skc_v6_daddr"),
    ("SKC_V6_RCV_SADDR", "sock_common", "skc_v6_rcv_saddr"),
    ("NET_INUM", "net", "ns.inum"),
    ("SK_PROTOCOL", "sock", "sk_protocol"),
];

impl SocketLayout {
    /// The layout of a kernel with the type information `btf`, or one without any offset.
    ///
    /// # Errors
    /// A field of a socket that the kernel does not have.
    pub(crate) fn new(btf: Option<&Btf>) -> Result<Self, BtfError> {
        let mut globals = Vec::new();
        let Some(btf) = btf else { return Ok(Self { globals }) };
        for (global, of, field) in SOCKET_FIELDS {
            globals.push((global, btf.offset_of(of, field)?));
        }
        globals.push(("HAS_SOCK_OFFSETS", 1));
        if let Ok(offset) = btf.offset_of("linux_binprm", "filename") {
            globals.push(("BINPRM_FILENAME", offset));
        }
        Ok(Self { globals })
    }

    pub(crate) fn globals(&self) -> impl Iterator<Item = (&'static str, &u32)> {
        self.globals.iter().map(|(name, value)| (*name, value))
    }
}
