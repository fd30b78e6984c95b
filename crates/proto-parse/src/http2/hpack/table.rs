//! The tables that indices refer to (RFC 7541 section 2.3).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Field, FieldName, HpackError};

/// What an entry counts beside its name and its value (section 4.1).
const ENTRY_OVERHEAD_BYTES: u32 = 32;

/// The table's size until the encoder says otherwise (RFC 9113 section 6.5.2, `SETTINGS_HEADER_TABLE_SIZE`).
const INITIAL_BYTES: u32 = 4096;

/// A name that an index refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IndexedName {
    pub(super) name: FieldName,
    pub(super) name_bytes: u32,
}

/// The dynamic table as far as it was seen: newest entries first.
#[derive(Debug)]
pub(super) struct DynamicTable {
    entries: VecDeque<Entry>,
    bytes: u32,
    /// What the encoder has set, if it was seen.
    max_bytes: u32,
    /// Behind the entries there may be others that were not seen, or are not held.
    has_unknown: bool,
}

#[derive(Debug)]
struct Entry {
    name: IndexedName,
    /// What is kept of the value; nothing where the name is of no interest.
    value: Vec<u8>,
    is_cut: bool,
    bytes: u32,
}

impl Default for DynamicTable {
    fn default() -> Self {
        Self { entries: VecDeque::new(), bytes: 0, max_bytes: INITIAL_BYTES, has_unknown: false }
    }
}

impl DynamicTable {
    /// Forgets what it held: entries may have been added unseen, and so nothing is where it was.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
        self.bytes = 0;
        // A change of it may have been among what was not seen.
        self.max_bytes = u32::MAX;
        self.has_unknown = true;
    }

    /// The encoder's new maximum (section 6.3).
    pub(super) fn resize(&mut self, max_bytes: u32, held_bytes: u32) {
        self.max_bytes = max_bytes;
        self.evict_to(max_bytes, held_bytes);
        // Whatever was there is gone.
        self.has_unknown &= max_bytes > 0;
    }

    /// Adds an entry as the newest (section 4.4). At most `held_bytes` of the table are held.
    pub(super) fn insert(&mut self, name: IndexedName, value: &[u8], value_bytes: u32, is_cut: bool, held_bytes: u32) {
        let bytes = name.name_bytes.saturating_add(value_bytes).saturating_add(ENTRY_OVERHEAD_BYTES);
        let room = |most: u32| most.saturating_sub(bytes);
        let mut buffer = self.evict_to(room(self.max_bytes), room(held_bytes));
        if bytes > self.max_bytes {
            // Section 4.4: it empties the table and is not added.
            self.has_unknown = false;
            return;
        }
        // What is kept of a large one is little, and without it nothing would be where it is.
        let bytes = bytes.min(held_bytes);
        buffer.clear();
        buffer.extend_from_slice(value);
        self.entries.push_front(Entry { name, value: buffer, is_cut, bytes });
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// The field at an index of both tables (section 2.3.3).
    pub(super) fn field(&self, index: u32) -> Result<Field<'_>, HpackError> {
        match self.look_up(index)? {
            Found::Static(name, _, value) => {
                let value = if name.is_kept() { value.as_bytes() } else { b"" };
                Ok(Field { name, value, is_cut: false })
            }
            Found::Dynamic(Entry { name, value, is_cut, .. }) => Ok(Field { name: name.name, value, is_cut: *is_cut }),
            Found::Unknown => Ok(Field { name: FieldName::Unknown, value: b"", is_cut: false }),
        }
    }

    /// The name at an index of both tables.
    pub(super) fn name(&self, index: u32) -> Result<IndexedName, HpackError> {
        Ok(match self.look_up(index)? {
            Found::Static(name, text, _) => {
                IndexedName { name, name_bytes: u32::try_from(text.len()).unwrap_or(u32::MAX) }
            }
            Found::Dynamic(Entry { name, .. }) => *name,
            Found::Unknown => IndexedName { name: FieldName::Unknown, name_bytes: 0 },
        })
    }

    /// Bytes of memory that it holds, about.
    pub(super) fn held_bytes(&self) -> usize {
        let values = self.entries.iter().map(|entry| entry.value.capacity());
        values.fold(self.entries.capacity().saturating_mul(size_of::<Entry>()), usize::saturating_add)
    }

    fn look_up(&self, index: u32) -> Result<Found<'_>, HpackError> {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        // Section 6.1: index 0 is not used.
        let place = index.checked_sub(1).ok_or(HpackError::Index)?;
        if let Some((name, text, value)) = STATIC.get(place) {
            return Ok(Found::Static(*name, text, value));
        }
        match self.entries.get(place.saturating_sub(STATIC.len())) {
            Some(entry) => Ok(Found::Dynamic(entry)),
            None if self.has_unknown => Ok(Found::Unknown),
            None => Err(HpackError::Index),
        }
    }

    /// Drops the oldest until at most `max_bytes` are there, and of these, at most `held_bytes` are held. Gives the last
    /// one's buffer for reuse.
    fn evict_to(&mut self, max_bytes: u32, held_bytes: u32) -> Vec<u8> {
        let mut buffer = Vec::new();
        while self.bytes > max_bytes.min(held_bytes) {
            let Some(oldest) = self.entries.pop_back() else { break };
            // It is still in the encoder's table.
            self.has_unknown |= self.bytes <= max_bytes;
            self.bytes = self.bytes.saturating_sub(oldest.bytes);
            buffer = oldest.value;
        }
        buffer
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> (u32, usize) {
        (self.bytes, self.entries.len())
    }
}

enum Found<'a> {
    Static(FieldName, &'static str, &'static str),
    Dynamic(&'a Entry),
    Unknown,
}

/// The static table (appendix A), from index 1 on.
#[rustfmt::skip]
static STATIC: [(FieldName, &str, &str); 61] = {
    use FieldName::{Authority, ContentType, Host, Method, Other, Path, Scheme, Status};
    [
        (Authority, ":authority", ""), (Method, ":method", "GET"), (Method, ":method", "POST"), (Path, ":path", "/"),
        (Path, ":path", "/index.html"), (Scheme, ":scheme", "http"), (Scheme, ":scheme", "https"),
        (Status, ":status", "200"), (Status, ":status", "204"), (Status, ":status", "206"), (Status, ":status", "304"),
        (Status, ":status", "400"), (Status, ":status", "404"), (Status, ":status", "500"),
        (Other, "accept-charset", ""), (Other, "accept-encoding", "gzip, deflate"), (Other, "accept-language", ""),
        (Other, "accept-ranges", ""), (Other, "accept", ""), (Other, "access-control-allow-origin", ""),
        (Other, "age", ""), (Other, "allow", ""), (Other, "authorization", ""), (Other, "cache-control", ""),
        (Other, "content-disposition", ""), (Other, "content-encoding", ""), (Other, "content-language", ""),
        (Other, "content-length", ""), (Other, "content-location", ""), (Other, "content-range", ""),
        (ContentType, "content-type", ""), (Other, "cookie", ""), (Other, "date", ""), (Other, "etag", ""),
        (Other, "expect", ""), (Other, "expires", ""), (Other, "from", ""), (Host, "host", ""), (Other, "if-match", ""),
        (Other, "if-modified-since", ""), (Other, "if-none-match", ""), (Other, "if-range", ""),
        (Other, "if-unmodified-since", ""), (Other, "last-modified", ""), (Other, "link", ""), (Other, "location", ""),
        (Other, "max-forwards", ""), (Other, "proxy-authenticate", ""), (Other, "proxy-authorization", ""),
        (Other, "range", ""), (Other, "referer", ""), (Other, "refresh", ""), (Other, "retry-after", ""),
        (Other, "server", ""), (Other, "set-cookie", ""), (Other, "strict-transport-security", ""),
        (Other, "transfer-encoding", ""), (Other, "user-agent", ""), (Other, "vary", ""), (Other, "via", ""),
        (Other, "www-authenticate", ""),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    fn other(name_bytes: u32) -> IndexedName {
        IndexedName { name: FieldName::Other, name_bytes }
    }

    #[test]
    fn the_static_table_agrees_with_itself() {
        for (name, text, value) in STATIC {
            assert_eq!(FieldName::of(text.as_bytes()), name);
            assert!(value.is_empty() || name != FieldName::Other || text == "accept-encoding");
        }
    }

    #[test]
    fn indices_count_from_the_newest_entry() {
        let mut table = DynamicTable::default();
        let path = IndexedName { name: FieldName::Path, name_bytes: 5 };
        table.insert(path, b"/old", 4, false, u32::MAX);
        table.insert(path, b"/new", 4, false, u32::MAX);
        assert_eq!(table.field(62).map(|field| field.value), Ok(&b"/new"[..]));
        assert_eq!(table.field(63).map(|field| field.value), Ok(&b"/old"[..]));
        assert_eq!(table.field(64), Err(HpackError::Index));
        assert_eq!(table.field(0), Err(HpackError::Index));
        assert_eq!(table.size(), (82, 2));
    }

    #[test]
    fn what_does_not_fit_goes_and_an_entry_that_is_too_large_empties_the_table() {
        let mut table = DynamicTable::default();
        table.resize(100, u32::MAX);
        for _ in 0..5 {
            table.insert(other(9), b"", 9, false, u32::MAX);
        }
        assert_eq!(table.size(), (100, 2));
        table.insert(other(60), b"", 9, false, u32::MAX);
        assert_eq!((table.size(), table.field(62)), ((0, 0), Err(HpackError::Index)));
    }

    #[test]
    fn what_was_not_seen_is_unknown_until_it_is_gone() {
        let unknown = Ok(Field { name: FieldName::Unknown, value: b"", is_cut: false });
        let mut table = DynamicTable::default();
        table.forget();
        assert_eq!(table.field(62), unknown);
        table.insert(other(9), b"", 9, false, u32::MAX);
        assert_eq!((table.field(62).map(|field| field.name), table.field(63)), (Ok(FieldName::Other), unknown));
        table.resize(0, u32::MAX);
        assert_eq!(table.field(62), Err(HpackError::Index), "the table is empty, and that is known");
    }

    #[test]
    fn a_table_that_is_larger_than_what_is_held_is_known_in_its_newest_part() {
        let unknown = Ok(Field { name: FieldName::Unknown, value: b"", is_cut: false });
        let mut table = DynamicTable::default();
        table.resize(u32::MAX, 100);
        for byte in b"0123456789" {
            table.insert(IndexedName { name: FieldName::Method, name_bytes: 7 }, &[*byte], 1, false, 100);
            assert!(table.size().0 <= 100);
        }
        assert_eq!(table.field(62).map(|field| field.value), Ok(&b"9"[..]));
        assert_eq!(table.field(63).map(|field| field.value), Ok(&b"8"[..]));
        assert_eq!(table.field(64), unknown);
        table.insert(IndexedName { name: FieldName::Path, name_bytes: 5 }, b"/", 1_000_000, true, 100);
        assert_eq!((table.field(62).map(|field| field.value), table.field(63)), (Ok(&b"/"[..]), unknown));
        assert!(table.size().0 <= 100);
    }
}
