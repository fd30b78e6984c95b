//! As much of bpf(2) as a program of a dozen instructions needs: an array map, the program, and its place at a cgroup.

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
};

use crate::cgroup::Cgroup;

/// An instruction (`struct bpf_insn`, include/uapi/linux/bpf.h): the registers are the destination in the lower half and
/// the source in the upper.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Instruction {
    code: u8,
    registers: u8,
    offset: i16,
    immediate: i32,
}

/// What the code of an instruction is put together from (include/uapi/linux/bpf_common.h and bpf.h).
pub(crate) mod code {
    /// `BPF_LDX | BPF_MEM | BPF_W`: destination = the word at source + offset.
    pub(crate) const LOAD_WORD: u8 = 0x61;
    /// `BPF_ST | BPF_MEM | BPF_W`: the word at destination + offset = immediate.
    pub(crate) const STORE_WORD: u8 = 0x62;
    /// `BPF_LD | BPF_IMM | BPF_DW`: destination = a number of 64 bits, in two instructions.
    pub(crate) const LOAD_LONG: u8 = 0x18;
    /// `BPF_STX | BPF_ATOMIC | BPF_DW`: adds the source to the long at destination + offset. With [`FETCH`] as immediate,
    /// the source becomes what was there before.
    pub(crate) const ATOMIC_ADD: u8 = 0xdb;
    /// `BPF_FETCH`, with `BPF_ADD`, which is zero.
    pub(crate) const FETCH: i32 = 1;
    /// `BPF_ALU64 | BPF_MOV | BPF_X`.
    pub(crate) const COPY: u8 = 0xbf;
    /// `BPF_ALU64 | BPF_MOV | BPF_K`.
    pub(crate) const SET: u8 = 0xb7;
    /// `BPF_ALU64 | BPF_ADD | BPF_K`.
    pub(crate) const ADD: u8 = 0x07;
    /// `BPF_ALU64 | BPF_MOD | BPF_K`.
    pub(crate) const REMAINDER: u8 = 0x97;
    /// `BPF_JMP | BPF_JEQ | BPF_K`.
    pub(crate) const JUMP_IF_EQUAL: u8 = 0x15;
    /// `BPF_JMP | BPF_JNE | BPF_K`.
    pub(crate) const JUMP_UNLESS_EQUAL: u8 = 0x55;
    /// `BPF_JMP | BPF_JLE | BPF_K`.
    pub(crate) const JUMP_UNLESS_GREATER: u8 = 0xb5;
    /// `BPF_JMP | BPF_CALL`.
    pub(crate) const CALL: u8 = 0x85;
    /// `BPF_JMP | BPF_EXIT`.
    pub(crate) const EXIT: u8 = 0x95;
}

impl Instruction {
    pub(crate) const fn new(code: u8, destination: u8, source: u8, offset: i16, immediate: i32) -> Self {
        Self { code, registers: source << 4 | destination, offset, immediate }
    }

    /// Loads the address of a map.
    pub(crate) fn load_map(destination: u8, map: &Counters) -> [Self; 2] {
        /// `BPF_PSEUDO_MAP_FD`: the number is a descriptor.
        const MAP_DESCRIPTOR: u8 = 1;
        let low = Self::new(code::LOAD_LONG, destination, MAP_DESCRIPTOR, 0, map.0.as_raw_fd());
        [low, Self::new(0, 0, 0, 0, 0)]
    }
}

/// A map with one entry, at zero: as many numbers as are counted.
#[derive(Debug)]
pub(crate) struct Counters(OwnedFd);

/// How many numbers there are.
const NUMBERS: usize = 2;

impl Counters {
    pub(crate) fn create() -> io::Result<Self> {
        #[repr(C)]
        struct Create {
            kind: u32,
            key_size: u32,
            value_size: u32,
            max_entries: u32,
        }
        const BPF_MAP_CREATE: libc::c_int = 0;
        const BPF_MAP_TYPE_ARRAY: u32 = 2;
        let value_size = size_of::<[u64; NUMBERS]>() as u32;
        let create = Create { kind: BPF_MAP_TYPE_ARRAY, key_size: 4, value_size, max_entries: 1 };
        // SAFETY: the attributes hold no pointers; the result is a descriptor that nobody else has.
        unsafe { Ok(Self(OwnedFd::from_raw_fd(bpf(BPF_MAP_CREATE, &create)?))) }
    }

    pub(crate) fn read(&self) -> io::Result<[u64; NUMBERS]> {
        #[repr(C)]
        struct Lookup {
            map: u32,
            padding: u32,
            key: u64,
            value: u64,
            flags: u64,
        }
        const BPF_MAP_LOOKUP_ELEM: libc::c_int = 1;
        let (key, mut value) = (0_u32, [0; NUMBERS]);
        let lookup = Lookup {
            map: self.0.as_raw_fd().unsigned_abs(),
            padding: 0,
            key: (&raw const key).expose_provenance() as u64,
            value: (&raw mut value).expose_provenance() as u64,
            flags: 0,
        };
        // SAFETY: key and value live until the call is over, and have the sizes that the map was made with.
        unsafe { bpf(BPF_MAP_LOOKUP_ELEM, &lookup) }?;
        Ok(value)
    }
}

/// Which packets of a cgroup's sockets a program is asked about (`enum bpf_attach_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Direction {
    /// Those that are about to reach a socket.
    Ingress = 0,
    /// Those that are about to leave it.
    Egress = 1,
}

/// A `cgroup_skb` program at a cgroup, beside others'. Dropping it takes it away.
#[derive(Debug)]
pub(crate) struct Attached {
    _link: OwnedFd,
}

impl Attached {
    pub(crate) fn at(cgroup: &Cgroup, direction: Direction, instructions: &[Instruction]) -> io::Result<Self> {
        #[repr(C)]
        struct Create {
            program: u32,
            target: u32,
            attach_type: u32,
            flags: u32,
        }
        const BPF_LINK_CREATE: libc::c_int = 28;
        let program = load(direction, instructions)?;
        let target = std::fs::File::open(cgroup.path())?;
        let create = Create {
            program: program.as_raw_fd().unsigned_abs(),
            target: target.as_raw_fd().unsigned_abs(),
            attach_type: direction as u32,
            flags: 0,
        };
        // SAFETY: the attributes hold no pointers; the result is a descriptor that nobody else has. The link keeps the
        // program.
        unsafe { Ok(Self { _link: OwnedFd::from_raw_fd(bpf(BPF_LINK_CREATE, &create)?) }) }
    }
}

/// Loads a program; an error tells what the verifier said.
fn load(direction: Direction, instructions: &[Instruction]) -> io::Result<OwnedFd> {
    #[repr(C)]
    struct Load {
        kind: u32,
        instructions: u32,
        instructions_at: u64,
        license: u64,
        log_level: u32,
        log_len: u32,
        log: u64,
        kernel_version: u32,
        flags: u32,
        name: [u8; 16],
        device: u32,
        attach_type: u32,
    }
    const BPF_PROG_LOAD: libc::c_int = 5;
    const BPF_PROG_TYPE_CGROUP_SKB: u32 = 8;
    let mut log = vec![0_u8; 64 << 10];
    let load = Load {
        kind: BPF_PROG_TYPE_CGROUP_SKB,
        instructions: u32::try_from(instructions.len()).expect("a dozen instructions"),
        instructions_at: instructions.as_ptr().expose_provenance() as u64,
        license: c"MIT OR Apache-2.0".as_ptr().expose_provenance() as u64,
        log_level: 1,
        log_len: u32::try_from(log.len()).expect("64 KiB"),
        log: log.as_mut_ptr().expose_provenance() as u64,
        kernel_version: 0,
        flags: 0,
        name: *b"geophone_loss\0\0\0",
        device: 0,
        attach_type: direction as u32,
    };
    // SAFETY: instructions, licence and log live until the call is over and have the lengths that are said; the result is a
    // descriptor that nobody else has.
    let loaded = unsafe { bpf(BPF_PROG_LOAD, &load).map(|raw| OwnedFd::from_raw_fd(raw)) };
    loaded.map_err(|error| {
        let said = log.split(|byte| *byte == 0).next().unwrap_or_default();
        io::Error::new(
            error.kind(),
            format!("the kernel refused the program: {error}\n{}", String::from_utf8_lossy(said)),
        )
    })
}

/// Calls bpf(2). The kernel takes the fields that it is not given for zero.
///
/// # Safety
/// What the attributes point to must be valid for what the command does with it.
unsafe fn bpf<T>(command: libc::c_int, attributes: &T) -> io::Result<RawFd> {
    // SAFETY: the attributes are as long as is said; the rest is the caller's promise.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attributes), size_of::<T>()) };
    match RawFd::try_from(result) {
        Ok(result) if result >= 0 => Ok(result),
        _ => Err(io::Error::last_os_error()),
    }
}
