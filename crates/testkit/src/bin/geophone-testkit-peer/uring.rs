//! Accepting, reading and writing by io_uring.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    os::fd::{AsRawFd as _, FromRawFd as _},
};

use io_uring::{IoUring, opcode, squeue::Entry, types::Fd};

use crate::wire::Wire;

/// A ring that does one thing at a time.
pub(crate) struct Ring(IoUring);

impl Ring {
    pub(crate) fn new() -> io::Result<Self> {
        IoUring::new(4).map(Self)
    }

    pub(crate) fn accept(&mut self, listener: &TcpListener) -> io::Result<TcpStream> {
        let accept = opcode::Accept::new(Fd(listener.as_raw_fd()), std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the listener lives until the operation is over; no address is asked for.
        let raw = unsafe { self.run(&accept.build()) }?;
        // SAFETY: the kernel has just opened the descriptor for us.
        Ok(unsafe { TcpStream::from_raw_fd(raw) })
    }

    /// Submits an operation and waits for its result.
    ///
    /// # Safety
    /// What the operation points to must live until this returns.
    unsafe fn run(&mut self, operation: &Entry) -> io::Result<i32> {
        // SAFETY: by this function's own contract; the operation is over when it returns.
        unsafe { self.0.submission().push(operation) }.map_err(io::Error::other)?;
        self.0.submit_and_wait(1)?;
        let completed = self.0.completion().next().ok_or_else(|| io::Error::other("io_uring did nothing"))?;
        match completed.result() {
            result if result < 0 => Err(io::Error::from_raw_os_error(-result)),
            result => Ok(result),
        }
    }
}

/// A connection with a ring of its own.
pub(crate) struct UringWire {
    stream: TcpStream,
    ring: Ring,
}

impl UringWire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        Ok(Self { stream, ring: Ring::new()? })
    }
}

impl Read for UringWire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let receive = opcode::Recv::new(Fd(self.stream.as_raw_fd()), buffer.as_mut_ptr(), len).build();
        // SAFETY: the buffer and the stream are borrowed until the operation is over.
        unsafe { self.ring.run(&receive) }.map(|read| read as usize)
    }
}

impl Write for UringWire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let send = opcode::Send::new(Fd(self.stream.as_raw_fd()), bytes.as_ptr(), len).build();
        // SAFETY: the bytes and the stream are borrowed until the operation is over.
        unsafe { self.ring.run(&send) }.map(|written| written as usize)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire for UringWire {}
