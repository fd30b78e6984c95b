//! What is the agent's own, and not reported.

use crate::globals;

/// Whether one of the agent's listeners has this port. The numbers are constants at load: for a port that is not in use the
/// verifier removes the question.
#[inline(always)]
pub fn is_listener(netns: u32, port: u16) -> bool {
    // Zero is a namespace that is not known.
    if netns != 0 && globals::own_netns() != 0 && netns != globals::own_netns() {
        return false;
    }
    for listener in globals::own_ports() {
        if listener != 0 && listener == port {
            return true;
        }
    }
    false
}
