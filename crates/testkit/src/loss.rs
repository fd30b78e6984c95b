//! Packets that are thrown away at the same hook as the probe's.

use crate::{
    bpf::{Attached, Counters, Direction, Instruction, code},
    cgroup::Cgroup,
};

/// Throws away one of so many packets with data to or from the sockets of a cgroup, until it is dropped.
///
/// All programs at a cgroup see a packet, whatever the others decide: the probe sees each of those that are thrown away.
/// * At [`Direction::Ingress`] they were on the wire and never reach their socket. Others reach it before them, and TCP
///   sends them again.
/// * At [`Direction::Egress`] they never leave. TCP is told so, takes them for not sent and tries again.
#[derive(Debug)]
pub struct Loss {
    counters: Counters,
    _attached: Attached,
}

/// The longest headers of a packet without data: 40 bytes of IPv6, 60 of TCP.
const HEADERS: i32 = 100;

impl Loss {
    /// Throws away one of `every` packets that are longer than headers alone can be.
    ///
    /// # Panics
    /// Where the kernel refuses the program, and if `every` is less than two: nothing would ever arrive.
    pub fn begin(cgroup: &Cgroup, direction: Direction, every: i32) -> Self {
        assert!(every > 1, "nothing would ever arrive");
        let counters = Counters::create().unwrap_or_else(|error| panic!("cannot make a map: {error}"));
        let attached = Attached::at(cgroup, direction, &program(&counters, every));
        let attached = attached.unwrap_or_else(|error| panic!("cannot attach a program that drops packets: {error}"));
        Self { counters, _attached: attached }
    }

    /// How many it has thrown away.
    ///
    /// # Panics
    /// If the program's counters cannot be read.
    pub fn packets(&self) -> u64 {
        let [_, dropped] = self.counters.read().unwrap_or_else(|error| panic!("cannot read what was dropped: {error}"));
        dropped
    }
}

/// ```text
/// if packet.len <= HEADERS { return PASS }
/// let seen = counters[0]++;
/// if seen % every != every - 1 { return PASS }
/// counters[1]++;
/// return DROP
/// ```
fn program(counters: &Counters, every: i32) -> Vec<Instruction> {
    const DROP: i32 = 0;
    const PASS: i32 = 1;
    /// `BPF_FUNC_map_lookup_elem`.
    const LOOKUP: i32 = 1;
    /// The offset of `len` in `struct __sk_buff`.
    const LEN: i16 = 0;
    /// The offsets of the counters.
    const SEEN: i16 = 0;
    const DROPPED: i16 = 8;
    /// The entry's key, on the stack.
    const KEY: i16 = -4;
    let [map, map_end] = Instruction::load_map(1, counters);
    vec![
        Instruction::new(code::LOAD_WORD, 2, 1, LEN, 0),
        Instruction::new(code::JUMP_UNLESS_GREATER, 2, 0, 15, HEADERS),
        Instruction::new(code::STORE_WORD, 10, 0, KEY, 0),
        Instruction::new(code::COPY, 2, 10, 0, 0),
        Instruction::new(code::ADD, 2, 0, 0, KEY.into()),
        map,
        map_end,
        Instruction::new(code::CALL, 0, 0, 0, LOOKUP),
        Instruction::new(code::JUMP_IF_EQUAL, 0, 0, 8, 0),
        Instruction::new(code::SET, 1, 0, 0, 1),
        Instruction::new(code::ATOMIC_ADD, 0, 1, SEEN, code::FETCH),
        Instruction::new(code::REMAINDER, 1, 0, 0, every),
        Instruction::new(code::JUMP_UNLESS_EQUAL, 1, 0, 4, every - 1),
        Instruction::new(code::SET, 1, 0, 0, 1),
        Instruction::new(code::ATOMIC_ADD, 0, 1, DROPPED, 0),
        Instruction::new(code::SET, 0, 0, 0, DROP),
        Instruction::new(code::EXIT, 0, 0, 0, 0),
        Instruction::new(code::SET, 0, 0, 0, PASS),
        Instruction::new(code::EXIT, 0, 0, 0, 0),
    ]
}
