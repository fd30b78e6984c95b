//! Any bytes as a kernel's type information, asked for the fields that the probe asks for and for those of the seed.
#![no_main]

use geophone_probe::btf::Btf;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(btf) = Btf::parse(data.to_vec()) else { return };
    for (of, field) in [
        ("net", "ns.inum"),
        ("sock_common", "skc_net.net"),
        ("outer", "y"),
        ("outer", "inner.deep"),
        ("outer", "inner.flagged"),
        ("outer", ""),
        ("", "."),
    ] {
        // A question has an answer or an error, and ends.
        let _ = btf.offset_of(of, field);
    }
});
