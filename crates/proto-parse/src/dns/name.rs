//! Domain names.

use alloc::string::String;
use core::fmt::{self, Write as _};

use crate::read::Reader;

/// A domain name: labels, each behind its length, in lower case (RFC 4343), without the root's.
#[derive(Clone, Copy)]
pub(super) struct Name {
    labels: [u8; MAX_NAME_BYTES],
    len: u8,
}

/// RFC 1035 section 2.3.4: the bytes of a name, the root's included.
const MAX_NAME_BYTES: usize = 255;

/// RFC 1035 section 4.1.4: a length with these bits is a pointer to where the name goes on.
const POINTER: u8 = 0xc0;

impl Name {
    /// The name that begins at `at` in a message, and the place behind it. `None` if it is not valid, or does not end in the
    /// message.
    pub(super) fn read(message: &[u8], at: usize) -> Option<(Self, usize)> {
        let mut name = Self { labels: [0; MAX_NAME_BYTES], len: 0 };
        let mut rest = Reader(message.get(at..)?);
        // Where this part of the name begins. RFC 1035 section 4.1.4: a pointer is to a *prior* occurrence, so that none leads
        // in a circle.
        let mut begin = at;
        let mut end = None;
        loop {
            let here = message.len().saturating_sub(rest.0.len());
            match rest.u8()? {
                0 => return Some((name, end.unwrap_or(here.saturating_add(1)))),
                len if len < 64 => name.push(len, rest.bytes(usize::from(len))?)?,
                high if high & POINTER == POINTER => {
                    let target = usize::from(u16::from_be_bytes([high & !POINTER, rest.u8()?]));
                    if target >= begin {
                        return None;
                    }
                    end = end.or(Some(here.saturating_add(2)));
                    begin = target;
                    rest = Reader(message.get(target..)?);
                }
                _ => return None,
            }
        }
    }

    /// Puts a label at its end; `None` if it becomes too long.
    fn push(&mut self, len: u8, label: &[u8]) -> Option<()> {
        let from = usize::from(self.len);
        let to = from.checked_add(1)?.checked_add(label.len())?;
        // The root's own byte must fit too.
        if to >= MAX_NAME_BYTES {
            return None;
        }
        let (first, rest) = self.labels.get_mut(from..to)?.split_first_mut()?;
        *first = len;
        rest.copy_from_slice(label);
        rest.make_ascii_lowercase();
        self.len = u8::try_from(to).ok()?;
        Some(())
    }

    /// The labels, each behind its length.
    pub(super) fn labels(&self) -> &[u8] {
        self.labels.get(..usize::from(self.len)).unwrap_or_default()
    }

    pub(super) fn is_root(&self) -> bool {
        self.len == 0
    }

    /// Appends it to `out`, which must not get longer than `max`; says whether something was left out for that.
    pub(super) fn write(&self, out: &mut String, max: usize) -> bool {
        if self.is_root() {
            return append(out, max, format_args!("."));
        }
        let mut labels = Reader(self.labels());
        let mut separator = "";
        while let Some(label) = labels.u8().and_then(|len| labels.bytes(usize::from(len))) {
            if append(out, max, format_args!("{separator}")) {
                return true;
            }
            for &byte in label {
                let is_cut = match byte {
                    b'-' | b'_' | b'*' | b'/' | b':' | b'+' | b'=' | b'~' | b'@' => {
                        append(out, max, format_args!("{}", char::from(byte)))
                    }
                    _ if byte.is_ascii_alphanumeric() => append(out, max, format_args!("{}", char::from(byte))),
                    _ => append(out, max, format_args!("\\{byte:03}")),
                };
                if is_cut {
                    return true;
                }
            }
            separator = ".";
        }
        false
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.labels() == other.labels()
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text, usize::MAX);
        f.write_str(&text)
    }
}

/// Appends a few characters if they fit; says whether they did not.
fn append(out: &mut String, max: usize, text: fmt::Arguments<'_>) -> bool {
    let before = out.len();
    // A String takes anything.
    let _ = out.write_fmt(text);
    let is_cut = out.len() > max;
    if is_cut {
        out.truncate(before);
    }
    is_cut
}
