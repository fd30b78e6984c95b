//! Conversations, and ways to drive them through a parser.

#![allow(dead_code, unused_imports, reason = "each test uses what it needs of this")]

pub(crate) mod drive;
pub(crate) mod http2;
pub(crate) mod script;
pub(crate) mod steady;
