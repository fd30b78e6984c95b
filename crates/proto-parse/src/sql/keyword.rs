//! The words that are written in one way.

/// The word in upper case, if it is one that no dialect takes for the name of a table or a column without quotes.
pub(super) fn keyword(word: &[u8]) -> Option<&'static str> {
    if word.len() > LONGEST {
        return None;
    }
    let packed = pack(word);
    let at = KEYWORDS.binary_search_by(|(keyword, _)| keyword.cmp(&packed)).ok()?;
    KEYWORDS.get(at).map(|&(_, name)| name)
}

const LONGEST: usize = 9;

const fn entry(name: &'static str) -> (u128, &'static str) {
    (pack(name.as_bytes()), name)
}

/// The word in upper case as a number, so that one comparison tells two words apart. At most 16 bytes have room.
const fn pack(mut word: &[u8]) -> u128 {
    let mut packed: u128 = 0;
    while let [first, rest @ ..] = word {
        packed = packed << 8 | first.to_ascii_uppercase() as u128;
        word = rest;
    }
    packed
}

/// In the order of their numbers: by length, then by alphabet.
const KEYWORDS: [(u128, &str); 52] = [
    entry("AS"),
    entry("BY"),
    entry("IN"),
    entry("IS"),
    entry("ON"),
    entry("OR"),
    entry("TO"),
    entry("ALL"),
    entry("AND"),
    entry("ASC"),
    entry("END"),
    entry("FOR"),
    entry("NOT"),
    entry("SET"),
    entry("CASE"),
    entry("DESC"),
    entry("ELSE"),
    entry("FROM"),
    entry("INTO"),
    entry("JOIN"),
    entry("LIKE"),
    entry("NULL"),
    entry("THEN"),
    entry("TRUE"),
    entry("WHEN"),
    entry("WITH"),
    entry("CROSS"),
    entry("FALSE"),
    entry("GROUP"),
    entry("ILIKE"),
    entry("INNER"),
    entry("LIMIT"),
    entry("ORDER"),
    entry("OUTER"),
    entry("TABLE"),
    entry("UNION"),
    entry("USING"),
    entry("WHERE"),
    entry("CREATE"),
    entry("DELETE"),
    entry("EXCEPT"),
    entry("EXISTS"),
    entry("HAVING"),
    entry("INSERT"),
    entry("OFFSET"),
    entry("SELECT"),
    entry("UPDATE"),
    entry("VALUES"),
    entry("BETWEEN"),
    entry("DISTINCT"),
    entry("INTERSECT"),
    entry("RETURNING"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_and_nothing_else() {
        assert!(KEYWORDS.is_sorted());
        for (_, name) in KEYWORDS {
            assert!(name.len() <= LONGEST, "{name}");
            assert_eq!(keyword(name.to_lowercase().as_bytes()), Some(name));
            assert_ne!(keyword(&name.as_bytes()[1..]), Some(name));
        }
        for word in [&b""[..], b"orders", b"A", b"WHERES", b"RETURNINGS"] {
            assert_eq!(keyword(word), None, "{}", word.escape_ascii());
        }
    }
}
