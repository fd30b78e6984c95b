use proptest::prelude::*;

use super::*;

/// `struct outer { int a; union { struct { int x; int y; }; long z; }; alias_t inner; }`, `typedef const struct inner
/// alias_t`, `struct inner { int deep; int flagged : 3; }` with the flag for bit fields.
fn sample() -> Vec<u8> {
    let strings = b"\0outer\0a\0x\0y\0z\0inner\0alias_t\0deep\0flagged\0";
    let name = |text: &str| {
        let needle = format!("\0{text}\0");
        u32::try_from(strings.windows(needle.len()).position(|w| w == needle.as_bytes()).unwrap() + 1).unwrap()
    };
    let info = |kind: u32, len: u32| kind << 24 | len;
    #[rustfmt::skip]
    let words: Vec<u32> = [
        vec![name("outer"), info(4, 3), 24, /* a */ name("a"), 6, 0, /* union */ 0, 2, 64, name("inner"), 4, 128],
        vec![0, info(5, 2), 8, 0, 3, 0, name("z"), 6, 0],
        vec![0, info(4, 2), 8, name("x"), 6, 0, name("y"), 6, 32],
        vec![name("alias_t"), info(8, 0), 5],
        vec![0, info(10, 0), 7],
        vec![0, info(1, 0), 4, 32],
        vec![name("inner"), info(4, 2) | 1 << 31, 8, name("deep"), 6, 0, name("flagged"), 6, 3 << 24 | 32],
    ].concat();
    let types: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let mut bytes = u16::to_ne_bytes(0xeb9f).to_vec();
    bytes.extend([1, 0]);
    for word in [24, 0, types.len(), types.len(), strings.len()] {
        bytes.extend(u32::try_from(word).unwrap().to_ne_bytes());
    }
    bytes.extend(types);
    bytes.extend(strings);
    bytes
}

#[test]
fn fields_are_found_through_anonymous_members_typedefs_and_bit_fields() {
    let btf = Btf::parse(sample()).unwrap();
    let offset = |of, field| btf.offset_of(of, field).unwrap();
    assert_eq!(offset("outer", "a"), 0);
    assert_eq!(offset("outer", "y"), 12);
    assert_eq!(offset("outer", "z"), 8);
    assert_eq!(offset("outer", "inner.deep"), 16);
    assert_eq!(offset("outer", "inner.flagged"), 20);
}

#[test]
fn what_is_not_there_is_named() {
    let btf = Btf::parse(sample()).unwrap();
    assert_eq!(btf.offset_of("nobody", "a").unwrap_err().to_string(), "the kernel has no `struct nobody`");
    let error = btf.offset_of("outer", "inner.shallow").unwrap_err().to_string();
    assert_eq!(error, "the kernel's `struct outer` has no field `inner.shallow`");
}

#[test]
fn a_type_that_contains_itself_ends() {
    let mut bytes = sample();
    // The union's first member becomes the union itself.
    let member_type = 24 + 12 * 4 + 12 + 4;
    bytes[member_type..member_type + 4].copy_from_slice(&2u32.to_ne_bytes());
    assert!(Btf::parse(bytes).unwrap().offset_of("outer", "y").is_err());
}

#[test]
fn every_cut_is_an_error() {
    let bytes = sample();
    for len in 0..bytes.len() {
        assert!(Btf::parse(bytes[..len].to_vec()).is_err(), "cut at {len}");
    }
}

#[test]
fn the_running_kernel_is_understood() {
    if !Path::new(VMLINUX).exists() {
        eprintln!("skipped: this kernel has no type information");
        return;
    }
    let btf = Btf::of_the_running_kernel().unwrap();
    // Fixed since sock_common exists: the addresses are the first two members (include/net/sock.h).
    assert_eq!(
        (btf.offset_of("sock_common", "skc_daddr").unwrap(), btf.offset_of("sock_common", "skc_rcv_saddr").unwrap()),
        (0, 4)
    );
    assert!(btf.offset_of("net", "ns.inum").is_ok());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0usize..400, value in any::<[u8; 4]>(), rest in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut bytes = sample();
        let at = at % bytes.len();
        for (byte, new) in bytes[at..].iter_mut().zip(value) {
            *byte = new;
        }
        if let Ok(btf) = Btf::parse(bytes) {
            let _ = btf.offset_of("outer", "inner.deep");
            let _ = btf.offset_of("outer", "y");
        }
        let _ = Btf::parse(rest);
    }
}
