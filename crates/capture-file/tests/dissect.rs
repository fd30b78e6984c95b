//! Frames: every link type, and everything that an IP header can do to the payload behind it.

mod support;

use std::net::IpAddr;

use geophone_capture_file::{
    dissect::{Dissected, LinkType, Skip, frame},
    synthetic,
};
use geophone_model::{
    capture::{Cut, Packet, Side, TcpFlags, TcpHeader},
    net::NetNs,
    time::Timestamp,
};
use proptest::{option, prelude::*, sample::select};

const LINKS: [LinkType; 8] = [
    LinkType::NULL,
    LinkType::ETHERNET,
    LinkType::RAW,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::LINUX_SLL2,
];

fn packet() -> impl Strategy<Value = Packet<'static>> {
    let v4 = (any::<[u8; 4]>(), any::<[u8; 4]>()).prop_map(|(a, b)| (IpAddr::from(a), IpAddr::from(b)));
    let v6 = (any::<[u8; 16]>(), any::<[u8; 16]>()).prop_map(|(a, b)| (IpAddr::from(a), IpAddr::from(b)));
    let addresses = prop_oneof![v4, v6];
    (addresses, any::<(u16, u16)>(), option::of(support::tcp())).prop_map(|((from, to), (source, destination), tcp)| {
        Packet {
            at: Timestamp::MIN,
            side: Side::Tap,
            netns: NetNs::default(),
            cookie: None,
            source: geophone_model::net::Endpoint::new(from, source),
            destination: geophone_model::net::Endpoint::new(to, destination),
            tcp,
            payload_len: 0,
            captured_offset: 0,
            captured: &[],
            cut: Cut::Whole,
        }
    })
}

proptest! {
    #[test]
    fn what_was_framed_is_found(
        link in select(LINKS.to_vec()),
        packet in packet(),
        payload in prop::collection::vec(any::<u8>(), 0..100),
        beyond in 0_u32..1000,
        padding in 0_usize..50,
    ) {
        let payload_len = payload.len() as u32 + beyond;
        let packet = Packet { payload_len, captured: &payload, ..packet };
        if let Some((mut bytes, wire_len)) = synthetic::frame(link, &packet) {
            // An Ethernet frame is padded to 60 bytes; what is behind the IP packet is not payload.
            if beyond == 0 {
                bytes.extend(vec![0xee; padding]);
            }
            let found = frame(link, &bytes, wire_len.max(bytes.len() as u32)).unwrap();
            prop_assert_eq!((found.source, found.destination), (packet.source, packet.destination));
            prop_assert_eq!(found.tcp, packet.tcp);
            prop_assert_eq!(found.payload_len, payload_len);
            prop_assert_eq!(&bytes[found.captured], &payload[..]);
        } else {
            prop_assert!(link == LinkType::IPV4 || link == LinkType::IPV6, "only these carry one version alone");
        }
    }

    #[test]
    fn a_snapshot_length_shortens_the_payload_or_cuts_a_header(
        link in select(LINKS.to_vec()),
        packet in packet(),
        payload in prop::collection::vec(any::<u8>(), 1..100),
        cut in any::<prop::sample::Index>(),
    ) {
        let packet = Packet { payload_len: payload.len() as u32, captured: &payload, ..packet };
        if let Some((bytes, wire_len)) = synthetic::frame(link, &packet) {
            let kept = &bytes[..cut.index(bytes.len())];
            let headers = bytes.len() - payload.len();
            match frame(link, kept, wire_len) {
                Ok(found) => {
                    prop_assert!(kept.len() >= headers);
                    prop_assert_eq!(found.payload_len, packet.payload_len);
                    prop_assert_eq!(&kept[found.captured], &payload[..kept.len() - headers]);
                }
                Err(skip) => {
                    prop_assert!(kept.len() < headers);
                    prop_assert_eq!(skip, Skip::HeaderCut);
                }
            }
        }
    }

    #[test]
    fn no_bytes_panic(link in prop_oneof![select(LINKS.to_vec()), any::<u16>().prop_map(LinkType)], wire_len: u32,
                      bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_bounds(link, &bytes, wire_len);
    }

    /// Random bytes seldom get past the version; these are a packet with a few bytes changed.
    #[test]
    fn no_damage_panics(
        link in select(LINKS.to_vec()),
        packet in packet(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        wire_len: u32,
    ) {
        let packet = Packet { payload_len: 40, captured: &[0x3c; 40], ..packet };
        if let Some((mut bytes, _)) = synthetic::frame(link, &packet) {
            for (index, value) in damage {
                let index = index.index(bytes.len());
                bytes[index] = value;
            }
            check_bounds(link, &bytes, wire_len);
        }
    }
}

fn check_bounds(link: LinkType, bytes: &[u8], wire_len: u32) {
    if let Ok(found) = frame(link, bytes, wire_len) {
        let captured = bytes.get(found.captured).expect("the payload is in the frame");
        assert!(captured.len() as u64 <= u64::from(found.payload_len));
    }
}

/// Bytes from text such as `45 00 | ports`: what is behind `|` up to the end of a line is a remark.
fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.lines().map(|line| line.split('|').next().unwrap()).collect();
    digits.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn payload_of(link: LinkType, bytes: &[u8], wire_len: usize) -> Result<(Vec<u8>, u32), Skip> {
    frame(link, bytes, wire_len as u32).map(|found| (bytes[found.captured].to_vec(), found.payload_len))
}

const UDP_HI: &str = "00 01 00 02 00 0a 00 00 68 69 | from 1 to 2, ten bytes";
const TCP_HI: &str = "
    00 01 00 02 | ports
    00 00 00 09 00 00 00 07 | sequence, acknowledgement
    60 18 00 00 00 00 00 00 | six words, PSH and ACK
    01 01 01 00 | options
    68 69";

#[test]
fn vlan_tags_are_walked() {
    let ip = format!("45 00 00 1e 00 00 00 00 40 11 00 00 0a 00 00 01 0a 00 00 02 {UDP_HI}");
    let addresses = "02 00 00 00 00 02 02 00 00 00 00 01";
    for tags in ["", "81 00 00 05", "88 a8 00 05 81 00 00 06", "91 00 00 01 81 00 00 02"] {
        let bytes = hex(&format!("{addresses} {tags} 08 00 {ip}"));
        assert_eq!(payload_of(LinkType::ETHERNET, &bytes, bytes.len()), Ok((b"hi".to_vec(), 2)), "{tags}");
    }
    let endless = hex(&format!("{addresses} {} 08 00 {ip}", "81 00 00 05 ".repeat(9)));
    assert_eq!(payload_of(LinkType::ETHERNET, &endless, endless.len()), Err(Skip::NotIp));
}

#[test]
fn what_is_not_ip_with_tcp_or_udp_is_named() {
    let addresses = "02 00 00 00 00 02 02 00 00 00 00 01";
    let arp = hex(&format!("{addresses} 08 06 00 01 08 00"));
    assert_eq!(payload_of(LinkType::ETHERNET, &arp, arp.len()), Err(Skip::NotIp));
    let length_field = hex(&format!("{addresses} 00 26 42 42 03"));
    assert_eq!(payload_of(LinkType::ETHERNET, &length_field, length_field.len()), Err(Skip::NotIp));
    let icmp = hex("45 00 00 1c 00 00 00 00 40 01 00 00 0a 00 00 01 0a 00 00 02 08 00 00 00 00 00 00 00");
    assert_eq!(payload_of(LinkType::RAW, &icmp, icmp.len()), Err(Skip::NotTcpUdp));
    assert_eq!(payload_of(LinkType(147), &icmp, icmp.len()), Err(Skip::UnknownLink));
    assert_eq!(payload_of(LinkType::NULL, &hex("07 00 00 00"), 4), Err(Skip::NotIp));
    assert_eq!(payload_of(LinkType::RAW, &hex("05"), 1), Err(Skip::Malformed), "there is no IP version 0");
    assert_eq!(payload_of(LinkType::RAW, &[], 0), Err(Skip::Malformed));
    assert_eq!(payload_of(LinkType::RAW, &[], 40), Err(Skip::HeaderCut));
}

#[test]
fn loopback_families_are_those_of_all_systems_in_both_orders() {
    let v6 = format!("60 00 00 00 00 0a 11 40 {} {UDP_HI}", "00 ".repeat(32));
    for family in [10_u32, 24, 28, 30] {
        for bytes in [family.to_le_bytes(), family.to_be_bytes()] {
            let bytes = [bytes.to_vec(), hex(&v6)].concat();
            assert_eq!(payload_of(LinkType::NULL, &bytes, bytes.len()), Ok((b"hi".to_vec(), 2)), "{family}");
        }
    }
}

#[test]
fn ipv4_options_are_walked_and_padding_is_trimmed() {
    let bytes = hex(&format!(
        "46 00 00 36 00 00 40 00 40 06 00 00 0a 00 00 01 0a 00 00 02 | 54 bytes, six words of header
         01 01 01 00 | options
         {TCP_HI}
         | six bytes of payload are claimed; two are here, and four more are
         aa bb cc dd"
    ));
    assert_eq!(payload_of(LinkType::RAW, &bytes, 54), Ok((b"hi\xaa\xbb\xcc\xdd".to_vec(), 6)));
    let mut shorter = bytes;
    shorter[3] = 0x32;
    assert_eq!(payload_of(LinkType::RAW, &shorter, 54), Ok((b"hi".to_vec(), 2)), "the rest is the link's padding");
}

#[test]
fn a_length_of_zero_is_the_wires() {
    let v4 = hex(&format!("45 00 00 00 00 00 40 00 40 06 00 00 0a 00 00 01 0a 00 00 02 {TCP_HI}"));
    assert_eq!(payload_of(LinkType::RAW, &v4, 70_046), Ok((b"hi".to_vec(), 70_002)), "cut by TSO, not by anybody else");
    let v6 = hex(&format!("60 00 00 00 00 00 06 40 {} {TCP_HI}", "00 ".repeat(32)));
    assert_eq!(payload_of(LinkType::RAW, &v6, v6.len()), Ok((b"hi".to_vec(), 2)));
}

#[test]
fn ipv4_headers_that_contradict_themselves_are_malformed() {
    let header = |first: &str, length: &str| {
        hex(&format!("{first} 00 {length} 00 00 40 00 40 06 00 00 0a 00 00 01 0a 00 00 02 {TCP_HI}"))
    };
    for bytes in [header("44", "00 2e"), header("45", "00 13"), header("4f", "00 2e"), header("45", "00 20")] {
        assert_eq!(payload_of(LinkType::RAW, &bytes, bytes.len()), Err(Skip::Malformed), "{bytes:02x?}");
    }
}

#[test]
fn the_first_fragment_is_taken_and_the_others_are_not() {
    let fragment = |field: &str| {
        hex(&format!("45 00 00 1e 00 07 {field} 40 11 00 00 0a 00 00 01 0a 00 00 02 00 01 00 02 05 dc 00 00 68 69"))
    };
    let first = fragment("20 00");
    assert_eq!(payload_of(LinkType::RAW, &first, first.len()), Ok((b"hi".to_vec(), 1492)), "of which 1490 are lost");
    for other in [fragment("20 01"), fragment("00 b9")] {
        assert_eq!(payload_of(LinkType::RAW, &other, other.len()), Err(Skip::Fragment));
    }
    let whole = fragment("00 00");
    assert_eq!(payload_of(LinkType::RAW, &whole, whole.len()), Err(Skip::Malformed), "longer than its packet");
}

#[test]
fn ipv6_extension_headers_are_walked() {
    let addresses = "00 ".repeat(32);
    let v6 = |payload: &str| {
        let payload = hex(payload);
        let [high, low] = (payload.len() as u16).to_be_bytes();
        [hex(&format!("60 00 00 00 {high:02x} {low:02x} 00 40 {addresses}")), payload].concat()
    };
    let options = |next: &str| format!("{next} 00 01 04 00 00 00 00 ");
    let chain = [
        options("2b"),                                                 // hop-by-hop, then routing
        "3c 01 04 00 00 00 00 00 00 00 00 00 00 00 00 00 ".to_owned(), // routing, then destination options
        options("33"),                                                 // destination options, then authentication
        "2c 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ".to_owned(), // 24 bytes, then fragment
        "11 00 00 01 00 00 00 07 ".to_owned(), // the first fragment of a datagram
    ];
    let bytes = v6(&format!("{} {UDP_HI}", chain.concat()));
    assert_eq!(payload_of(LinkType::RAW, &bytes, bytes.len()), Ok((b"hi".to_vec(), 2)));

    let later = v6(&format!("{} 11 00 00 09 00 00 00 07 {UDP_HI}", options("2c")));
    assert_eq!(payload_of(LinkType::RAW, &later, later.len()), Err(Skip::Fragment));
    let endless = v6(&options("00").repeat(20));
    assert_eq!(payload_of(LinkType::RAW, &endless, endless.len()), Err(Skip::Malformed));
    let nothing_follows = v6(&options("3b"));
    assert_eq!(payload_of(LinkType::RAW, &nothing_follows, nothing_follows.len()), Err(Skip::NotTcpUdp));
}

#[test]
fn jumbo_payloads_have_their_length_in_an_option() {
    let jumbo = |len: &str| hex(&format!("60 00 00 00 00 00 00 40 {} 06 00 c2 04 {len} {TCP_HI}", "00 ".repeat(32)));
    // 8 bytes of option, 24 of TCP, and a payload of 100,000 of which two were captured.
    let bytes = jumbo("00 01 86 c0");
    assert_eq!(payload_of(LinkType::RAW, &bytes, 40 + 100_032), Ok((b"hi".to_vec(), 100_000)));
    let needless = jumbo("00 00 00 22");
    assert_eq!(payload_of(LinkType::RAW, &needless, needless.len()), Err(Skip::Malformed));
}

#[test]
fn tcp_headers_are_read_and_their_options_skipped() {
    let bytes = hex(&format!("45 00 00 2e 00 00 40 00 40 06 00 00 0a 00 00 01 0a 00 00 02 {TCP_HI}"));
    let Dissected { tcp, .. } = frame(LinkType::IPV4, &bytes, bytes.len() as u32).unwrap();
    assert_eq!(tcp, Some(TcpHeader { seq: 9, ack: 7, flags: TcpFlags(0x18) }));
    for words in [0x40, 0x70] {
        let mut wrong = bytes.clone();
        wrong[32] = words;
        assert_eq!(payload_of(LinkType::RAW, &wrong, wrong.len()), Err(Skip::Malformed), "{words:x}");
    }
}
