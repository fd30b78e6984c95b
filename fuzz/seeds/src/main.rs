//! Writes seeds for the fuzz targets into `fuzz/corpus`: what a run begins with, and what its findings are added to.
//!
//! They come from the corpora of the crates and from made-up traffic, so that none is kept twice.

use std::{error::Error, fs, path::Path, process::Command};

use geophone_capture_file::{
    dissect::LinkType,
    recording::Header,
    synthetic::{self, Call, Observed, Peer, Traffic},
};
use geophone_model::{
    capture::{CaptureEvent, Packet},
    net::NetNs,
    time::Timestamp,
};

/// Links that carry both versions of IP.
const LINKS: [LinkType; 6] =
    [LinkType::NULL, LinkType::ETHERNET, LinkType::RAW, LinkType::LOOP, LinkType::LINUX_SLL, LinkType::LINUX_SLL2];

const OBSERVED: [Observed; 5] =
    [Observed::Loopback, Observed::AtClient, Observed::AtServer, Observed::AtBoth, Observed::Tap];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let corpus = root.join("fuzz/corpus");
    conversations(&root, &corpus)?;
    recordings(&root, &corpus)?;
    traffic(&corpus)?;
    write(&corpus, "btf", "sample", &type_information())?;
    for kind in 1_u32..=5 {
        // Nothing but zeroes behind the kind: the fields are few, and found by comparing.
        write(&corpus, "ring_record", &format!("kind-{kind}"), &[&kind.to_le_bytes()[..], &[0; 300]].concat())?;
    }
    write(&corpus, "netlink", "socket", &netlink_answer())?;
    println!("seeds are in {}", corpus.display());
    Ok(())
}

fn write(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let directory = corpus.join(target);
    fs::create_dir_all(&directory)?;
    Ok(fs::write(directory.join(name), bytes)?)
}

/// The HTTP/1 conversations, which only their own crate can read.
fn conversations(root: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["run", "-q", "-p", "geophone-proto-parse", "--example", "fuzz_seeds", "--features", "fuzz", "--"])
        .arg(corpus)
        .status()?;
    if status.success() { Ok(()) } else { Err("the conversations could not be written".into()) }
}

fn recordings(root: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(root.join("crates/capture-file/testdata"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "geocap") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            write(corpus, "recording", &name, &fs::read(&path)?)?;
        }
    }
    Ok(())
}

/// Conversations of all shapes, seen from everywhere: as recordings, as their blocks, as pcap files and as frames.
fn traffic(corpus: &Path) -> Result<(), Box<dyn Error>> {
    for observed in OBSERVED {
        for (family, address, link) in [("v4", "192.0.2.1", LinkType::IPV4), ("v6", "[2001:db8::1]", LinkType::IPV6)] {
            let traffic = conversation(observed, address)?;
            let name = format!("{observed:?}-{family}").to_lowercase();
            let recording = traffic.write_recording(Vec::new(), &Header::new(Timestamp::MIN))?;
            let block = first_block(&recording).ok_or("a recording has a block")?;
            write(corpus, "recording", &name, &recording)?;
            write(corpus, "recording_block", &name, block)?;
            for options in [0, 0x15, 0x2a, 0xbf_u8] {
                write(corpus, "pipeline", &format!("{name}-{options:02x}"), &[&[options], block].concat())?;
            }
            for link in LINKS.into_iter().chain([link]) {
                let pcap = traffic.write_pcap(Vec::new(), link)?;
                // The target puts the magic number in front; 2 stands for nanoseconds, little-endian.
                write(corpus, "pcap", &format!("{name}-{}", link.0), &[&[2], &pcap[4..]].concat())?;
                frames(corpus, &traffic, link, &name)?;
            }
        }
    }
    Ok(())
}

fn conversation(observed: Observed, address: &str) -> Result<Traffic, Box<dyn Error>> {
    let mut traffic = Traffic::new();
    let client = Peer::new(format!("{address}:40000").parse()?, NetNs(1), 11);
    let server = Peer::new(format!("{address}:80").parse()?, NetNs(2), 12);
    let mut connection = traffic.connect(Timestamp::from_ns(1_000), client, server, observed);
    let calls: [(&[u8], &[u8], u32); 4] = [
        (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0),
        (b"GET /b HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", 9_000),
        (
            b"POST /c HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
            b"HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            0,
        ),
        (b"GET /d HTTP/1.1\r\nUpgrade: x\r\n\r\n", b"HTTP/1.1 101 \r\n\r\n\x01\x02", 0),
    ];
    for (at, (request, response, unwanted_len)) in (2_000_000..).step_by(1_000_000).zip(calls) {
        let at = Timestamp::from_ns(at);
        traffic.call(&mut connection, &Call { at, duration_ns: 500_000, request, response, unwanted_len });
    }
    traffic.close(connection, Timestamp::from_ns(9_000_000));
    Ok(traffic)
}

/// The payload of a recording's first block: the format is described in the crate's `recording/format.rs`.
fn first_block(recording: &[u8]) -> Option<&[u8]> {
    let u32_at = |at: usize| recording.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes) as usize);
    let block = 18 + u32_at(10)?;
    recording.get(block + 9..)?.get(..u32_at(block + 1)?)
}

fn frames(corpus: &Path, traffic: &Traffic, link: LinkType, name: &str) -> Result<(), Box<dyn Error>> {
    let packet = traffic.items().find_map(|item| match item {
        geophone_capture_file::Item::Event(CaptureEvent::Packet(packet @ Packet { payload_len: 1.., .. })) => {
            Some(packet)
        }
        _ => None,
    });
    let packet = packet.ok_or("a conversation has a packet with data")?;
    let (frame, wire_len) = synthetic::frame(link, &packet).ok_or("a packet has no form on such a link")?;
    let seed = [&link.0.to_le_bytes()[..], &wire_len.to_le_bytes(), &frame].concat();
    write(corpus, "dissect", &format!("{name}-{}", link.0), &seed)
}

/// `struct outer { struct inner inner; }; struct inner { int y; int deep : 3; };` in the kernel's format
/// (Documentation/bpf/btf.rst): header, types, strings.
fn type_information() -> Vec<u8> {
    const STRINGS: &[u8] = b"\0outer\0inner\0y\0deep\0";
    const STRUCT: u32 = 4 << 24;
    const BIT_FIELDS: u32 = 1 << 31;
    const INT: u32 = 1 << 24;
    #[rustfmt::skip]
    let types = [
        1, STRUCT | 1, 8, /* inner */ 7, 2, 0,
        7, STRUCT | BIT_FIELDS | 2, 8, /* y */ 13, 3, 0, /* deep */ 15, 3, 3 << 24 | 32,
        0, INT, 4, 32,
    ];
    let types_len = size_of_val(&types) as u32;
    let header = [0x0001_eb9f, 24, 0, types_len, types_len, STRINGS.len() as u32];
    let words = header.iter().chain(&types).flat_map(|word| word.to_ne_bytes());
    words.chain(STRINGS.iter().copied()).collect()
}

/// One object of `SOCK_DIAG_BY_FAMILY`, a listener of IPv4, with one attribute behind it.
fn netlink_answer() -> Vec<u8> {
    let mut socket = vec![2, 10, 0, 0, 0, 80];
    socket.resize(72, 0);
    socket.extend_from_slice(&[8, 0, 1, 0, 1, 2, 3, 4]);
    let header = [16 + socket.len() as u32, 20 | 2 << 16, 0, 0];
    header.iter().flat_map(|word| word.to_ne_bytes()).chain(socket).collect()
}
