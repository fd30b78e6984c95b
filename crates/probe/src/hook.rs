//! The hooks of a capture, and what became of each.

use std::fmt;

/// A place in the kernel where a program is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The kernel's name for the place.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Whether it is attached.
    pub state: HookState,
}

/// Whether a hook is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HookState {
    /// It is.
    Attached,
    /// It is not, for this reason; the capture goes on without it.
    Absent(String),
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            HookState::Attached => write!(f, "{}: attached ({})", self.name, self.purpose),
            HookState::Absent(reason) => {
                write!(f, "{}: not attached, so without {}: {reason}", self.name, self.purpose)
            }
        }
    }
}
