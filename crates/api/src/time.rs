//! Times and durations as text.

use geophone_model::time::Timestamp;

const NS_PER_SECOND: u64 = 1_000_000_000;

/// A time in RFC 3339, in UTC, with as many decimals as it needs.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let (seconds, ns) = (at.as_ns() / NS_PER_SECOND, at.as_ns() % NS_PER_SECOND);
    // Every timestamp is before the year 2555, and every time before the year 10000 is representable.
    match (i64::try_from(seconds), i32::try_from(ns)) {
        (Ok(seconds), Ok(ns)) => {
            jiff::Timestamp::new(seconds, ns).map_or_else(|_| at.to_string(), |time| time.to_string())
        }
        _ => at.to_string(),
    }
}

/// Reads a time: RFC 3339, or seconds since the Unix epoch with at most nine decimals.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let invalid = || {
        format!(
            "`{text}` is no time from 1970 to 2554: take RFC 3339 (2026-11-21T13:48:33Z) or seconds since the Unix epoch"
        )
    };
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return decimal_ns(text, NS_PER_SECOND).map(Timestamp::from_ns).ok_or_else(invalid);
    }
    // A `+` that was not escaped has become a space on its way through a query.
    let text = if text.contains('T') { text.replace(' ', "+") } else { text.to_owned() };
    let ns = text.parse::<jiff::Timestamp>().map_err(|_| invalid())?.as_nanosecond();
    u64::try_from(ns).map(Timestamp::from_ns).map_err(|_| invalid())
}

/// Reads a duration in nanoseconds: a number, and a unit unless it is seconds.
pub(crate) fn parse_duration_ns(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", NS_PER_SECOND),
        ("m", 60 * NS_PER_SECOND),
        ("h", 3600 * NS_PER_SECOND),
        ("d", 24 * 3600 * NS_PER_SECOND),
    ];
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit_ns = match unit {
        "" => Some(NS_PER_SECOND),
        unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ns)| *ns),
    };
    unit_ns.and_then(|unit_ns| decimal_ns(number, unit_ns)).ok_or_else(|| {
        format!("`{text}` is no duration: take a number and one of ns, us, ms, s, m, h, d, as in `5m` or `250ms`")
    })
}

/// `12.5` of a unit, exactly; what is less than a nanosecond is cut off. `None` for what is no number or too large.
fn decimal_ns(number: &str, unit_ns: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction_ns = fraction.parse::<u128>().ok()? * u128::from(unit_ns) / scale;
    let whole_ns = whole.parse::<u64>().ok()?.checked_mul(unit_ns)?;
    whole_ns.checked_add(u64::try_from(fraction_ns).ok()?)
}

/// Nanoseconds in seconds.
pub(crate) fn seconds(ns: u64) -> f64 {
    ns as f64 / NS_PER_SECOND as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        let ns = 1_700_000_000_123_456_789;
        for text in ["1700000000.123456789", "2023-11-14T22:13:20.123456789Z", "2023-11-14T23:13:20.123456789 01:00"] {
            assert_eq!(parse_time(text), Ok(Timestamp::from_ns(ns)), "{text}");
        }
        assert_eq!(parse_time("1700000000"), Ok(Timestamp::from_ns(1_700_000_000_000_000_000)));
        for text in [
            "yesterday",
            "-1",
            "1.2.3",
            ".",
            "1.",
            "1969-12-31T23:59:59Z",
            "99999999999999999999",
            "3000-01-01T00:00:00Z",
        ] {
            assert!(parse_time(text).unwrap_err().contains(text), "{text}");
        }
    }

    #[test]
    fn every_time_is_written_so_that_it_can_be_read() {
        for ns in [0, 1, 1_700_000_000_000_000_000, u64::MAX] {
            let text = rfc3339(Timestamp::from_ns(ns));
            assert_eq!(parse_time(&text), Ok(Timestamp::from_ns(ns)), "{text}");
        }
        assert_eq!(rfc3339(Timestamp::from_ns(1_500_000_000)), "1970-01-01T00:00:01.5Z");
    }

    #[test]
    fn durations_have_units() {
        for (text, ns) in
            [("5m", 300_000_000_000), ("250ms", 250_000_000), ("0.25", 250_000_000), ("1.5us", 1_500), ("0.4ns", 0)]
        {
            assert_eq!(parse_duration_ns(text), Ok(ns), "{text}");
        }
        for text in ["", "m", "5 m", "5w", "-5m", "1e3s", "999999999999d", "5µs"] {
            assert!(parse_duration_ns(text).is_err(), "{text}");
        }
    }
}
