//! Reading `struct sock`, at offsets that the probe took from the running kernel's BTF.

use core::mem::MaybeUninit;

use aya_ebpf::{
    cty::c_void,
    helpers::generated::{bpf_probe_read_kernel, bpf_skc_to_tcp_sock},
};
use geophone_probe_common::record::{Address, family};

use crate::globals;

/// What a packet needs of its socket.
#[derive(Clone, Copy, Default)]
pub struct Owner {
    /// Inode number of its network namespace; zero where it cannot be told.
    pub netns: u32,
    /// Its TCP state; zero where it cannot be told.
    pub state: u8,
}

impl Owner {
    /// The verifier knows the type of what the helper gave, so its fields are loaded like any memory, which takes a tenth of
    /// the time of two calls of `bpf_probe_read_kernel`. It wants offsets that are constants, which those of `globals` are.
    #[inline(always)]
    fn of_tcp(sock: *const u8) -> Self {
        // SAFETY: the kernel makes a load of its own memory that fails give zero.
        unsafe {
            let net = sock.byte_add(globals::skc_net() as usize).cast::<*const u8>().read_volatile();
            Self {
                netns: net.byte_add(globals::net_inum() as usize).cast::<u32>().read_volatile(),
                state: sock.byte_add(globals::skc_state() as usize).read_volatile(),
            }
        }
    }
}

/// Reads state and namespace of the socket of a packet.
#[inline(always)]
pub fn owner(sock: *mut c_void) -> Owner {
    if globals::has_sock_offsets() == 0 {
        return Owner::default();
    }
    // SAFETY: the helper takes any socket; of one that is none of TCP, or not a whole one yet, it makes null.
    let tcp = unsafe { bpf_skc_to_tcp_sock(sock) };
    if !tcp.is_null() {
        return Owner::of_tcp(tcp.cast());
    }
    // Up to and with the pointer to the network namespace.
    let Some(common) = Common::<8>::read(sock) else { return Owner::default() };
    Owner { netns: common.netns(), state: common.field(globals::skc_state()) }
}

/// The first words of a `struct sock_common`, copied at once.
///
/// The pointer goes to the helper as it is, and the fields are taken from the copy: the verifier allows no arithmetic on a
/// pointer to a socket, and one call of the helper costs less than one for each field.
pub struct Common<const WORDS: usize>(MaybeUninit<[u64; WORDS]>);

/// Up to and with the cookie.
pub type WholeCommon = Common<16>;

impl<const WORDS: usize> Common<WORDS> {
    #[inline(always)]
    pub fn read(sock: *const c_void) -> Option<Self> {
        let mut words = MaybeUninit::<[u64; WORDS]>::uninit();
        // SAFETY: the destination has the size that is given; the helper checks the source, and writes all of it if it
        // succeeds.
        let failed = unsafe { bpf_probe_read_kernel(words.as_mut_ptr().cast(), (WORDS * 8) as u32, sock) };
        (failed == 0).then_some(Self(words))
    }

    #[inline(always)]
    pub fn netns(&self) -> u32 {
        netns_inum(self.field(globals::skc_net()))
    }

    /// Its address family: 4, 6, or `None` for any other.
    #[inline(always)]
    pub fn family(&self) -> Option<u8> {
        family_of(self.field(globals::skc_family()))
    }

    #[inline(always)]
    pub fn cookie(&self) -> u64 {
        self.field(globals::skc_cookie())
    }

    /// Its own port, host order.
    #[inline(always)]
    pub fn local_port(&self) -> u16 {
        self.field(globals::skc_num())
    }

    /// The other end's port, host order.
    #[inline(always)]
    pub fn remote_port(&self) -> u16 {
        u16::from_be(self.field(globals::skc_dport()))
    }

    /// Its own address.
    #[inline(always)]
    pub fn local(&self, family: u8) -> Address {
        self.address(family, globals::skc_rcv_saddr(), globals::skc_v6_rcv_saddr())
    }

    /// The other end's address.
    #[inline(always)]
    pub fn remote(&self, family: u8) -> Address {
        self.address(family, globals::skc_daddr(), globals::skc_v6_daddr())
    }

    #[inline(always)]
    fn address(&self, family: u8, v4: u32, v6: u32) -> Address {
        if family == family::V6 { self.field(v6) } else { widen(self.field(v4)) }
    }

    /// A field, or zero if it lies behind what was copied: the probe looks at the offsets before it loads a program.
    #[inline(always)]
    fn field<T: Copy + Default>(&self, offset: u32) -> T {
        let offset = offset as usize;
        if offset + size_of::<T>() > WORDS * 8 {
            return T::default();
        }
        // SAFETY: within the words, all of which are written. A field lies at a multiple of its size.
        unsafe { self.0.as_ptr().byte_add(offset).cast::<T>().read() }
    }
}

/// Inode number of the network namespace of a `struct net`.
#[inline(always)]
fn netns_inum(net: u64) -> u32 {
    read_kernel(net + u64::from(globals::net_inum())).unwrap_or(0)
}

/// A `struct sock` that a tracepoint gave, whose fields are read one by one.
#[derive(Clone, Copy)]
pub struct Sock(u64);

impl Sock {
    /// The socket at `sock`; `None` where the layout of the running kernel's sockets is not known.
    #[inline(always)]
    pub fn new(sock: *const c_void) -> Option<Self> {
        (globals::has_sock_offsets() != 0).then_some(Self(sock as u64))
    }

    /// The socket at an address that was found in the kernel's memory, by a program that is loaded only if the layout is known.
    #[inline(always)]
    pub fn at(sock: u64) -> Self {
        Self(sock)
    }

    /// Its transport protocol, as IP numbers them.
    #[inline(always)]
    pub fn protocol(self) -> u16 {
        self.field(globals::sk_protocol())
    }

    /// Inode number of its network namespace.
    #[inline(always)]
    pub fn netns(self) -> u32 {
        netns_inum(self.field(globals::skc_net()))
    }

    /// Its address family: 4, 6, or `None` for any other.
    #[inline(always)]
    pub fn family(self) -> Option<u8> {
        family_of(self.field(globals::skc_family()))
    }

    /// Its own port, host order.
    #[inline(always)]
    pub fn local_port(self) -> u16 {
        self.field(globals::skc_num())
    }

    /// Its own port, host order, which it keeps when it has given it back.
    #[inline(always)]
    pub fn source_port(self) -> u16 {
        u16::from_be(self.field(globals::inet_sport()))
    }

    /// The other end's port, host order.
    #[inline(always)]
    pub fn remote_port(self) -> u16 {
        u16::from_be(self.field(globals::skc_dport()))
    }

    /// Its own address.
    #[inline(always)]
    pub fn local(self, family: u8) -> Address {
        self.address(family, globals::skc_rcv_saddr(), globals::skc_v6_rcv_saddr())
    }

    /// The other end's address.
    #[inline(always)]
    pub fn remote(self, family: u8) -> Address {
        self.address(family, globals::skc_daddr(), globals::skc_v6_daddr())
    }

    #[inline(always)]
    fn address(self, family: u8, v4: u32, v6: u32) -> Address {
        if family == family::V6 { self.field(v6) } else { widen(self.field(v4)) }
    }

    #[inline(always)]
    fn field<T: Copy + Default>(self, offset: u32) -> T {
        read_kernel(self.0 + u64::from(offset)).unwrap_or_default()
    }
}

#[inline(always)]
fn family_of(family: u16) -> Option<u8> {
    const AF_INET: u16 = 2;
    const AF_INET6: u16 = 10;
    match family {
        AF_INET => Some(family::V4),
        AF_INET6 => Some(family::V6),
        _ => None,
    }
}

/// Reads a value of the kernel's memory.
#[inline(always)]
pub fn read_kernel<T: Copy + Default>(address: u64) -> Option<T> {
    let mut value = MaybeUninit::<T>::uninit();
    let (to, len) = (value.as_mut_ptr().cast(), size_of::<T>() as u32);
    // SAFETY: the destination has the size that is given; the helper checks the source.
    let failed = unsafe { bpf_probe_read_kernel(to, len, address as *const c_void) };
    // SAFETY: without a failure the helper has written all bytes, and any are a value of the integers that are read.
    (failed == 0).then(|| unsafe { value.assume_init() })
}

/// An IPv4 address in the field of an IPv6 one.
#[inline(always)]
pub fn widen(v4: u32) -> Address {
    [v4, 0, 0, 0]
}
