//! Records for the tests of this folder.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use soma_axon::record::{CallerClass, Record, Stage, StageLap};
use soma_protocol::dialect::Dialect;
use soma_runtime::Budget;

/// A request for the route `Text` that ended with this code.
pub fn record(code: &'static str) -> Record {
    Record {
        id: "an-id".to_owned(),
        received: SystemTime::now(),
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        dialect: Some(Dialect::Synapse),
        path: "/Text".to_owned(),
        route: Some("Text".to_owned()),
        hotkey: None,
        proven: false,
        class: CallerClass::Stranger,
        status: 200,
        code,
        detail: String::new(),
        version: Some("the-version".into()),
        budget: Some(Budget::default()),
        priority: None,
        stages: Vec::new(),
        bytes_in: 10,
        bytes_out: 20,
        elapsed: Duration::from_millis(9),
    }
}

/// A stage of the host's own that took this many milliseconds.
pub fn lap(stage: Stage, wall_ms: u64) -> StageLap {
    let wall = Duration::from_millis(wall_ms);
    StageLap { stage, wall, cpu: Duration::ZERO, memory: 0, slot: None, version: None }
}

/// A stage of a plugin.
pub fn hook(stage: Stage, slot: &str, cpu_ms: u64, memory: u64) -> StageLap {
    let (slot, version) = (Some(slot.into()), Some("the-version".into()));
    StageLap { cpu: Duration::from_millis(cpu_ms), memory, slot, version, ..lap(stage, 3) }
}
