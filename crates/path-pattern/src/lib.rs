//! Regular expressions for paths, which may come from anybody.
//!
//! A [`PathPattern`] is compiled once, within [`MAX_PATTERN_LEN`] and bounds on nesting and compiled size, and matches in
//! time linear in the path. One that is refused says where it is wrong:
//!
//! ```
//! use geophone_path_pattern::PathPattern;
//!
//! let orders = PathPattern::new("^/users/[^/]+/orders$")?;
//! assert!(orders.is_match("/users/17/orders"));
//! assert!(!orders.is_match("/users/17/orders/3"));
//!
//! let error = PathPattern::new("/users/(id").unwrap_err();
//! assert_eq!(error.to_string(), "path pattern `/users/(id` is no regular expression, at byte 7: unclosed group");
//! # Ok::<(), geophone_path_pattern::InvalidPathPattern>(())
//! ```

#![forbid(unsafe_code)]

mod invalid;
mod pattern;

pub use self::{
    invalid::InvalidPathPattern,
    pattern::{MAX_PATTERN_LEN, PathPattern},
};
