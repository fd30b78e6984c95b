//! Numbers as people read them in reasons and labels.

/// `part` of `whole` in per cent, rounded down to a tenth, so that it never claims a threshold that was not reached.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let thousandths = (u128::from(part) * 1000).checked_div(whole.into()).unwrap_or(0);
    match thousandths {
        0 if part > 0 => "less than 0.1 %".to_owned(),
        _ => format!("{}.{} %", thousandths / 10, thousandths % 10),
    }
}

/// The singular for one, the plural for others.
pub(crate) const fn plural(count: u64, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// Requests a second with three significant digits: `1230/s`, `12.3/s`, `0.0123/s`.
pub(crate) fn rate(per_second: f64) -> String {
    format!("{}/s", significant(per_second))
}

/// Seconds in the unit that suits them: `12.3 µs`, `4.56 ms`, `7.89 s`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{} s", significant(s)),
        s if s >= 1e-3 => format!("{} ms", significant(s * 1e3)),
        s => format!("{} µs", significant(s * 1e6)),
    }
}

/// Three significant digits without an exponent; whole numbers above that.
fn significant(value: f64) -> String {
    if value <= 0.0 {
        return "0".to_owned();
    }
    let before_point = value.log10().floor() as i32 + 1;
    let decimals = usize::try_from(3 - before_point).unwrap_or(0).min(6);
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_rounded_down() {
        let cases = [((10, 80), "12.5 %"), ((9_999, 100_000), "9.9 %"), ((0, 5), "0.0 %"), ((0, 0), "0.0 %")];
        for ((part, whole), expected) in cases {
            assert_eq!(percent(part, whole), expected);
        }
        assert_eq!(percent(1, 1_000_000), "less than 0.1 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0 %");
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([0.0, 0.0123, 1.5, 12.34, 1234.5].map(rate), ["0/s", "0.0123/s", "1.5/s", "12.3/s", "1234/s"]);
        assert_eq!([0.0, 1.25e-5, 0.00456, 7.0].map(duration), ["0 µs", "12.5 µs", "4.56 ms", "7 s"]);
    }
}
