//! What the program for system calls must know of the running kernel: the calls by their numbers, where their arguments
//! are, and the way from a descriptor to its socket.

use geophone_probe_common::syscall::{
    CALL_NUMBERS, Calls,
    call::{self, BUFFER, FLAGS_FOURTH, FLAGS_THIRD, MESSAGE, MESSAGES, OUTGOING, SENDFILE, SPLICE, VECTORS},
};

use crate::{
    btf::{Btf, BtfError},
    error::ProbeError,
};

/// Values for the globals of the kernel object that only this program reads, by symbol.
pub(crate) struct CallLayout {
    globals: Vec<(&'static str, u32)>,
    calls: Calls,
}

/// A global, the structure and the field whose offset it is.
const FIELDS: [(&str, &str, &str); 10] = [
    ("SKC_COOKIE", "sock_common", "skc_cookie"),
    ("INET_SPORT", "inet_sock", "inet_sport"),
    ("TASK_FILES", "task_struct", "files"),
    ("FILES_FDT", "files_struct", "fdt"),
    ("FDT_MAX_FDS", "fdtable", "max_fds"),
    ("FDT_FD", "fdtable", "fd"),
    ("FILE_INODE", "file", "f_inode"),
    ("FILE_PRIVATE", "file", "private_data"),
    ("INODE_MODE", "inode", "i_mode"),
    ("SOCKET_SK", "socket", "sk"),
];

/// Fields that the program takes from a copy of the beginning of `struct sock_common`, with their sizes.
const COPIED: [(&str, u32); 4] = [("skc_net", 8), ("skc_v6_daddr", 16), ("skc_v6_rcv_saddr", 16), ("skc_cookie", 8)];
/// How much it copies (`WholeCommon` in crates/probe-ebpf/src/sock.rs).
const COPIED_BYTES: u32 = 128;

/// The calls that move bytes through sockets. Positioned ones are among them: with the position −1 they are as good as
/// `readv` and `writev`.
const CALLS: [(libc::c_long, u8); 14] = [
    (libc::SYS_read, BUFFER),
    (libc::SYS_write, OUTGOING | BUFFER),
    (libc::SYS_readv, VECTORS),
    (libc::SYS_writev, OUTGOING | VECTORS),
    (libc::SYS_preadv2, VECTORS),
    (libc::SYS_pwritev2, OUTGOING | VECTORS),
    (libc::SYS_recvfrom, BUFFER | FLAGS_FOURTH),
    (libc::SYS_sendto, OUTGOING | BUFFER),
    (libc::SYS_recvmsg, MESSAGE | FLAGS_THIRD),
    (libc::SYS_sendmsg, OUTGOING | MESSAGE),
    (libc::SYS_recvmmsg, MESSAGES | FLAGS_FOURTH),
    (libc::SYS_sendmmsg, OUTGOING | MESSAGES),
    (libc::SYS_sendfile, OUTGOING | SENDFILE),
    (libc::SYS_splice, SPLICE),
];

impl CallLayout {
    /// The layout of a kernel with this type information.
    ///
    /// # Errors
    /// [`ProbeError::Attach`] with the reason why system calls cannot be captured: no type information, or a field that
    /// this kernel does not have.
    pub(crate) fn new(types: Result<&Btf, &BtfError>) -> Result<Self, ProbeError> {
        let unavailable = |error: &BtfError| ProbeError::Attach {
            hook: "the tracepoint sys_exit",
            reason: format!("{error}; capture packets instead"),
        };
        let types = types.map_err(unavailable)?;
        let globals = globals(types).map_err(|error| unavailable(&error))?;
        Ok(Self { globals, calls: table() })
    }

    pub(crate) fn globals(&self) -> impl Iterator<Item = (&'static str, &u32)> {
        self.globals.iter().map(|(name, value)| (*name, value))
    }

    /// How each call names its bytes, by number.
    pub(crate) fn table(&self) -> &[u8] {
        &self.calls
    }
}

fn globals(types: &Btf) -> Result<Vec<(&'static str, u32)>, BtfError> {
    let mut globals = vec![("OWN_TGID", std::process::id())];
    for (global, of, field) in FIELDS {
        globals.push((global, types.offset_of(of, field)?));
    }
    for (field, len) in COPIED {
        if types.offset_of("sock_common", field)? + len > COPIED_BYTES {
            let field = format!("{field} in its first {COPIED_BYTES} bytes");
            return Err(BtfError::NoField { of: "sock_common".to_owned(), field });
        }
    }
    globals.extend(machine::globals(types)?);
    Ok(globals)
}

fn table() -> Calls {
    let mut table = [call::NONE; CALL_NUMBERS];
    for (number, how) in CALLS {
        if let Some(entry) = usize::try_from(number).ok().and_then(|number| table.get_mut(number)) {
            *entry = how;
        }
    }
    table
}

/// Where the arguments of a call are, and what marks the calls of 32-bit programs (`TS_COMPAT`,
/// arch/x86/include/asm/thread_info.h).
#[cfg(target_arch = "x86_64")]
mod machine {
    use super::{Btf, BtfError};

    pub(super) fn globals(types: &Btf) -> Result<[(&'static str, u32); 7], BtfError> {
        let register = |name| types.offset_of("pt_regs", name);
        Ok([
            ("REGS_CALL", register("orig_ax")?),
            ("REGS_FIRST", register("di")?),
            ("REGS_SECOND", register("si")?),
            ("REGS_THIRD", register("dx")?),
            ("REGS_FOURTH", register("r10")?),
            ("TASK_COMPAT", types.offset_of("task_struct", "thread_info.status")?),
            ("COMPAT_BIT", 1 << 1),
        ])
    }
}

/// Where the arguments of a call are, the first apart because the result takes its register, and what marks the calls of
/// 32-bit programs (`TIF_32BIT`, arch/arm64/include/asm/thread_info.h).
#[cfg(target_arch = "aarch64")]
mod machine {
    use super::{Btf, BtfError};

    pub(super) fn globals(types: &Btf) -> Result<[(&'static str, u32); 7], BtfError> {
        let register = |name| types.offset_of("pt_regs", name);
        let registers = register("regs")?;
        Ok([
            ("REGS_CALL", register("syscallno")?),
            ("REGS_FIRST", register("orig_x0")?),
            ("REGS_SECOND", registers + 8),
            ("REGS_THIRD", registers + 16),
            ("REGS_FOURTH", registers + 24),
            ("TASK_COMPAT", types.offset_of("task_struct", "thread_info.flags")?),
            ("COMPAT_BIT", 1 << 22),
        ])
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod machine {
    use super::{Btf, BtfError};

    pub(super) fn globals(_: &Btf) -> Result<[(&'static str, u32); 7], BtfError> {
        Err(BtfError::NoStruct("pt_regs of a known machine".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_place_in_the_table() {
        let table = table();
        assert_eq!(table.iter().filter(|how| **how != call::NONE).count(), CALLS.len());
        let of = |number: libc::c_long| table[usize::try_from(number).unwrap()];
        assert_eq!(of(libc::SYS_write) & call::SHAPE, of(libc::SYS_read) & call::SHAPE);
        assert_eq!(of(libc::SYS_write) & OUTGOING, OUTGOING);
        assert_eq!(of(libc::SYS_close), call::NONE);
    }

    #[test]
    fn a_kernel_without_type_information_says_what_it_lacks() {
        let none = BtfError::Unreadable(std::io::ErrorKind::NotFound.into());
        let Err(error) = CallLayout::new(Err(&none)) else { panic!("there are no types") };
        let error = error.to_string();
        assert!(error.contains("sys_exit") && error.contains("CONFIG_DEBUG_INFO_BTF"), "{error}");
    }
}
