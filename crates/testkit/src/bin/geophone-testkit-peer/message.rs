//! Reading and writing by `recvmsg`, `sendmsg` and their kin for several messages.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    os::fd::AsRawFd as _,
};

use crate::wire::{PART, Wire};

/// Reads and writes one message of two parts at a time.
pub(crate) struct MessageWire(pub(crate) TcpStream);

/// Reads and writes two messages of two parts at a time.
pub(crate) struct MessagesWire(pub(crate) TcpStream);

/// The parts of a message: one of [`PART`] bytes and the rest.
fn parts(begin: *const u8, len: usize) -> [libc::iovec; 2] {
    let first = len.min(PART);
    let part =
        |offset: usize, len| libc::iovec { iov_base: begin.wrapping_add(offset).cast_mut().cast(), iov_len: len };
    [part(0, first), part(first, len - first)]
}

fn header(parts: &mut [libc::iovec; 2]) -> libc::msghdr {
    // SAFETY: of all zeroes it has no address, no parts and no control data.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    (header.msg_iov, header.msg_iovlen) = (parts.as_mut_ptr(), parts.len() as _);
    header
}

fn moved(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

impl Read for MessageWire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut parts = parts(buffer.as_mut_ptr(), buffer.len());
        let mut header = header(&mut parts);
        // SAFETY: the parts are those of the buffer, which is ours to write.
        moved(unsafe { libc::recvmsg(self.0.as_raw_fd(), &raw mut header, 0) })
    }
}

impl Write for MessageWire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut parts = parts(bytes.as_ptr(), bytes.len());
        let header = header(&mut parts);
        // SAFETY: the parts are those of the bytes, which the kernel only reads.
        moved(unsafe { libc::sendmsg(self.0.as_raw_fd(), &raw const header, 0) })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire for MessageWire {}

/// How many bytes the first of two messages may have.
const FIRST_MESSAGE: usize = 25;

impl Read for MessagesWire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let first = buffer.len().min(FIRST_MESSAGE);
        let begin = buffer.as_mut_ptr();
        let mut of_first = parts(begin, first);
        let mut of_second = parts(begin.wrapping_add(first), buffer.len() - first);
        let mut messages =
            [&mut of_first, &mut of_second].map(|parts| libc::mmsghdr { msg_hdr: header(parts), msg_len: 0 });
        // SAFETY: the parts are those of the buffer, which is ours to write. It does not wait for the second message.
        let received = moved(unsafe {
            let flags = libc::MSG_WAITFORONE as _;
            libc::recvmmsg(self.0.as_raw_fd(), messages.as_mut_ptr(), 2, flags, std::ptr::null_mut()) as isize
        })?;
        let [mut len, second] = messages.map(|message| message.msg_len as usize);
        if received == 2 {
            // Should the first have been left in part, the second follows it all the same.
            buffer.copy_within(first..first + second, len);
            len += second;
        }
        Ok(len)
    }
}

impl Write for MessagesWire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let first = bytes.len().min(FIRST_MESSAGE);
        let begin = bytes.as_ptr();
        let mut of_first = parts(begin, first);
        let mut of_second = parts(begin.wrapping_add(first), bytes.len() - first);
        let mut messages =
            [&mut of_first, &mut of_second].map(|parts| libc::mmsghdr { msg_hdr: header(parts), msg_len: 0 });
        // SAFETY: the parts are those of the bytes, which the kernel only reads.
        let sent = moved(unsafe { libc::sendmmsg(self.0.as_raw_fd(), messages.as_mut_ptr(), 2, 0) as isize })?;
        Ok(messages[..sent].iter().map(|message| message.msg_len as usize).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire for MessagesWire {}
