//! From a file descriptor of the current task to the kernel's socket.
//!
//! What the verifier can follow is read directly: the task, its table of files. From the table on, whose entries it has no
//! types for, reading goes through a helper.

use aya_ebpf::{cty::c_void, helpers::generated::bpf_get_current_task_btf};

use crate::{globals, sock::read_kernel};

/// File types in `i_mode` (include/uapi/linux/stat.h).
const S_IFMT: u16 = 0o170_000;
const S_IFSOCK: u16 = 0o140_000;

/// What a descriptor stands for.
pub enum Descriptor {
    /// The address of a `struct sock`.
    Socket(u64),
    /// A file, a pipe or anything else.
    NoSocket,
    /// Nothing any more.
    Closed,
}

/// Whether the current call is of a 32-bit program.
#[inline(always)]
pub fn is_compat() -> bool {
    // SAFETY: the current task's, which the verifier knows.
    let word: u32 = unsafe { field(task(), globals::task_compat()) };
    word & globals::compat_bit() != 0
}

/// What the descriptor of the current task stands for.
#[inline(always)]
pub fn find(descriptor: u64) -> Descriptor {
    // A register is wider than the `int` that the call takes.
    let descriptor = descriptor as u32;
    let Some(file) = file(descriptor) else { return Descriptor::Closed };
    match socket_of(file) {
        Some(sock) => Descriptor::Socket(sock),
        None => Descriptor::NoSocket,
    }
}

/// The address of the `struct file` behind a descriptor.
#[inline(always)]
fn file(descriptor: u32) -> Option<u64> {
    // SAFETY: each of them is not null, and of a type that the verifier knows. The table may be replaced meanwhile, but it is
    // freed by RCU only, which waits for this program.
    let (files, capacity) = unsafe {
        let files: *const c_void = field(task(), globals::task_files());
        if files.is_null() {
            return None;
        }
        let table: *const c_void = field(files, globals::files_fdt());
        if table.is_null() {
            return None;
        }
        let capacity: u32 = field(table, globals::fdt_max_fds());
        (field::<u64>(table, globals::fdt_fd()), capacity)
    };
    if descriptor >= capacity {
        return None;
    }
    read_kernel::<u64>(files + u64::from(descriptor) * 8).filter(|file| *file != 0)
}

/// The address of the `struct sock` of a `struct file`, if it is a socket's.
#[inline(always)]
fn socket_of(file: u64) -> Option<u64> {
    let inode: u64 = read_kernel(file + u64::from(globals::file_inode()))?;
    let mode: u16 = read_kernel(inode + u64::from(globals::inode_mode()))?;
    if mode & S_IFMT != S_IFSOCK {
        return None;
    }
    let socket: u64 = read_kernel(file + u64::from(globals::file_private()))?;
    let sock: u64 = read_kernel(socket + u64::from(globals::socket_sk()))?;
    (sock != 0).then_some(sock)
}

#[inline(always)]
fn task() -> *const c_void {
    // SAFETY: a helper without preconditions.
    unsafe { bpf_get_current_task_btf() }.cast()
}

/// Reads a field through a pointer whose type the verifier knows.
///
/// # Safety
/// The structure has a field of this type at this offset; the verifier checks it.
#[inline(always)]
unsafe fn field<T: Copy>(of: *const c_void, offset: u32) -> T {
    // SAFETY: as promised.
    unsafe { of.byte_add(offset as usize).cast::<T>().read_volatile() }
}
