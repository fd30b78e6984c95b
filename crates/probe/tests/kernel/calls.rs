//! The system calls, one wrapper each.

use std::{
    fs::File,
    io::{Seek, Write},
    net::TcpStream,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    ptr,
};

/// How many parts a vectored call is cut into; the second is empty.
const PARTS: usize = 4;

fn moved(result: isize) -> usize {
    usize::try_from(result).unwrap_or_else(|_| panic!("{}", std::io::Error::last_os_error()))
}

pub(crate) fn write(to: &impl AsRawFd, bytes: &[u8]) {
    // SAFETY: the buffer lives as long as the call.
    let len = moved(unsafe { libc::write(to.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) });
    assert_eq!(len, bytes.len(), "a blocking socket takes all");
}

/// Reads until `len` bytes are there, a part at a time: a full receive buffer can hold more than is looked at of one call.
pub(crate) fn read(from: &impl AsRawFd, len: usize) -> Vec<u8> {
    const MOST: usize = 100_000;
    until(len, |room| {
        let room_len = room.len().min(MOST);
        // SAFETY: the buffer lives as long as the call.
        moved(unsafe { libc::read(from.as_raw_fd(), room.as_mut_ptr().cast(), room_len) })
    })
}

fn until(len: usize, mut receive: impl FnMut(&mut [u8]) -> usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        let more = receive(&mut bytes[filled..]);
        assert!(more > 0, "the peer has closed after {filled} of {len} bytes");
        filled += more;
    }
    bytes
}

/// The parts of a buffer as the kernel wants them. The kernel does not write to those of a sending call.
fn parts(bytes: &[u8]) -> [libc::iovec; PARTS] {
    let (first, rest) = bytes.split_at(bytes.len() / 3);
    let (second, third) = rest.split_at(rest.len() / 2);
    [first, &[], second, third]
        .map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() })
}

fn parts_mut(bytes: &mut [u8]) -> [libc::iovec; PARTS] {
    let (first, rest) = bytes.split_at_mut(bytes.len() / 3);
    let middle = rest.len() / 2;
    let (second, third) = rest.split_at_mut(middle);
    [first, &mut [], second, third].map(|part| libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() })
}

pub(crate) fn writev(to: &TcpStream, bytes: &[u8]) {
    let parts = parts(bytes);
    // SAFETY: parts and bytes live as long as the call.
    assert_eq!(moved(unsafe { libc::writev(to.as_raw_fd(), parts.as_ptr(), PARTS as i32) }), bytes.len());
}

pub(crate) fn readv(from: &TcpStream, len: usize) -> Vec<u8> {
    until(len, |room| {
        let parts = parts_mut(room);
        // SAFETY: parts and bytes live as long as the call.
        moved(unsafe { libc::readv(from.as_raw_fd(), parts.as_ptr(), PARTS as i32) })
    })
}

/// `writev` of `count` equal parts.
pub(crate) fn writev_of(to: &TcpStream, bytes: &[u8], count: usize) {
    let parts: Vec<_> = bytes
        .chunks(bytes.len() / count)
        .map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() })
        .collect();
    assert_eq!(parts.len(), count);
    // SAFETY: parts and bytes live as long as the call.
    assert_eq!(moved(unsafe { libc::writev(to.as_raw_fd(), parts.as_ptr(), count as i32) }), bytes.len());
}

pub(crate) fn pwritev2(to: &TcpStream, bytes: &[u8]) {
    let parts = parts(bytes);
    // SAFETY: parts and bytes live as long as the call.
    let len = moved(unsafe { libc::pwritev2(to.as_raw_fd(), parts.as_ptr(), PARTS as i32, -1, 0) });
    assert_eq!(len, bytes.len());
}

pub(crate) fn preadv2(from: &TcpStream, len: usize) -> Vec<u8> {
    until(len, |room| {
        let parts = parts_mut(room);
        // SAFETY: parts and bytes live as long as the call.
        moved(unsafe { libc::preadv2(from.as_raw_fd(), parts.as_ptr(), PARTS as i32, -1, 0) })
    })
}

pub(crate) fn sendto(to: &impl AsRawFd, bytes: &[u8]) {
    // SAFETY: the buffer lives as long as the call, and no address is given.
    let len = moved(unsafe {
        libc::sendto(to.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL, ptr::null(), 0)
    });
    assert_eq!(len, bytes.len());
}

/// One `recvfrom` with these flags into `room`; says what the call returned.
pub(crate) fn recvfrom_once(from: &impl AsRawFd, room: &mut [u8], flags: i32) -> usize {
    // SAFETY: the buffer lives as long as the call, and no address is asked for.
    moved(unsafe {
        let room_len = room.len();
        libc::recvfrom(from.as_raw_fd(), room.as_mut_ptr().cast(), room_len, flags, ptr::null_mut(), ptr::null_mut())
    })
}

/// Looks at what is there before it takes it.
pub(crate) fn recvfrom(from: &impl AsRawFd, len: usize) -> Vec<u8> {
    until(len, |room| {
        recvfrom_once(from, room, libc::MSG_PEEK);
        recvfrom_once(from, room, 0)
    })
}

/// Throws `len` bytes away that it never sees.
pub(crate) fn discard(from: &TcpStream, len: usize) {
    until(len, |room| recvfrom_once(from, room, libc::MSG_TRUNC));
}

fn message(parts: &mut [libc::iovec; PARTS]) -> libc::msghdr {
    // SAFETY: a structure of integers and pointers, for which zeroes are a value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = parts.as_mut_ptr();
    message.msg_iovlen = PARTS as _;
    message
}

pub(crate) fn sendmsg(to: &TcpStream, bytes: &[u8]) {
    let mut parts = parts(bytes);
    let message = message(&mut parts);
    // SAFETY: message, parts and bytes live as long as the call.
    assert_eq!(moved(unsafe { libc::sendmsg(to.as_raw_fd(), &raw const message, 0) }), bytes.len());
}

/// Looks at what is there before it takes it.
pub(crate) fn recvmsg(from: &TcpStream, len: usize) -> Vec<u8> {
    until(len, |room| {
        let mut parts = parts_mut(room);
        let mut message = message(&mut parts);
        // SAFETY: message, parts and bytes live as long as the calls.
        unsafe {
            moved(libc::recvmsg(from.as_raw_fd(), &raw mut message, libc::MSG_PEEK));
            moved(libc::recvmsg(from.as_raw_fd(), &raw mut message, 0))
        }
    })
}

/// Two messages, of which the first has a third of the bytes.
pub(crate) fn sendmmsg(to: &TcpStream, bytes: &[u8]) {
    let (first, second) = bytes.split_at(bytes.len() / 3);
    let (mut first, mut second) = (parts(first), parts(second));
    let mut messages = [&mut first, &mut second].map(|parts| libc::mmsghdr { msg_hdr: message(parts), msg_len: 0 });
    // SAFETY: messages, parts and bytes live as long as the call.
    let sent = unsafe { libc::sendmmsg(to.as_raw_fd(), messages.as_mut_ptr(), 2, 0) };
    assert_eq!((sent, messages[0].msg_len as usize + messages[1].msg_len as usize), (2, bytes.len()));
}

/// Two messages, each with room for half of what is missing.
pub(crate) fn recvmmsg(from: &TcpStream, len: usize) -> Vec<u8> {
    // What is there already fills both messages, whole: the stream has no hole between them.
    let mut peeked = vec![0; len];
    while recvfrom_once(from, &mut peeked, libc::MSG_PEEK) < len {}
    until(len, |room| {
        let middle = room.len() / 2;
        let (first, second) = room.split_at_mut(middle);
        let (mut first, mut second) = (parts_mut(first), parts_mut(second));
        let mut messages = [&mut first, &mut second].map(|parts| libc::mmsghdr { msg_hdr: message(parts), msg_len: 0 });
        // SAFETY: messages, parts and bytes live as long as the call; it waits for no time limit.
        let received = unsafe { libc::recvmmsg(from.as_raw_fd(), messages.as_mut_ptr(), 2, 0, ptr::null_mut()) };
        assert_eq!(received, 2);
        messages.iter().map(|message| message.msg_len as usize).sum()
    })
}

fn file_with(bytes: &[u8]) -> File {
    // SAFETY: the name is a string, and the descriptor is nobody else's.
    let mut file = unsafe { File::from_raw_fd(libc::memfd_create(c"bytes".as_ptr(), 0)) };
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

pub(crate) fn sendfile(to: &TcpStream, bytes: &[u8]) {
    let file = file_with(bytes);
    // SAFETY: two open descriptors.
    let len = unsafe { libc::sendfile(to.as_raw_fd(), file.as_raw_fd(), ptr::null_mut(), bytes.len()) };
    assert_eq!(moved(len), bytes.len());
}

fn pipe() -> [OwnedFd; 2] {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors, which are nobody else's.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        ends.map(|end| OwnedFd::from_raw_fd(end))
    }
}

fn splice_once(from: &impl AsRawFd, to: &impl AsRawFd, len: usize) -> usize {
    // SAFETY: two open descriptors, and no offsets.
    moved(unsafe { libc::splice(from.as_raw_fd(), ptr::null_mut(), to.as_raw_fd(), ptr::null_mut(), len, 0) })
}

/// From a file into a pipe and from there into the socket. `bytes` must find room in the pipe.
pub(crate) fn splice_out(to: &TcpStream, bytes: &[u8]) {
    let (file, [reading, writing]) = (file_with(bytes), pipe());
    assert_eq!(splice_once(&file, &writing, bytes.len()), bytes.len());
    assert_eq!(splice_once(&reading, to, bytes.len()), bytes.len());
}

/// From the socket into a pipe, and read from there.
pub(crate) fn splice_in(from: &TcpStream, len: usize) -> Vec<u8> {
    let [reading, writing] = pipe();
    let mut filled = 0;
    while filled < len {
        filled += splice_once(from, &writing, len - filled);
    }
    read(&reading, len)
}

/// Has the kernel give a socket its cookie.
pub(crate) fn name(socket: &impl AsRawFd) {
    let mut cookie = 0u64;
    let mut len = size_of_val(&cookie) as libc::socklen_t;
    let to = (&raw mut cookie).cast();
    // SAFETY: room for the cookie, whose size is given.
    let failed = unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_COOKIE, to, &raw mut len) };
    assert!(failed == 0 && cookie != 0);
}
