//! The compiled kernel programs.

/// Bytes at an alignment that an ELF reader asks for.
#[repr(C, align(8))]
struct Aligned<T: ?Sized>(T);

static OBJECT: &Aligned<[u8]> = &Aligned(*include_bytes!("../object/geophone.bpf.o"));

/// The object that is compiled into this crate. `cargo xtask ebpf` makes it from `crates/probe-ebpf`.
pub(crate) fn embedded() -> &'static [u8] {
    &OBJECT.0
}
