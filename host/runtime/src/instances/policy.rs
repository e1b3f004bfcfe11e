//! How long an instance lives: the operator's word, or the host's own choice.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use bytesize::ByteSize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use soma_manifest::Seconds;

use crate::budget::Budget;

/// Largest component, and largest memory at the start, of a plugin that gets fresh instances when nobody says
/// otherwise. What the pool keeps resident of a memory is as much: beyond it a fresh instance costs system calls. A
/// compiled plugin has a tenth of it; what is larger carries the interpreter of its language along, and a fresh
/// instance of that costs several calls' worth of time.
pub const SMALL: ByteSize = ByteSize::kib(512);

/// Most instances that are made in advance for one version.
pub const MOST_READY: usize = 16;

/// Calls of a warm instance, when the operator names no number: its making then costs a few microseconds a call, also in
/// Python, and a guest that drops none of its handles stays below their budget.
const CALLS: u32 = 500;
/// Age of a warm instance: what a plugin keeps from its start (its settings, a seed) is never older.
const AGE: Duration = Duration::from_secs(600);
/// Warm instances that wait for a call, of one version.
const IDLE: usize = 8;

/// What the operator's file says: `"fresh"`, `"warm"`, `"resident"`, or a table with `mode` and what bounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceSpec {
    /// One request each; so many are made in advance, at most `MOST_READY`. None is the default.
    Fresh {
        /// How many.
        ready: Option<usize>,
    },
    /// Many requests, one after another, within bounds. None leaves the default.
    Warm {
        /// Requests that one instance serves.
        calls: Option<NonZeroU32>,
        /// Time from its making on.
        age: Option<Seconds>,
        /// Bytes of memory that it may have grown to; three quarters of its budget by default.
        memory: Option<ByteSize>,
        /// Instances that wait for a request.
        idle: Option<NonZeroUsize>,
    },
    /// One for the life of the version.
    Resident,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Fresh,
    Warm,
    Resident,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    mode: Mode,
    ready: Option<usize>,
    calls: Option<NonZeroU32>,
    age: Option<Seconds>,
    #[serde(default, deserialize_with = "soma_manifest::size::optional::deserialize")]
    memory: Option<ByteSize>,
    idle: Option<NonZeroUsize>,
}

impl Table {
    fn of(mode: Mode) -> Table {
        Table { mode, ready: None, calls: None, age: None, memory: None, idle: None }
    }

    fn spec(self) -> Result<InstanceSpec, &'static str> {
        let Table { mode, ready, calls, age, memory, idle } = self;
        let bounded = calls.is_some() || age.is_some() || memory.is_some() || idle.is_some();
        match mode {
            Mode::Fresh | Mode::Resident if bounded => Err("`calls`, `age`, `memory` and `idle` bound warm instances"),
            Mode::Warm | Mode::Resident if ready.is_some() => Err("`ready` is for fresh instances"),
            Mode::Fresh if ready.is_some_and(|ready| ready > MOST_READY) => Err("`ready` is at most 16"),
            Mode::Fresh => Ok(InstanceSpec::Fresh { ready }),
            Mode::Warm => Ok(InstanceSpec::Warm { calls, age, memory, idle }),
            Mode::Resident => Ok(InstanceSpec::Resident),
        }
    }
}

impl<'de> Deserialize<'de> for InstanceSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<InstanceSpec, D::Error> {
        struct NameOrTable;

        impl<'de> Visitor<'de> for NameOrTable {
            type Value = InstanceSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"fresh\", \"warm\", \"resident\" or a table with `mode`")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<InstanceSpec, E> {
                let mode = match name {
                    "fresh" => Mode::Fresh,
                    "warm" => Mode::Warm,
                    "resident" => Mode::Resident,
                    other => return Err(E::unknown_variant(other, &["fresh", "warm", "resident"])),
                };
                Table::of(mode).spec().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InstanceSpec, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map))?.spec().map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_any(NameOrTable)
    }
}

/// How large a plugin is before it has done anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Of the file.
    pub component: ByteSize,
    /// Of its largest memory at the start.
    pub memory: ByteSize,
}

/// How long the instances of one version live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstancePolicy {
    /// For one request.
    Fresh {
        /// How many are made in advance.
        ready: usize,
    },
    /// For many requests of any callers.
    Warm(WarmPolicy),
    /// For the life of the version; one request at a time.
    Resident,
}

/// What bounds a warm instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmPolicy {
    /// Requests that it serves.
    pub calls: u32,
    /// Time from its making on.
    pub age: Duration,
    /// Memory that it may have grown to.
    pub memory: ByteSize,
    /// Instances that wait for a request.
    pub idle: usize,
}

impl InstancePolicy {
    /// The operator's word where there is one; otherwise small plugins are fresh and large ones warm.
    pub fn decide(spec: Option<InstanceSpec>, size: Size, budget: &Budget) -> InstancePolicy {
        let large = size.component > SMALL || size.memory > SMALL;
        let unsaid = match large {
            true => InstanceSpec::Warm { calls: None, age: None, memory: None, idle: None },
            false => InstanceSpec::Fresh { ready: None },
        };
        match spec.unwrap_or(unsaid) {
            InstanceSpec::Fresh { ready } => {
                InstancePolicy::Fresh { ready: ready.unwrap_or(super::shelf::READY).min(MOST_READY) }
            }
            InstanceSpec::Warm { calls, age, memory, idle } => InstancePolicy::Warm(WarmPolicy {
                calls: calls.map_or(CALLS, NonZeroU32::get),
                age: age.map_or(AGE, Seconds::duration),
                memory: memory.unwrap_or(ByteSize(budget.memory.0 / 4 * 3)),
                idle: idle.map_or(IDLE, NonZeroUsize::get),
            }),
            InstanceSpec::Resident => InstancePolicy::Resident,
        }
    }
}

impl fmt::Display for InstancePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstancePolicy::Fresh { ready: 0 } => f.write_str("fresh"),
            InstancePolicy::Fresh { ready } => write!(f, "fresh ({ready} made in advance)"),
            InstancePolicy::Warm(WarmPolicy { calls, age, memory, idle }) => {
                write!(f, "warm ({calls} calls, {}s, {memory}, {idle} idle)", age.as_secs())
            }
            InstancePolicy::Resident => f.write_str("resident"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<InstanceSpec, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_or_a_table_says_how_long_an_instance_lives() {
        let warm = InstanceSpec::Warm { calls: None, age: None, memory: None, idle: None };
        let bounded = InstanceSpec::Warm {
            calls: NonZeroU32::new(10),
            age: Some("2min".parse().unwrap()),
            memory: Some(ByteSize::mib(48)),
            idle: NonZeroUsize::new(3),
        };
        let table = [
            (json!("fresh"), InstanceSpec::Fresh { ready: None }),
            (json!("warm"), warm),
            (json!("resident"), InstanceSpec::Resident),
            (json!({"mode": "warm"}), warm),
            (json!({"mode": "warm", "calls": 10, "age": "2min", "memory": "48MiB", "idle": 3}), bounded),
            (json!({"mode": "fresh", "ready": 16}), InstanceSpec::Fresh { ready: Some(16) }),
        ];
        for (written, expected) in table {
            assert_eq!(read(written.clone()), Ok(expected), "{written}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_reason() {
        let table = [
            (json!("cold"), "unknown variant `cold`"),
            (json!(true), "\"fresh\", \"warm\", \"resident\" or a table"),
            (json!({"calls": 1}), "missing field `mode`"),
            (json!({"mode": "warm", "call": 1}), "unknown field `call`"),
            (json!({"mode": "warm", "calls": 0}), "nonzero"),
            (json!({"mode": "warm", "ready": 1}), "`ready` is for fresh"),
            (json!({"mode": "fresh", "ready": 17}), "at most 16"),
            (json!({"mode": "fresh", "idle": 1}), "bound warm instances"),
            (json!({"mode": "resident", "calls": 1}), "bound warm instances"),
        ];
        for (written, reason) in table {
            let error = read(written.clone()).unwrap_err();
            assert!(error.contains(reason), "{written}: {error}");
        }
    }

    #[test]
    fn without_a_word_small_plugins_are_fresh_and_large_ones_warm() {
        let decide = |component: ByteSize, memory: ByteSize, spec| {
            InstancePolicy::decide(spec, Size { component, memory }, &Budget::default())
        };
        let fresh = InstancePolicy::Fresh { ready: super::super::shelf::READY };
        let usual = WarmPolicy { calls: 500, age: Duration::from_secs(600), memory: ByteSize::mib(48), idle: 8 };
        let (small, large) = (ByteSize::kib(100), ByteSize::mib(12));
        assert_eq!(decide(small, ByteSize::kib(256), None), fresh);
        assert_eq!(decide(large, ByteSize::kib(256), None), InstancePolicy::Warm(usual));
        assert_eq!(decide(small, large, None), InstancePolicy::Warm(usual));
        assert_eq!(decide(large, large, Some(InstanceSpec::Fresh { ready: None })), fresh);
        assert_eq!(decide(small, small, Some(InstanceSpec::Resident)), InstancePolicy::Resident);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z{}\":, 0-9]{0,60}") {
            let _ = serde_json::from_str::<InstanceSpec>(&text);
        }
    }
}
