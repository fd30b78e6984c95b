//! The Prometheus text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::fmt::Write;

/// Families of metrics, as text.
///
/// ```
/// use geophone_api::{Exposition, MetricKind};
///
/// let mut exposition = Exposition::default();
/// let mut family = exposition.family("capture_records_total", MetricKind::Counter, "Records that were read.");
/// family.sample(&[("ring", "a\"b")], 7_u64);
/// let text = exposition.into_text();
/// assert!(text.starts_with("# HELP capture_records_total Records that were read."));
/// assert_eq!(text.lines().last(), Some(r#"capture_records_total{ring="a\"b"} 7"#));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Exposition {
    text: String,
}

/// What kind of metric a family is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// It only grows, and begins at zero with each start of the program. By convention its name ends in `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl MetricKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

impl Exposition {
    /// The content type that goes with the text.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a family. Its samples follow at once, since the format wants them together.
    ///
    /// # Panics
    ///
    /// If `name` is no metric name: letters, digits, `_` and `:`, with no digit first.
    pub fn family(&mut self, name: &'static str, kind: MetricKind, help: &str) -> Family<'_> {
        assert!(is_metric_name(name), "`{name}` is no metric name");
        let text = &mut self.text;
        let _ = write!(text, "# HELP {name} ");
        escape(help, false, text);
        let _ = write!(text, "\n# TYPE {name} {}\n", kind.as_str());
        Family { name, text }
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A family whose samples are being written.
#[derive(Debug)]
pub struct Family<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Family<'_> {
    /// Writes a sample. Values of labels may hold anything.
    ///
    /// # Panics
    ///
    /// If a name is no label name: letters, digits and `_`, with no digit first.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Into<SampleValue>) {
        self.text.push_str(self.name);
        for (index, (name, value)) in labels.iter().enumerate() {
            assert!(is_metric_name(name) && !name.contains(':'), "`{name}` is no label name");
            self.text.push(if index == 0 { '{' } else { ',' });
            let _ = write!(self.text, "{name}=\"");
            escape(value, true, self.text);
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        self.text.push(' ');
        value.into().write(self.text);
        self.text.push('\n');
    }
}

/// The value of a sample: an integer, which is written exactly, or a floating-point number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleValue(Number);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Integer(u64),
    Float(f64),
}

impl From<u64> for SampleValue {
    fn from(value: u64) -> Self {
        Self(Number::Integer(value))
    }
}

impl From<f64> for SampleValue {
    fn from(value: f64) -> Self {
        Self(Number::Float(value))
    }
}

impl SampleValue {
    fn write(self, text: &mut String) {
        let _ = match self.0 {
            Number::Integer(value) => write!(text, "{value}"),
            // Go's ParseFloat reads these names, and Rust writes the infinite ones differently.
            Number::Float(value) if value.is_nan() => write!(text, "NaN"),
            Number::Float(value) if value.is_infinite() => text.write_str(if value > 0.0 { "+Inf" } else { "-Inf" }),
            Number::Float(value) => write!(text, "{value}"),
        };
    }
}

fn is_metric_name(name: &str) -> bool {
    let starts_well = name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    starts_well && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
}

/// Help escapes backslashes and line feeds, values of labels quotes as well.
fn escape(from: &str, quotes: bool, into: &mut String) {
    for c in from.chars() {
        match c {
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '"' if quotes => into.push_str("\\\""),
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_end_its_line_or_its_quotes() {
        let mut exposition = Exposition::default();
        let mut family = exposition.family("a_total", MetricKind::Counter, "one\\two\n\"three\"");
        family.sample(&[("x", "a\\b\"} 1\na_total 2"), ("y", "é")], 3_u64);
        family.sample(&[], u64::MAX);
        let text = exposition.into_text();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                r#"# HELP a_total one\\two\n"three""#,
                "# TYPE a_total counter",
                r#"a_total{x="a\\b\"} 1\na_total 2",y="é"} 3"#,
                "a_total 18446744073709551615",
            ]
        );
    }

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        let mut exposition = Exposition::default();
        let mut family = exposition.family("a", MetricKind::Gauge, "");
        for value in [0.5, 1e-9, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            family.sample(&[], value);
        }
        let text = exposition.into_text();
        let values: Vec<_> = text.lines().skip(2).map(|line| line.trim_start_matches("a ")).collect();
        assert_eq!(values, ["0.5", "0.000000001", "+Inf", "-Inf", "NaN"]);
    }

    #[test]
    #[should_panic(expected = "`1a` is no metric name")]
    fn a_bad_name_is_the_programmers_fault() {
        Exposition::default().family("1a", MetricKind::Gauge, "");
    }
}
