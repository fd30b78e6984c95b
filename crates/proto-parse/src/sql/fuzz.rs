//! Entry of the fuzz target for SQL texts.

use alloc::string::String;

use super::Dialect;
use crate::Limits;
use crate::fuzz::limits;

/// Texts of SQL: a byte chooses the dialect. The fingerprint is within its limits and has no control characters, and more room
/// changes nothing but what was cut.
pub fn fingerprint(data: &[u8]) {
    let Some((&options, text)) = data.split_first() else { return };
    let dialect = [Dialect::POSTGRESQL, Dialect::MYSQL, Dialect::CQL];
    let dialect = dialect.get(usize::from(options & 3)).copied().unwrap_or(Dialect::POSTGRESQL);
    let dialect = match options >> 2 & 3 {
        0 => dialect,
        1 => dialect.with_backslash_escapes(options >> 4 & 1 == 1),
        _ => dialect.with_unknown_backslash_escapes(),
    };
    let fingerprint = |limits: &Limits| {
        let (mut verb, mut resource) = (String::new(), String::new());
        let is_whole = super::fingerprint(dialect, text, limits, &mut verb, &mut resource);
        assert!(verb.len() <= limits.verb_bytes && resource.len() <= limits.resource_bytes, "{verb} {resource}");
        assert!(!verb.chars().chain(resource.chars()).any(|char| char.is_ascii_control()), "{verb} {resource}");
        (verb, resource, is_whole)
    };
    let (short, long) = (fingerprint(&limits()), fingerprint(&Limits::default()));
    if short.2 {
        assert_eq!(short, long);
    }
}
