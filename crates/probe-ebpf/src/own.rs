//! What is the agent's own, and not reported.

use crate::maps::OWN;

/// Whether this is the port of one of the agent's listeners.
#[inline(always)]
pub fn is_listener(netns: u32, port: u16) -> bool {
    let Some(listeners) = OWN.get(0) else { return false };
    let mut own = false;
    for listener in listeners {
        own |= listener.port == u32::from(port) && port != 0 && (listener.netns == netns || listener.netns == 0);
    }
    own
}
