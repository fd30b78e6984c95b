//! What a call costs once its connection is known: nothing that is allocated.

#[path = "../benches/load/mod.rs"]
mod load;

use allocation_counter::measure;
use load::Load;

#[test]
fn calls_on_known_connections_allocate_nothing() {
    let mut load = Load::new(50);
    let mut named = 0;
    let allocations = measure(|| named = (0..5_000).map(|_| load.call()).sum());
    assert_eq!((named, allocations.count_total), (5_000, 0));
}
