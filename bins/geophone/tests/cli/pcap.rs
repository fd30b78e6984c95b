//! Small captures, made packet by packet.

/// A packet and when it passed, in milliseconds since the Unix epoch.
pub(crate) type Packet = (u64, Vec<u8>);

const SERVER: [u8; 4] = [10, 1, 0, 9];

const SYN: u8 = 1 << 1;
const PSH: u8 = 1 << 3;
const ACK: u8 = 1 << 4;

/// A request to `shop` on a connection of its own, answered after five milliseconds. It begins three milliseconds after `at_ms`.
pub(crate) fn exchange(at_ms: u64, client: u8, client_port: u16) -> Vec<Packet> {
    let client = ([10, 0, 0, client], client_port);
    let server = (SERVER, 80);
    let request = b"GET /cart HTTP/1.1\r\nHost: shop\r\n\r\n";
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let asked = 1_001 + request.len() as u32;
    vec![
        (at_ms, packet(client, server, (1_000, 0), SYN, b"")),
        (at_ms + 1, packet(server, client, (5_000, 1_001), SYN | ACK, b"")),
        (at_ms + 3, packet(client, server, (1_001, 5_001), PSH | ACK, request)),
        (at_ms + 8, packet(server, client, (5_001, asked), PSH | ACK, response)),
    ]
}

/// A packet that belongs to nothing.
pub(crate) fn stray(at_ms: u64) -> Packet {
    (at_ms, packet(([192, 0, 2, 1], 1), ([192, 0, 2, 2], 2), (1, 1), PSH | ACK, b"junk"))
}

/// The file, in the order that is given.
pub(crate) fn file(packets: &[Packet]) -> Vec<u8> {
    const MAGIC: u32 = 0xa1b2_c3d4;
    const RAW_IP: u32 = 101;
    let mut file = [MAGIC, 2 | 4 << 16, 0, 0, 65_535, RAW_IP].map(u32::to_ne_bytes).concat();
    for (at_ms, bytes) in packets {
        let head = [at_ms / 1_000, at_ms % 1_000 * 1_000, bytes.len() as u64, bytes.len() as u64];
        head.iter().for_each(|field| file.extend((*field as u32).to_ne_bytes()));
        file.extend(bytes);
    }
    file
}

/// An IPv4 packet with a TCP segment (RFC 791 section 3.1, RFC 9293 section 3.1), without checksums.
fn packet(from: ([u8; 4], u16), to: ([u8; 4], u16), (seq, ack): (u32, u32), flags: u8, payload: &[u8]) -> Vec<u8> {
    const HEADS: usize = 20 + 20;
    let mut bytes = vec![0x45, 0];
    bytes.extend(((HEADS + payload.len()) as u16).to_be_bytes());
    bytes.extend([0, 1, 0, 0, 64, 6, 0, 0]);
    bytes.extend(from.0);
    bytes.extend(to.0);
    bytes.extend(from.1.to_be_bytes());
    bytes.extend(to.1.to_be_bytes());
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    bytes.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}
