//! The kernel's own description of its types: where in a structure a field lies.
//!
//! Programs that are compiled once must learn from the running kernel at which offset `skc_net` lies in `struct
//! sock_common`. The kernel publishes that in `/sys/kernel/btf/vmlinux`, in the format of Documentation/bpf/btf.rst. This
//! is a small reader for that one question; it trusts no length and no index in the file.
//!
//! ```no_run
//! use geophone_probe::btf::Btf;
//!
//! let btf = Btf::of_the_running_kernel()?;
//! println!("the namespace's number lies at {}", btf.offset_of("net", "ns.inum")?);
//! # Ok::<(), geophone_probe::btf::BtfError>(())
//! ```

use std::{fs, path::Path};

/// Where the kernel publishes its types.
pub const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// More than any kernel's: those of distributions have 4 to 8 MiB.
const MAX_BYTES: u64 = 64 << 20;
/// How deep structures are searched, and how long a chain of typedefs is followed.
const MAX_DEPTH: usize = 16;
/// How many structures one search looks into.
const MAX_VISITS: usize = 4096;

/// Why a question to the type information has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BtfError {
    /// There is no type information.
    #[error(
        "cannot read the kernel's type information {VMLINUX}: {0}; \
         the kernel must be built with CONFIG_DEBUG_INFO_BTF, as those of the large distributions are"
    )]
    Unreadable(#[from] std::io::Error),
    /// The file is not what it should be.
    #[error("the type information is damaged at its {0}")]
    Malformed(&'static str),
    /// There is no such structure.
    #[error("the kernel has no `struct {0}`")]
    NoStruct(String),
    /// The structure has no such field.
    #[error("the kernel's `struct {of}` has no field `{field}`")]
    NoField {
        /// The structure.
        of: String,
        /// The field, as a path of names.
        field: String,
    },
}

/// Type information that has been read.
#[derive(Debug)]
pub struct Btf {
    bytes: Vec<u8>,
    strings: std::ops::Range<usize>,
    /// Where each type begins; the first has the id 1, since 0 is `void`.
    types: Vec<u32>,
}

impl Btf {
    /// Reads the running kernel's.
    ///
    /// # Errors
    /// [`BtfError::Unreadable`] if the kernel has none, [`BtfError::Malformed`] if it is not understood.
    pub fn of_the_running_kernel() -> Result<Self, BtfError> {
        Self::read(Path::new(VMLINUX))
    }

    fn read(path: &Path) -> Result<Self, BtfError> {
        if fs::metadata(path)?.len() > MAX_BYTES {
            return Err(BtfError::Malformed("size"));
        }
        Self::parse(fs::read(path)?)
    }

    /// Reads type information from the bytes of a file, in this machine's byte order.
    ///
    /// # Errors
    /// [`BtfError::Malformed`] for anything that is not BTF version 1, or is cut.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, BtfError> {
        let header = Header::parse(&bytes)?;
        let mut types = Vec::new();
        let mut at = header.types.start;
        while at < header.types.end {
            let begin = at;
            let kind = Type::read(&bytes, at).ok_or(BtfError::Malformed("types"))?;
            at += 12 + kind.trailer_len().ok_or(BtfError::Malformed("types"))?;
            if at > header.types.end {
                return Err(BtfError::Malformed("types"));
            }
            types.push(u32::try_from(begin).map_err(|_| BtfError::Malformed("types"))?);
        }
        Ok(Self { strings: header.strings, types, bytes })
    }

    /// Offset in bytes of a field in a structure, where `field` may lead through structures (`ns.inum`) and need not name
    /// the anonymous ones on the way.
    ///
    /// # Errors
    /// [`BtfError::NoStruct`], [`BtfError::NoField`].
    pub fn offset_of(&self, of: &str, field: &str) -> Result<u32, BtfError> {
        let mut id = self.structure(of).ok_or_else(|| BtfError::NoStruct(of.to_owned()))?;
        let mut offset_bits = 0u32;
        for name in field.split('.') {
            let found = self.member(id, name, MAX_DEPTH, &mut MAX_VISITS.clone());
            let missing = || BtfError::NoField { of: of.to_owned(), field: field.to_owned() };
            let (member_bits, member) = found.ok_or_else(missing)?;
            offset_bits = offset_bits.checked_add(member_bits).ok_or(BtfError::Malformed("offsets"))?;
            id = member;
        }
        Ok(offset_bits / 8)
    }

    fn structure(&self, name: &str) -> Option<u32> {
        let ids = 1..=u32::try_from(self.types.len()).ok()?;
        ids.into_iter().find(|id| {
            self.kind(*id).is_some_and(|kind| kind.is_composite() && self.string(kind.name) == Some(name.as_bytes()))
        })
    }

    /// Offset in bits and type of the member `name`, looked for in anonymous members too.
    fn member(&self, id: u32, name: &str, depth: usize, visits: &mut usize) -> Option<(u32, u32)> {
        *visits = visits.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let (kind, begin) = self.composite(id)?;
        for index in 0..kind.len {
            let at = begin + 12 + index * 12;
            let [member_name, member, offset] = words(&self.bytes, at)?;
            // With the flag, the upper eight bits are the width of a bit field.
            let offset_bits = if kind.flag { offset & 0x00ff_ffff } else { offset };
            match self.string(member_name)? {
                found if found == name.as_bytes() => return Some((offset_bits, member)),
                b"" => {
                    if let Some((inner_bits, found)) = self.member(member, name, depth, visits) {
                        return Some((offset_bits.checked_add(inner_bits)?, found));
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The structure or union behind a type, through typedefs and qualifiers, and where it begins.
    fn composite(&self, mut id: u32) -> Option<(Type, usize)> {
        for _ in 0..MAX_DEPTH {
            let kind = self.kind(id)?;
            if kind.is_composite() {
                return Some((kind, self.begin(id)?));
            }
            if !kind.is_modifier() {
                return None;
            }
            id = kind.size_or_type;
        }
        None
    }

    fn begin(&self, id: u32) -> Option<usize> {
        self.types.get(id.checked_sub(1)? as usize).map(|begin| *begin as usize)
    }

    fn kind(&self, id: u32) -> Option<Type> {
        Type::read(&self.bytes, self.begin(id)?)
    }

    fn string(&self, offset: u32) -> Option<&[u8]> {
        let text = self.bytes.get(self.strings.clone())?.get(offset as usize..)?;
        let end = text.iter().position(|byte| *byte == 0)?;
        text.get(..end)
    }
}

struct Header {
    types: std::ops::Range<usize>,
    strings: std::ops::Range<usize>,
}

impl Header {
    /// `struct btf_header`, include/uapi/linux/btf.h.
    fn parse(bytes: &[u8]) -> Result<Self, BtfError> {
        const MAGIC: u16 = 0xeb9f;
        let malformed = BtfError::Malformed("header");
        let [magic_version_flags, len, type_offset, type_len, string_offset, string_len] =
            words(bytes, 0).ok_or(BtfError::Malformed("header"))?;
        let [low, high, version, _flags] = magic_version_flags.to_ne_bytes();
        if u16::from_ne_bytes([low, high]) != MAGIC || version != 1 {
            return Err(malformed);
        }
        let section = |offset: u32, section_len: u32| {
            let begin = (len as usize).checked_add(offset as usize)?;
            let end = begin.checked_add(section_len as usize)?;
            (end <= bytes.len()).then_some(begin..end)
        };
        let types = section(type_offset, type_len).ok_or(BtfError::Malformed("section of types"))?;
        let strings = section(string_offset, string_len).ok_or(BtfError::Malformed("section of strings"))?;
        Ok(Self { types, strings })
    }
}

/// `struct btf_type`, include/uapi/linux/btf.h.
struct Type {
    name: u32,
    kind: u32,
    /// Number of members, parameters or variants.
    len: usize,
    flag: bool,
    size_or_type: u32,
}

impl Type {
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let [name, info, size_or_type] = words(bytes, at)?;
        Some(Self { name, kind: info >> 24 & 0x1f, len: (info & 0xffff) as usize, flag: info >> 31 != 0, size_or_type })
    }

    /// Struct or union.
    const fn is_composite(&self) -> bool {
        matches!(self.kind, 4 | 5)
    }

    /// Typedef, volatile, const, restrict or type tag.
    const fn is_modifier(&self) -> bool {
        matches!(self.kind, 8..=11 | 18)
    }

    /// Bytes that follow the type, by kind; `None` for a kind that is not known, whose length is not known either.
    const fn trailer_len(&self) -> Option<usize> {
        match self.kind {
            // Integer, variable, declaration tag.
            1 | 14 | 17 => Some(4),
            // Array.
            3 => Some(12),
            // Struct, union, section, 64-bit enumeration.
            4 | 5 | 15 | 19 => Some(12 * self.len),
            // Enumeration, parameters of a function.
            6 | 13 => Some(8 * self.len),
            // Pointer, forward declaration, typedef, qualifiers, function, float, type tag.
            2 | 7..=12 | 16 | 18 => Some(0),
            _ => None,
        }
    }
}

/// `N` words in this machine's byte order.
fn words<const N: usize>(bytes: &[u8], at: usize) -> Option<[u32; N]> {
    let bytes = bytes.get(at..at.checked_add(N * 4)?)?;
    let mut words = [0; N];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_ne_bytes(*chunk);
    }
    Some(words)
}

#[cfg(test)]
mod tests;
