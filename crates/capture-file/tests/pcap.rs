//! pcap and pcapng files, built byte by byte: both byte orders, every way to say a time, and what is wrong with them.

use geophone_capture_file::{Damage, Item, ReadError, Source, dissect::LinkType, pcap::Reader, synthetic};
use geophone_model::{
    capture::{CaptureEvent, Cut, Packet, Side, TcpFlags, TcpHeader},
    ledger::LedgerRow,
    net::NetNs,
    time::Timestamp,
};
use proptest::prelude::*;

/// Builds a file in one of the byte orders.
#[derive(Clone, Default)]
struct File {
    big: bool,
    bytes: Vec<u8>,
}

impl File {
    fn new(big: bool) -> Self {
        Self { big, bytes: Vec::new() }
    }

    fn u16(&mut self, value: u16) {
        self.bytes.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn u64(&mut self, value: u64) {
        self.bytes.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn classic(big: bool, magic: u32, link: u32) -> Self {
        let mut file = Self::new(big);
        file.u32(magic);
        [2, 4].into_iter().for_each(|part| file.u16(part));
        [0, 0, 64, link].into_iter().for_each(|part| file.u32(part));
        file
    }

    fn classic_packet(&mut self, seconds: u32, fraction: u32, frame: &[u8], wire_len: u32) {
        [seconds, fraction, frame.len() as u32, wire_len].into_iter().for_each(|part| self.u32(part));
        self.bytes.extend_from_slice(frame);
    }

    /// A block whose body `body` writes.
    fn block(&mut self, kind: u32, body: impl FnOnce(&mut Self)) {
        let mut inner = Self::new(self.big);
        body(&mut inner);
        inner.pad();
        self.u32(kind);
        self.u32(inner.bytes.len() as u32 + 12);
        self.bytes.extend_from_slice(&inner.bytes);
        self.u32(inner.bytes.len() as u32 + 12);
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        self.u16(code);
        self.u16(value.len() as u16);
        self.bytes.extend_from_slice(value);
        self.pad();
    }

    fn section(&mut self) {
        self.block(0x0a0d_0d0a, |body| {
            body.u32(0x1a2b_3c4d);
            [1, 0].into_iter().for_each(|part| body.u16(part));
            body.u64(u64::MAX);
        });
    }

    fn interface(&mut self, link: LinkType, snap_len: u32, resolution: Option<u8>, offset: Option<i64>) {
        self.block(1, |body| {
            body.u16(link.0);
            body.u16(0);
            body.u32(snap_len);
            body.option(2, b"eth0");
            if let Some(resolution) = resolution {
                body.option(9, &[resolution]);
            }
            if let Some(offset) = offset {
                let mut value = Self::new(body.big);
                value.u64(offset as u64);
                body.option(14, &value.bytes);
            }
            body.option(0, &[]);
        });
    }

    fn enhanced(&mut self, interface: u32, units: u64, frame: &[u8], wire_len: u32) {
        self.block(6, |body| {
            let [high, low] = [(units >> 32) as u32, units as u32];
            [interface, high, low, frame.len() as u32, wire_len].into_iter().for_each(|part| body.u32(part));
            body.bytes.extend_from_slice(frame);
            body.pad();
            body.option(2, &[0, 0, 0, 1]);
            body.option(0, &[]);
        });
    }

    fn statistics(&mut self, interface: u32, units: u64, if_drop: u64, os_drop: u64) {
        self.block(5, |body| {
            [interface, (units >> 32) as u32, units as u32].into_iter().for_each(|part| body.u32(part));
            for (code, count) in [(5, if_drop), (7, os_drop)] {
                let mut value = Self::new(body.big);
                value.u64(count);
                body.option(code, &value.bytes);
            }
            body.option(0, &[]);
        });
    }
}

fn packet(payload: &[u8]) -> Packet<'_> {
    Packet {
        at: Timestamp::MIN,
        side: Side::Tap,
        netns: NetNs::default(),
        cookie: None,
        source: "10.0.0.1:40000".parse().unwrap(),
        destination: "10.0.0.2:80".parse().unwrap(),
        tcp: Some(TcpHeader { seq: 7, ack: 9, flags: TcpFlags::ACK }),
        payload_len: payload.len() as u32,
        captured_offset: 0,
        captured: payload,
        cut: Cut::Whole,
    }
}

fn frame(link: LinkType, payload: &[u8]) -> Vec<u8> {
    synthetic::frame(link, &packet(payload)).unwrap().0
}

/// What a file gives, a line each: `time payload` for packets, `time lost n` for drops.
fn read(bytes: &[u8]) -> (Vec<String>, Option<ReadError>, Option<LedgerRow>) {
    let mut reader = match Reader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Some(error), None),
    };
    let mut lines = Vec::new();
    let error = loop {
        match reader.next() {
            Ok(Some(CaptureEvent::Packet(packet))) => {
                let text = String::from_utf8_lossy(packet.captured);
                let missing = packet.payload_len as usize - packet.captured.len();
                assert_eq!(packet.cut == Cut::Lost, missing > 0);
                lines.push(format!("{} {text}{}", packet.at, ".".repeat(missing)));
            }
            Ok(Some(CaptureEvent::Loss(loss))) => lines.push(format!("{} lost {}", loss.at, loss.records)),
            Ok(Some(other)) => panic!("{other:?} is not in such a file"),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let ledger = reader.ledger();
    assert_eq!(ledger.imbalance(), 0);
    (lines, error, Some(ledger))
}

fn check(bytes: &[u8], expected: &[&str]) {
    let (lines, error, _) = read(bytes);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(lines, expected);
}

#[test]
fn classic_files_are_read_in_both_orders_and_units() {
    for big in [false, true] {
        let mut file = File::classic(big, 0xa1b2_c3d4, 1);
        file.classic_packet(3, 999_999, &frame(LinkType::ETHERNET, b"micro"), 59);
        check(&file.bytes, &["3.999999000 micro"]);

        let mut file = File::classic(big, 0xa1b2_3c4d, 1);
        file.classic_packet(u32::MAX, 999_999_999, &frame(LinkType::ETHERNET, b"nano"), 58);
        check(&file.bytes, &["4294967295.999999999 nano"]);
    }
}

#[test]
fn a_frame_check_sequence_is_not_payload() {
    // 0x1400_0001: four bytes of it follow each frame, and the link is Ethernet.
    let mut file = File::classic(false, 0xa1b2_c3d4, 0x1400_0001);
    let with_fcs = [frame(LinkType::ETHERNET, b"x"), vec![1, 2, 3, 4]].concat();
    file.classic_packet(0, 0, &with_fcs, with_fcs.len() as u32);
    check(&file.bytes, &["0.000000000 x"]);
}

#[test]
fn every_link_type_is_read_from_both_formats() {
    let links = [0, 1, 12, 14, 101, 108, 113, 228, 276];
    let mut sections = File::new(false);
    sections.section();
    for (index, link) in links.map(LinkType).into_iter().enumerate() {
        let as_written = if [12, 14].contains(&link.0) { LinkType::RAW } else { link };
        let frame = frame(as_written, b"hello");
        let mut file = File::classic(false, 0xa1b2_c3d4, link.0.into());
        file.classic_packet(1, 0, &frame, frame.len() as u32);
        check(&file.bytes, &["1.000000000 hello"]);

        sections.interface(link, 0, None, None);
        sections.enhanced(index as u32, 1_000_000, &frame, frame.len() as u32);
    }
    check(&sections.bytes, &["1.000000000 hello"; 9]);
}

#[test]
fn a_snapshot_length_leaves_a_loss_behind() {
    let frame = frame(LinkType::ETHERNET, b"snapped");
    let mut file = File::classic(false, 0xa1b2_c3d4, 1);
    file.classic_packet(0, 0, &frame[..frame.len() - 4], frame.len() as u32);
    file.classic_packet(0, 0, &frame[..50], frame.len() as u32);
    let (lines, _, ledger) = read(&file.bytes);
    assert_eq!(lines, ["0.000000000 sna...."]);
    assert_eq!(ledger.unwrap().to_string(), "decode packets: seen 2 = passed 1 + header_cut 1");
}

#[test]
fn interfaces_have_resolutions_and_offsets_of_their_own() {
    for big in [false, true] {
        let mut file = File::new(big);
        file.section();
        let frame = frame(LinkType::RAW, b"x");
        let units = [
            (None, None, 1_500_000, "1.500000000 x"),
            (Some(9), None, 1_500_000_001, "1.500000001 x"),
            (Some(3), Some(1_000), 1_500, "1001.500000000 x"),
            (Some(0), Some(-5), 7, "2.000000000 x"),
            (Some(0x80 | 10), None, 1_536, "1.500000000 x"),
            (Some(12), None, 1_500_000_000_999, "1.500000000 x"),
            (Some(9), Some(-5), 1, "0.000000000 x"),
            (Some(0), Some(i64::MAX), u64::MAX, "18446744073.709551615 x"),
        ];
        for (index, (resolution, offset, units, _)) in units.into_iter().enumerate() {
            file.interface(LinkType::RAW, 0, resolution, offset);
            file.enhanced(index as u32, units, &frame, frame.len() as u32);
        }
        check(&file.bytes, &units.map(|(_, _, _, line)| line));
    }
}

#[test]
fn a_resolution_that_no_clock_has_is_refused() {
    for resolution in [20, 0x7f, 0xc0, 0xff] {
        let mut file = File::new(false);
        file.section();
        file.interface(LinkType::RAW, 0, Some(resolution), None);
        let error = read(&file.bytes).1.unwrap();
        assert!(error.to_string().starts_with("malformed interface description: its if_tsresol"), "{error}");
    }
}

#[test]
fn a_new_section_forgets_the_interfaces_and_may_turn_the_bytes() {
    let frame = frame(LinkType::RAW, b"x");
    let mut file = File::new(false);
    file.section();
    file.interface(LinkType::RAW, 0, None, None);
    file.enhanced(0, 1_000_000, &frame, frame.len() as u32);
    file.big = true;
    file.section();
    file.interface(LinkType::RAW, 0, Some(0), None);
    file.enhanced(0, 2, &frame, frame.len() as u32);
    file.section();
    let undescribed = file.bytes.len();
    file.enhanced(0, 3, &frame, frame.len() as u32);
    let (lines, error, _) = read(&file.bytes);
    assert_eq!(lines, ["1.000000000 x", "2.000000000 x"]);
    assert_eq!(
        error.unwrap().to_string(),
        format!(
            "malformed packet block: its interface is not described, at byte {undescribed} of the file, \
             after 2 records could be read"
        )
    );
}

#[test]
fn simple_and_obsolete_packets_are_read_and_other_blocks_are_passed_over() {
    for big in [false, true] {
        let frame = frame(LinkType::RAW, b"hello");
        let wire_len = frame.len() as u32;
        let mut file = File::new(big);
        file.section();
        file.interface(LinkType::RAW, wire_len - 2, None, None);
        file.interface(LinkType::RAW, 0, None, None);
        file.block(4, |names| names.bytes.extend_from_slice(&[0; 40]));
        file.block(2, |body| {
            [1, 0xffff].into_iter().for_each(|part| body.u16(part));
            [0, 2_000_000, wire_len, wire_len].into_iter().for_each(|part| body.u32(part));
            body.bytes.extend_from_slice(&frame);
        });
        file.block(3, |body| {
            body.u32(wire_len);
            body.bytes.extend_from_slice(&frame[..frame.len() - 2]);
        });
        file.block(0x0bad, |custom| custom.bytes.extend_from_slice(&[1, 2, 3, 4]));
        check(&file.bytes, &["2.000000000 hello", "2.000000000 hel.."]);
    }
}

#[test]
fn drops_of_the_capturing_program_are_losses_once() {
    for big in [false, true] {
        let mut file = File::new(big);
        file.section();
        file.interface(LinkType::RAW, 0, None, None);
        file.statistics(0, 1_000_000, 0, 0);
        file.statistics(0, 2_000_000, 3, 4);
        file.statistics(0, 3_000_000, 3, 4);
        file.statistics(0, 4_000_000, 5, 4);
        let frame = frame(LinkType::RAW, b"x");
        file.enhanced(0, 9_000_000, &frame, frame.len() as u32);
        file.statistics(0, 9_000, 6, 4);
        check(&file.bytes, &["2.000000000 lost 7", "4.000000000 lost 2", "9.000000000 x", "9.000000000 lost 1"]);
    }
}

#[test]
fn what_is_of_no_use_is_counted_by_reason() {
    let good = frame(LinkType::ETHERNET, b"x");
    let arp = [&[0; 12], &[0x08, 0x06][..]].concat();
    let mut icmp = good.clone();
    icmp[14 + 9] = 1;
    let mut fragment = good.clone();
    fragment[14 + 7] = 9;
    let mut malformed = good.clone();
    malformed[14] = 0x41;
    let mut file = File::classic(false, 0xa1b2_c3d4, 1);
    for frame in [&arp, &good, &icmp, &fragment, &fragment, &malformed] {
        file.classic_packet(0, 0, frame, frame.len() as u32);
    }
    let ledger = read(&file.bytes).2.unwrap();
    assert_eq!(
        ledger.to_string(),
        "decode packets: seen 6 = passed 1 + not_ip 1 + not_tcp_udp 1 + fragment 2 + malformed 1"
    );
    assert_eq!(ledger.withheld.len(), 6, "reasons that did not happen are listed too");

    let mut unknown = File::classic(false, 0xa1b2_c3d4, 147);
    unknown.classic_packet(0, 0, &good, good.len() as u32);
    assert_eq!(read(&unknown.bytes).2.unwrap().to_string(), "decode packets: seen 1 = passed 0 + unknown_link 1");
}

/// The offset behind each unit of a file, and the packets up to there.
type Ends = Vec<(usize, usize)>;

/// A file of each format with some packets.
fn samples() -> Vec<(Vec<u8>, Ends)> {
    let frame = frame(LinkType::ETHERNET, b"hello, world");
    let wire_len = frame.len() as u32;
    let mut classic = File::classic(false, 0xa1b2_c3d4, 1);
    let mut classic_ends = vec![(classic.bytes.len(), 0)];
    let mut sections = File::new(true);
    sections.section();
    let mut ends = vec![(sections.bytes.len(), 0)];
    sections.interface(LinkType::ETHERNET, 0, None, None);
    ends.push((sections.bytes.len(), 0));
    for count in 1..4 {
        classic.classic_packet(count as u32, 0, &frame, wire_len);
        classic_ends.push((classic.bytes.len(), count));
        sections.enhanced(0, count as u64, &frame, wire_len);
        ends.push((sections.bytes.len(), count));
    }
    vec![(classic.bytes, classic_ends), (sections.bytes, ends)]
}

#[test]
fn every_cut_gives_what_is_before_it_and_an_error_unless_it_is_between_two_packets() {
    for (file, ends) in samples() {
        for cut in 1..file.len() {
            let (lines, error, _) = read(&file[..cut]);
            let &(end, count) = ends.iter().rfind(|(end, _)| *end <= cut).unwrap_or(&(0, 0));
            assert_eq!(lines.len(), count, "cut at {cut}");
            assert_eq!(error.as_ref().map(|error| error.offset), (end != cut).then_some(end as u64), "{error:?}");
        }
    }
}

#[test]
fn impossible_lengths_end_the_reading() {
    let [(classic, classic_ends), (sections, ends)] = samples().try_into().unwrap();
    let mut long = classic;
    let second = classic_ends[1].0;
    long[second + 8..second + 12].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let (lines, error, _) = read(&long);
    assert_eq!(lines.len(), 1);
    assert_eq!(
        error.unwrap().to_string(),
        format!(
            "the packet claims 2147483647 bytes, more than the 1048576 that are allowed, at byte {second} of the file, \
             after 1 records could be read"
        )
    );

    let second = ends[2].0;
    let damage = |at: usize, value: u32| {
        let mut file = sections.clone();
        file[second + at..second + at + 4].copy_from_slice(&value.to_be_bytes());
        let (lines, error, _) = read(&file);
        assert_eq!(lines.len(), 1);
        error.unwrap().damage
    };
    assert!(matches!(damage(4, u32::MAX), Damage::TooLong { .. }));
    assert!(matches!(damage(4, 8), Damage::Malformed { what: "block: its length is impossible" }));
    assert!(matches!(damage(4, 0), Damage::Malformed { .. }), "a length of zero does not loop");
    assert!(matches!(damage(4, 113), Damage::Malformed { .. }), "blocks end at 32 bits");
    assert!(matches!(damage(20, 0x10_0001), Damage::TooLong { what: "packet", .. }));
    assert!(matches!(damage(20, 400), Damage::Malformed { what: "packet block: its packet is longer than the block" }));
    assert!(matches!(damage(8, 1), Damage::Malformed { what: "packet block: its interface is not described" }));
    let length_behind = ends[3].0 - second - 4;
    assert!(matches!(damage(length_behind, 0), Damage::Malformed { what: "block: its two lengths differ" }));
}

#[test]
fn a_section_of_another_version_or_order_is_refused() {
    let mut file = File::new(false);
    file.section();
    for (at, what) in [(8, "its byte order is unknown"), (12, "its major version is not 1")] {
        let mut damaged = file.bytes.clone();
        damaged[at] ^= 0xff;
        let error = read(&damaged).1.unwrap();
        assert!(error.to_string().contains(what), "{error}");
    }
}

proptest! {
    #[test]
    fn no_damage_panics(
        which in 0_usize..2,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (mut file, _) = samples().swap_remove(which);
        for (index, value) in changes {
            let index = index.index(file.len());
            file[index] = value;
        }
        read(&file);
    }

    #[test]
    fn no_bytes_panic(which in 0_usize..2, tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let (mut file, ends) = samples().swap_remove(which);
        file.truncate(ends[1].0);
        file.extend(tail);
        read(&file);
    }
}

#[test]
fn a_conversation_reads_the_same_from_a_recording_and_a_pcap_file() {
    use geophone_capture_file::{
        recording::Header,
        synthetic::{Call, Connection, Observed, Peer, Sender, Traffic},
    };
    let mut traffic = Traffic::new();
    let client = Peer::new("10.0.0.1:40000".parse().unwrap(), NetNs(1), 11);
    let server = Peer::new("10.0.0.2:80".parse().unwrap(), NetNs(2), 12);
    let mut connection = traffic.connect(Timestamp::from_ns(1_000), client, server, Observed::AtBoth);
    let (request, response) = (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    let at = Timestamp::from_ns(2_000_000);
    traffic.call(&mut connection, &Call { at, duration_ns: 5_000, request, response, unwanted_len: 3 });
    // What one end says of its own accord, and a datagram each way.
    traffic.send(
        &mut connection,
        Timestamp::from_ns(8_000_000),
        Sender::Server,
        b"HTTP/1.1 408 Request Timeout\r\n\r\n",
    );
    traffic.close(connection, Timestamp::from_ns(9_000_000));
    let server = Peer::new("10.0.0.2:53".parse().unwrap(), NetNs(2), 13);
    let mut datagrams = Connection::datagrams(client, server, Observed::AtBoth);
    let at = Timestamp::from_ns(10_000_000);
    let (request, response) = (b"who is shop.example?", b"10.0.0.2");
    traffic.call(&mut datagrams, &Call { at, duration_ns: 5_000, request, response, unwanted_len: 0 });
    traffic.close(datagrams, Timestamp::from_ns(11_000_000));

    let recording = traffic.write_recording(Vec::new(), &Header::new(Timestamp::MIN)).unwrap();
    let pcap = traffic.write_pcap(Vec::new(), LinkType::LINUX_SLL2).unwrap();
    let sent = |file: &[u8]| {
        let mut source = Source::new(file, None).unwrap();
        let mut packets = Vec::new();
        while let Some(item) = source.next().unwrap() {
            if let Item::Event(CaptureEvent::Packet(packet)) = item
                && packet.side != Side::Ingress
            {
                let Packet { at, source, tcp, payload_len, captured, .. } = packet;
                packets.push((at, source, tcp, payload_len, captured.to_vec()));
            }
        }
        packets
    };
    assert_eq!(sent(&recording), sent(&pcap));
    let packets = sent(&pcap);
    let has_tcp: Vec<bool> = packets.iter().map(|(_, _, tcp, ..)| tcp.is_some()).collect();
    assert_eq!(has_tcp, [[true; 3 + 2 + 1 + 2].as_slice(), &[false; 2]].concat());
    let datagram = |port, payload: &[u8]| ((port, payload.len() as u32), payload.to_vec());
    let (asked, answered) = (datagram(40_000, b"who is shop.example?"), datagram(53, b"10.0.0.2"));
    let datagrams = packets.into_iter().skip(8);
    let datagrams = datagrams.map(|(_, source, _, len, captured)| ((source.port(), len), captured));
    assert!(datagrams.eq([asked, answered]));
}
