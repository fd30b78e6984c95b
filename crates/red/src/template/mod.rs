//! From paths to templates: `/users/123/orders/2024-05-06.pdf` is `/users/{id}/orders/{date}.pdf`.
//!
//! * `segment`: what one segment looks like, which needs no memory;
//! * `learned`: positions that turn out to be variable, which does.
//!
//! # Placeholders by looks
//!
//! | placeholder | stands for |
//! |---|---|
//! | `{id}` | a decimal integer |
//! | `{uuid}` | 8-4-4-4-12 hexadecimal digits |
//! | `{hash}` | 8 or more hexadecimal digits, with at least one decimal digit and one letter, or 16 or more letters `a`–`f` |
//! | `{ulid}` | 26 characters of Crockford's base 32, the first at most `7` |
//! | `{token}` | 16 or more characters of a base-64 alphabet that look random: two digits or more, and many changes between upper case, lower case and digits |
//! | `{email}` | `name@host.domain` |
//! | `{date}` | `YYYY-MM` or `YYYY-MM-DD`, with or without a time behind a `T` |
//! | `{ip}` | an IPv4 or IPv6 address |
//!
//! They are recognised percent-encoded, and in front of a file extension: `/img/a1b2c3d4.png` is `/img/{hash}.png`, and
//! `/app.3f2a9c1b.js` is `/app.{hash}.js`.
//!
//! # Placeholders by learning
//!
//! What has no such look, a user's name for instance, is found out: [`Templates`] keeps for each position in a service's
//! paths, under the same template of what is before it, the literals that it has seen there. One literal more than
//! [`Config::max_literals`], and the position becomes `{var}`, for the literals that were seen before as well. The first
//! position of a path has a cap of its own, because that is where a service's own vocabulary is.
//!
//! Learning depends on the order in which paths come, as all learning does. What is promised: a position that was learned
//! stays learned as long as the service is known; and as long as none is, the template of a path depends on the path alone.
//!
//! # Bounds
//!
//! A literal longer than [`MAX_LITERAL_BYTES`] is `{var}`; what is past [`MAX_DEPTH`] segments or [`MAX_TEMPLATE_BYTES`] is
//! `{rest}`. Path parameters (`;jsessionid=…`) are dropped. Braces in a path are percent-encoded, so that no path can pose
//! as a template.

mod learned;
mod segment;

pub use learned::{Config, Lesson, Templates};

/// Most segments of a template, without the `{rest}`.
pub const MAX_DEPTH: usize = 16;
/// Longest template, in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 224;
/// Longest segment that is kept as it is, in bytes.
pub const MAX_LITERAL_BYTES: usize = 64;

/// What a learned position reads as.
const VARIABLE: &str = "{var}";
/// What everything past the bounds reads as.
const REST: &str = "{rest}";
