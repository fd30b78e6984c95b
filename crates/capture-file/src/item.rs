//! What a file is made of.

use geophone_model::{capture::CaptureEvent, fact::Fact};

/// One thing that a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item<'a> {
    /// Something that passed, changed or was lost; its payload borrows from the source.
    Event(CaptureEvent<'a>),
    /// Something that was known. Only recordings have facts.
    Fact(Fact),
}
