//! Who a socket connects.

use aya_ebpf::cty::c_void;
use geophone_probe_common::{counter, syscall::ChunkHead};

use super::Outcome;
use crate::sock::{Sock, WholeCommon};

const TCP: u16 = 6;
const UDP: u16 = 17;

/// Writes what a socket is into the head of a record, or says by which counter its calls are left out.
#[inline(always)]
pub fn describe(sock: u64, head: &mut ChunkHead) -> Result<(), Outcome> {
    let sk = Sock::at(sock);
    let Some(common) = WholeCommon::read(sock as *const c_void) else { return Err(counter::CALLS_OTHER) };
    let (Some(family), transport @ (TCP | UDP)) = (common.family(), sk.protocol()) else {
        return Err(counter::CALLS_OTHER);
    };
    head.cookie = common.cookie();
    if head.cookie == 0 {
        return Err(counter::CALLS_NAMELESS);
    }
    head.family = family;
    head.transport = transport as u8;
    head.netns = common.netns();
    head.local = common.local(family);
    head.remote = common.remote(family);
    head.remote_port = common.remote_port();
    head.local_port = match common.local_port() {
        // A connection that was reset has given its port back, while what it has received can still be read.
        0 => sk.source_port(),
        port => port,
    };
    Ok(())
}
