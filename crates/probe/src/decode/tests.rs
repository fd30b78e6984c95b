use proptest::prelude::*;

use super::*;

const CLOCK: Clock = Clock::with_offset_ns(1_000);

fn bytes_of<T: Plain>(value: &T) -> Vec<u8> {
    // SAFETY: the types have no padding (probe-common writes it out), so all their bytes are initialised.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast::<u8>(), size_of::<T>()) }.to_vec()
}

fn head_of_get() -> PacketHead {
    PacketHead {
        kind: Kind::Packet as u32,
        captured_len: 4,
        at_ns: 5,
        cookie: 77,
        netns: 4_026_531_840,
        payload_len: 10,
        captured_offset: 2,
        seq: 100,
        ack: 200,
        source: [0, 0, 0x0000_ffff_u32.to_be(), 0x7f00_0001_u32.to_be()],
        destination: [0, 0, 0x0000_ffff_u32.to_be(), 0x7f00_0001_u32.to_be()],
        source_port: 50_000,
        destination_port: 80,
        side: side::LOOPBACK,
        family: family::V6,
        transport: 6,
        tcp_flags: 0x18,
        cut: cut::UNWANTED,
        ..PacketHead::default()
    }
}

#[test]
fn a_packet_is_read_back() {
    let mut record = bytes_of(&head_of_get());
    record.extend_from_slice(b"T / and what the ring held before");
    let Item::Event(CaptureEvent::Packet(packet)) = decode(&record, CLOCK).unwrap() else { panic!("no packet") };
    assert_eq!(packet.at, Timestamp::from_ns(1_005));
    assert_eq!(packet.captured, b"T / ");
    assert_eq!(packet.destination.to_string(), "127.0.0.1:80", "v4-mapped");
    assert_eq!((packet.side, packet.cut), (Side::Loopback, Cut::Unwanted));
    assert_eq!(packet.tcp.unwrap().seq, 100);
}

#[test]
fn a_record_cut_anywhere_is_an_error() {
    let mut record = bytes_of(&head_of_get());
    record.extend_from_slice(b"T / ");
    for len in 0..record.len() {
        assert!(decode(&record[..len], CLOCK).is_err(), "{len} bytes");
    }
    assert!(decode(&record, CLOCK).is_ok());
}

#[test]
fn impossible_fields_are_named() {
    let check = |change: fn(&mut PacketHead), field| {
        let mut head = head_of_get();
        change(&mut head);
        let mut record = bytes_of(&head);
        record.resize(record.len() + 16, 0);
        assert_eq!(decode(&record, CLOCK), Err(DecodeError::Field(field)));
    };
    check(|head| head.family = 5, "address family");
    check(|head| head.transport = 1, "transport protocol");
    check(|head| head.side = 9, "side");
    check(|head| head.cut = 9, "cut");
    check(|head| head.captured_offset = 7, "captured length");
    assert_eq!(decode(&99u32.to_ne_bytes(), CLOCK), Err(DecodeError::UnknownKind(99)));
}

fn head_of_answer() -> ChunkHead {
    ChunkHead {
        kind: Kind::Chunk as u32,
        captured_len: 5,
        at_ns: 7,
        cookie: 78,
        offset: 5_000_000_000,
        len: 5,
        tgid: 43,
        netns: 4_026_531_840,
        local: [0x7f00_0001_u32.to_be(), 0, 0, 0],
        remote: [0x7f00_0002_u32.to_be(), 0, 0, 0],
        local_port: 80,
        remote_port: 50_000,
        outgoing: 1,
        family: family::V4,
        transport: 6,
        cut: cut::WHOLE,
    }
}

#[test]
fn a_call_is_read_back() {
    let mut record = bytes_of(&head_of_answer());
    record.extend_from_slice(b"HTTP/ and what the ring held before");
    let Item::Event(CaptureEvent::Chunk(chunk)) = decode(&record, CLOCK).unwrap() else { panic!("no chunk") };
    let expected = Chunk {
        at: Timestamp::from_ns(1_007),
        pid: Pid(43),
        netns: NetNs(4_026_531_840),
        cookie: SocketCookie::new(78).unwrap(),
        local: "127.0.0.1:80".parse().unwrap(),
        remote: "127.0.0.2:50000".parse().unwrap(),
        transport: Transport::Tcp,
        outgoing: true,
        offset: 5_000_000_000,
        len: 5,
        captured: b"HTTP/",
        cut: Cut::Whole,
    };
    assert_eq!(chunk, expected);
}

#[test]
fn a_gap_of_a_call_has_a_length_and_no_bytes() {
    let head = ChunkHead { captured_len: 0, len: 1 << 40, cut: cut::LOST, outgoing: 0, ..head_of_answer() };
    let record = bytes_of(&head);
    let Item::Event(CaptureEvent::Chunk(chunk)) = decode(&record, CLOCK).unwrap() else { panic!("no chunk") };
    assert_eq!((chunk.len, chunk.captured, chunk.cut, chunk.outgoing), (1 << 40, &b""[..], Cut::Lost, false));
}

#[test]
fn impossible_calls_are_named() {
    let check = |change: fn(&mut ChunkHead), error| {
        let mut head = head_of_answer();
        change(&mut head);
        let mut record = bytes_of(&head);
        record.resize(record.len() + 16, 0);
        assert_eq!(decode(&record, CLOCK), Err(error));
    };
    check(|head| head.cookie = 0, DecodeError::Field("cookie"));
    check(|head| head.len = 4, DecodeError::Field("captured length"));
    check(|head| head.family = 0, DecodeError::Field("address family"));
    check(|head| head.transport = 132, DecodeError::Field("transport protocol"));
    check(|head| head.cut = 3, DecodeError::Field("cut"));
    check(|head| (head.len, head.captured_len) = (17, 17), DecodeError::MissingPayload);
    let whole = bytes_of(&head_of_answer());
    assert_eq!(decode(&whole[..whole.len() - 1], CLOCK), Err(DecodeError::TooShort));
}

#[test]
fn socket_changes_name_the_process_only_where_it_is_the_owner() {
    let record = |old_state, new_state, remote_port| SocketRecord {
        kind: Kind::Socket as u32,
        cookie: 9,
        tgid: 7,
        old_state,
        new_state,
        family: family::V4,
        remote_port,
        ..SocketRecord::default()
    };
    let decoded = |record: SocketRecord| match decode(&bytes_of(&record), CLOCK).unwrap() {
        Item::Event(CaptureEvent::Socket(change)) => (change.change, change.pid, change.remote.is_some()),
        other => panic!("{other:?}"),
    };
    assert_eq!(decoded(record(7, state::LISTEN, 0)), (SocketState::Listening, Some(Pid(7)), false));
    assert_eq!(decoded(record(7, state::SYN_SENT, 80)), (SocketState::Connecting, Some(Pid(7)), true));
    assert_eq!(decoded(record(state::SYN_SENT, state::ESTABLISHED, 80)), (SocketState::Connected, None, true));
    assert_eq!(decoded(record(state::SYN_RECV, state::ESTABLISHED, 80)), (SocketState::Accepted, None, true));
    assert_eq!(decoded(record(4, state::CLOSE, 80)), (SocketState::Closed, None, true));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(kind in 0u32..7, mut record in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Some(first) = record.first_chunk_mut::<4>() {
            *first = kind.to_ne_bytes();
        }
        let _ = decode(&record, CLOCK);
    }
}

#[test]
fn what_the_kernel_says_of_processes_are_facts() {
    let at = Timestamp::from_ns(5);
    let mut exec = Exec { at, pid: Pid(7), comm: "nginx".into(), path: "/usr/sbin/nginx".into(), cgroup: 9 };
    let Fact::Process(process) = exec.fact() else { panic!("{:?}", exec.fact()) };
    assert_eq!((process.at, process.pid, process.comm.as_str()), (at, Pid(7), "nginx"));
    assert_eq!((process.executable.as_str(), process.cgroup.as_str()), ("nginx", ""));
    exec.path = String::new();
    assert!(matches!(exec.fact(), Fact::Process(process) if process.executable.is_empty()));
    assert_eq!(Exit { at, pid: Pid(7) }.fact(), Fact::ProcessExit { at, pid: Pid(7) });
}
