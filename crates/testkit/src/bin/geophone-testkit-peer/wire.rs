//! How bytes reach the kernel.

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::TcpStream,
    os::fd::{AsRawFd as _, FromRawFd as _},
};

/// A connection that bodies can be sent over.
pub(crate) trait Wire: Read + Write {
    /// Sends `len` bytes of body.
    fn send_body(&mut self, len: usize) -> io::Result<()> {
        const PIECE: [u8; 16 << 10] = [b'g'; 16 << 10];
        let mut left = len;
        while left > 0 {
            let piece = &PIECE[..left.min(PIECE.len())];
            self.write_all(piece)?;
            left -= piece.len();
        }
        Ok(())
    }
}

impl Wire for TcpStream {}

/// Reads and writes by `readv` and `writev`, in two parts.
pub(crate) struct VectorWire(pub(crate) TcpStream);

impl Read for VectorWire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (first, second) = buffer.split_at_mut(buffer.len().min(PART));
        self.0.read_vectored(&mut [IoSliceMut::new(first), IoSliceMut::new(second)])
    }
}

impl Write for VectorWire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (first, second) = bytes.split_at(bytes.len().min(PART));
        self.0.write_vectored(&[IoSlice::new(first), IoSlice::new(second)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire for VectorWire {}

/// Bytes of the first of two parts: less than any head, so that there is always something in the second.
pub(crate) const PART: usize = 10;

/// Sends bodies out of a file, by `sendfile`.
pub(crate) struct SendfileWire {
    stream: TcpStream,
    file: File,
}

impl SendfileWire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        // SAFETY: the name is a string with its end.
        let raw = unsafe { libc::memfd_create(c"body".as_ptr(), libc::MFD_CLOEXEC) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor has just been opened and is nobody else's.
        Ok(Self { stream, file: unsafe { File::from_raw_fd(raw) } })
    }
}

impl Read for SendfileWire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for SendfileWire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Wire for SendfileWire {
    fn send_body(&mut self, len: usize) -> io::Result<()> {
        self.file.set_len(len as u64)?;
        let mut offset: libc::off_t = 0;
        while (offset as usize) < len {
            let left = len - offset as usize;
            let (to, from) = (self.stream.as_raw_fd(), self.file.as_raw_fd());
            // SAFETY: both descriptors are open and the offset is ours.
            let sent = unsafe { libc::sendfile(to, from, &raw mut offset, left) };
            if sent <= 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    }
}
