//! The header: what the file is, and from which machine.

use std::io::Read;

use geophone_model::time::Timestamp;

use super::format::{MAX_HEADER_LEN, MAX_TEXT_LEN, VERSION};
use crate::{cursor::Cursor, error::Damage, input::Input};

/// Not ASCII in its first byte and with both line ends, as in PNG's: a transfer in text mode shows at once.
pub(crate) const MAGIC: [u8; 8] = *b"\x89GEOCP\r\n";

/// What stands in front of the checksum: magic, version, length.
const FIXED_LEN: usize = MAGIC.len() + 2 + 4;

const WHAT: &str = "header of the recording";

/// Where and when a recording was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// When the recording was begun.
    pub created: Timestamp,
    /// Release of the kernel that was listened to (`uname -r`), empty where it does not matter.
    pub kernel: String,
    /// Name and version of the program that recorded.
    pub recorder: String,
    /// How many bytes of a packet's payload the source copies at most; `None` for whole packets.
    pub snap_len: Option<u32>,
}

impl Header {
    /// A header without particulars.
    pub const fn new(created: Timestamp) -> Self {
        Self { created, kernel: String::new(), recorder: String::new(), snap_len: None }
    }

    /// With the kernel's release, cut to [`MAX_TEXT_LEN`] bytes.
    #[must_use]
    pub fn with_kernel(self, release: &str) -> Self {
        Self { kernel: cut(release), ..self }
    }

    /// With the name and version of the recording program, cut to [`MAX_TEXT_LEN`] bytes.
    #[must_use]
    pub fn with_recorder(self, name: &str) -> Self {
        Self { recorder: cut(name), ..self }
    }

    /// With a cap on the captured payload of a packet; zero stands for none.
    #[must_use]
    pub fn with_snap_len(self, bytes: u32) -> Self {
        Self { snap_len: Some(bytes).filter(|&bytes| bytes != 0), ..self }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let Self { created, kernel, recorder, snap_len } = self;
        let mut body = Vec::new();
        body.extend_from_slice(&created.as_ns().to_le_bytes());
        body.extend_from_slice(&snap_len.unwrap_or(0).to_le_bytes());
        for text in [kernel, recorder] {
            let text = cut(text);
            body.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
            body.extend_from_slice(text.as_bytes());
        }
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(0).to_le_bytes());
        let crc = crc_of(&out, &body);
        out.extend_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&body);
        out
    }

    /// Reads the header; the version is looked at before the checksum, since another version may check otherwise.
    pub(super) fn read<R: Read>(input: &mut Input<R>) -> Result<(Self, u16), Damage> {
        let fixed: [u8; FIXED_LEN] = input.array(WHAT)?;
        let mut cursor = Cursor::new(&fixed);
        if cursor.array() != Some(MAGIC) {
            return Err(Damage::Magic { expected: "recording" });
        }
        let (Some(version), Some(len)) = (cursor.u16_le(), cursor.u32_le()) else {
            return Err(Damage::CutShort { what: WHAT });
        };
        if version == 0 || version > VERSION {
            return Err(Damage::Version { found: version, newest: VERSION });
        }
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > MAX_HEADER_LEN {
            return Err(Damage::TooLong { what: WHAT, len: len as u64, cap: MAX_HEADER_LEN as u64 });
        }
        let stored = u32::from_le_bytes(input.array(WHAT)?);
        let body = input.piece(len, WHAT)?;
        let body = input.bytes(body);
        let computed = crc_of(&fixed, body);
        if stored != computed {
            return Err(Damage::Checksum { what: WHAT, stored, computed });
        }
        let header = Self::decode(body).ok_or(Damage::Malformed { what: WHAT })?;
        Ok((header, version))
    }

    fn decode(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let created = Timestamp::from_ns(cursor.u64_le()?);
        let snap_len = Some(cursor.u32_le()?).filter(|&bytes| bytes != 0);
        let mut text = || {
            let len = cursor.u16_le()?;
            str::from_utf8(cursor.take(len.into())?).ok().map(str::to_owned)
        };
        let (kernel, recorder) = (text()?, text()?);
        cursor.is_empty().then_some(Self { created, kernel, recorder, snap_len })
    }
}

fn cut(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_TEXT_LEN)).unwrap_or_default().to_owned()
}

fn crc_of(fixed: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(fixed);
    hasher.update(body);
    hasher.finalize()
}
