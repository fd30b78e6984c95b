//! Events per second: into a recording, out of it, and out of a pcap file.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use geophone_capture_file::{
    Item, Source,
    dissect::LinkType,
    recording::{Header, Writer},
    synthetic::{Call, Observed, Peer, Traffic},
};
use geophone_model::{capture::CaptureEvent, net::NetNs, time::Timestamp};

const CALLS: u64 = 5_000;

/// Requests of 100 bytes and responses of 300, one after the other over one connection.
fn traffic() -> Traffic {
    let mut traffic = Traffic::new();
    let client = Peer::new("127.0.0.1:40000".parse().expect("an endpoint"), NetNs(4_026_531_840), 11);
    let server = Peer::new("127.0.0.1:80".parse().expect("an endpoint"), NetNs(4_026_531_840), 12);
    let mut connection = traffic.connect(Timestamp::from_ns(0), client, server, Observed::Loopback);
    for call in 1..=CALLS {
        let at = Timestamp::from_ns(call * 1_000_000);
        let call = Call { at, duration_ns: 200_000, request: &[b'q'; 100], response: &[b'a'; 300], unwanted_len: 0 };
        traffic.call(&mut connection, &call);
    }
    traffic
}

fn drain(file: &[u8]) -> u64 {
    let mut source = Source::new(file, None).expect("a file of this crate");
    let mut events = 0;
    while let Some(item) = source.next().expect("an undamaged file") {
        black_box(&item);
        events += 1;
    }
    events
}

fn recording(criterion: &mut Criterion) {
    let traffic = traffic();
    let header = Header::new(Timestamp::MIN);
    let file = traffic.write_recording(Vec::new(), &header).expect("memory takes it");
    let pcap = traffic.write_pcap(Vec::new(), LinkType::ETHERNET).expect("memory takes it");
    let items: Vec<Item<'_>> = traffic.items().collect();
    let packets = items.iter().filter(|item| matches!(item, Item::Event(CaptureEvent::Packet(_)))).count();
    assert_eq!((drain(&file), drain(&pcap)), (items.len() as u64, packets as u64));

    let mut group = criterion.benchmark_group("recording");
    group.throughput(Throughput::Elements(items.len() as u64));
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            let mut writer = Writer::new(std::io::sink(), &header).expect("a sink takes it");
            for item in &items {
                writer.item(item).expect("a sink takes it");
            }
            writer.finish().expect("a sink takes it").1
        });
    });
    group.bench_function("read", |bencher| bencher.iter(|| drain(black_box(&file))));
    group.throughput(Throughput::Elements(packets as u64));
    group.bench_function("read_pcap", |bencher| bencher.iter(|| drain(black_box(&pcap))));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2));
    targets = recording
}
criterion_main!(benches);
