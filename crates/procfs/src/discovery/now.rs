//! The clock of the events that facts are to be put beside.

use std::{fmt, sync::Arc};

use geophone_model::time::Timestamp;

/// A way to read it, for each thread one.
#[derive(Clone)]
pub(super) struct Now(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Now {
    pub(super) fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub(super) fn read(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}
