//! As much of rtnetlink(7) as sets numbers of a device that older versions of `ip` do not know.

use std::{
    ffi::CString,
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

/// The largest packets that TCP may make of a stream over IPv6, that receiving may make of several, and the same over
/// IPv4: `IFLA_GSO_MAX_SIZE`, `IFLA_GRO_MAX_SIZE`, `IFLA_GSO_IPV4_MAX_SIZE` and `IFLA_GRO_IPV4_MAX_SIZE`
/// (include/uapi/linux/if_link.h).
pub(crate) const PACKET_SIZES: [u16; 4] = [41, 58, 63, 64];

/// Sets numbers of a device of the calling thread's network namespace. The kernel passes over numbers that it does not
/// know.
pub(crate) fn set_link(device: &str, numbers: &[(u16, u32)]) -> io::Result<()> {
    // SAFETY: plain system calls; the descriptor is nobody else's, and the name has its end.
    let (socket, index) = unsafe {
        let raw = libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, libc::NETLINK_ROUTE);
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        let socket = OwnedFd::from_raw_fd(raw);
        let name = CString::new(device)?;
        (socket, libc::if_nametoindex(name.as_ptr()))
    };
    if index == 0 {
        return Err(io::Error::last_os_error());
    }
    let request = request(index, numbers);
    // SAFETY: the buffer is as long as is said.
    let sent = unsafe { libc::send(socket.as_raw_fd(), request.as_ptr().cast(), request.len(), 0) };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    let mut answer = [0_u8; 1024];
    // SAFETY: the buffer is as long as is said.
    let received = unsafe { libc::recv(socket.as_raw_fd(), answer.as_mut_ptr().cast(), answer.len(), 0) };
    match acknowledgement(answer.get(..usize::try_from(received).unwrap_or(0)).unwrap_or_default()) {
        Some(0) => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(-error)),
        None => Err(io::Error::other(format!("netlink gave no answer about {device}"))),
    }
}

/// `struct nlmsghdr`, `struct ifinfomsg` and the attributes.
fn request(index: u32, numbers: &[(u16, u32)]) -> Vec<u8> {
    /// `RTM_NEWLINK`, and `NLM_F_REQUEST | NLM_F_ACK`.
    const SET_LINK: u16 = 16;
    const ACKNOWLEDGE: u16 = 0x5;
    /// Of a header, of `struct ifinfomsg`, and of an attribute with a number of 32 bits.
    const HEADER_LEN: usize = 16;
    const LINK_LEN: usize = 16;
    const NUMBER_LEN: u16 = 8;
    let len = HEADER_LEN + LINK_LEN + numbers.len() * usize::from(NUMBER_LEN);
    let mut bytes = Vec::with_capacity(len);
    bytes.extend(u32::try_from(len).expect("a handful of numbers").to_ne_bytes());
    bytes.extend(SET_LINK.to_ne_bytes());
    bytes.extend(ACKNOWLEDGE.to_ne_bytes());
    // Sequence number and port; then family and type of the device.
    bytes.extend([0; 8]);
    bytes.extend([0; 4]);
    bytes.extend(index.to_ne_bytes());
    // Flags, and which of them change.
    bytes.extend([0; 8]);
    for (attribute, number) in numbers {
        bytes.extend(NUMBER_LEN.to_ne_bytes());
        bytes.extend(attribute.to_ne_bytes());
        bytes.extend(number.to_ne_bytes());
    }
    bytes
}

/// The number in `struct nlmsgerr`, behind the header: zero, or that of an error, negative.
fn acknowledgement(answer: &[u8]) -> Option<i32> {
    /// `NLMSG_ERROR`
    const ERROR: [u8; 2] = 2_u16.to_ne_bytes();
    (answer.get(4..6)? == ERROR).then_some(())?;
    Some(i32::from_ne_bytes(answer.get(16..20)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_sets_a_number_or_says_why_not() {
        let refused = set_link("no-such-device", &[]).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::ENODEV));
        // No device carries packets of 4 GiB, and who is not root may not set anything.
        let refused = set_link("lo", &[(PACKET_SIZES[0], u32::MAX)]).unwrap_err();
        assert!(matches!(refused.raw_os_error(), Some(libc::EINVAL | libc::EPERM)), "{refused}");
    }

    #[test]
    fn an_acknowledgement_is_told_from_an_error() {
        let answer = |kind: u16, error: i32| {
            [&[36, 0, 0, 0], &kind.to_ne_bytes()[..], &[0; 10], &error.to_ne_bytes()[..], &[0; 16]].concat()
        };
        assert_eq!(acknowledgement(&answer(2, 0)), Some(0));
        assert_eq!(acknowledgement(&answer(2, -22)), Some(-22));
        assert_eq!(acknowledgement(&answer(16, 0)), None);
        assert_eq!(acknowledgement(&[]), None);
    }
}
