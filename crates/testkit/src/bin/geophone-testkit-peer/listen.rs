//! Listeners with what the standard library does not offer.

use std::{
    io,
    net::TcpListener,
    os::fd::{AsRawFd as _, FromRawFd as _, RawFd},
};

/// The first descriptor that a socket-activated service is given (sd_listen_fds(3)).
pub(crate) const FIRST_PASSED_FD: RawFd = 3;

/// Lets `listener` report a connection only when its first data is there: the kernel leaves the handshake's last
/// acknowledgement without an answer and makes the socket out of the data packet (tcp(7)).
pub(crate) fn defer_accept(listener: &TcpListener) -> io::Result<()> {
    let seconds: libc::c_int = 5;
    // SAFETY: the option's value is an integer of the length that is said.
    let set = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_DEFER_ACCEPT,
            (&raw const seconds).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The listener that was left to this process. To be called once.
pub(crate) fn passed() -> TcpListener {
    // SAFETY: whoever starts this program as an activated service leaves it this descriptor; nobody else uses it.
    unsafe { TcpListener::from_raw_fd(FIRST_PASSED_FD) }
}

/// Puts a listener where the next program will look for it. Makes no allocation, so that it may be called between fork and
/// exec.
pub(crate) fn pass(listener: RawFd) -> io::Result<()> {
    // SAFETY: plain system calls.
    let done = unsafe {
        if listener == FIRST_PASSED_FD {
            libc::fcntl(listener, libc::F_SETFD, 0)
        } else {
            libc::dup2(listener, FIRST_PASSED_FD)
        }
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Forks. `None` in the child. To be called while the process has one thread.
pub(crate) fn fork() -> io::Result<Option<libc::pid_t>> {
    // SAFETY: with one thread, the child has all that the parent had.
    match unsafe { libc::fork() } {
        0 => Ok(None),
        pid if pid > 0 => Ok(Some(pid)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Waits for a child's end.
pub(crate) fn wait(pid: libc::pid_t) -> io::Result<()> {
    // SAFETY: a plain system call that writes no status.
    if unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) } == pid { Ok(()) } else { Err(io::Error::last_os_error()) }
}
