//! A protocol's real server and client, run by the scripts in `workloads/`: what they did is what is observed.

use geophone_testkit::{Observation, Workload};

use crate::room;

/// Runs every scenario of a protocol, each in a room of its own. `programs` are those that it uses beside Python.
fn every_scenario_is_observed_exactly(protocol: &str, programs: &[&str]) {
    let programs = [&["python"], programs].concat();
    let Some(first) = room(&programs) else { return };
    let scenarios = Workload::scenarios(first.place(), protocol);
    drop(first);
    assert!(!scenarios.is_empty());
    for scenario in scenarios {
        let Some(room) = room(&programs) else { return };
        let observation = Observation::begin(&room);
        let workload = Workload::run(room.place(), protocol, &scenario);
        workload.assert_observed(&observation.end());
    }
}

#[test]
fn http1() {
    every_scenario_is_observed_exactly("http1", &[]);
}
