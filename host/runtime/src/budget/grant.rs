//! What the operator grants and the manifest asks for, and the budget that comes of both.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytesize::ByteSize;
use serde::de::{Deserialize, Deserializer, Error};
use soma_manifest::manifest::LONGEST_WALL;
use soma_manifest::{BudgetRequest, Millis, Seconds};

use super::{Budget, Traps};
use crate::engine::LARGEST_MEMORY;

/// What the operator's file says about a slot's budget; none leaves the default. A time beyond [`LONGEST_WALL`]
/// seconds, or more memory than guests can address, is an error where it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BudgetGrant {
    /// Linear memory of one instance.
    #[serde(default, deserialize_with = "memory_in_reach")]
    pub memory: Option<ByteSize>,
    /// Wall time of a whole request.
    #[serde(default, deserialize_with = "time_in_reach")]
    pub wall: Option<Seconds>,
    /// Requests that run at once, forwards and streams each.
    pub in_flight: Option<NonZeroUsize>,
    /// Requests that wait for a forward, and for a stream as many.
    pub queue: Option<NonZeroUsize>,
    /// CPU time of one gate hook.
    #[serde(default, deserialize_with = "time_in_reach")]
    pub gate_cpu: Option<Millis>,
    /// Wall time of one gate hook.
    #[serde(default, deserialize_with = "time_in_reach")]
    pub gate_wall: Option<Millis>,
    /// CPU time of one forward or stream.
    #[serde(default, deserialize_with = "time_in_reach")]
    pub forward_cpu: Option<Millis>,
    /// Bytes of an answer, and of one piece of a streamed one.
    #[serde(default, deserialize_with = "soma_manifest::size::optional::deserialize")]
    pub output: Option<ByteSize>,
    /// Bytes of a whole streamed answer.
    #[serde(default, deserialize_with = "soma_manifest::size::optional::deserialize")]
    pub stream: Option<ByteSize>,
    /// How long a streaming hook may be silent.
    #[serde(default, deserialize_with = "time_in_reach")]
    pub idle: Option<Seconds>,
    /// How long the caller of a stream may be slower than 1 KiB/s.
    #[serde(default, deserialize_with = "time_in_reach")]
    pub drain: Option<Seconds>,
    /// Bytes of one log line.
    #[serde(default, deserialize_with = "soma_manifest::size::optional::deserialize")]
    pub log_line: Option<ByteSize>,
    /// Bytes of log of one hook's call.
    #[serde(default, deserialize_with = "soma_manifest::size::optional::deserialize")]
    pub log_call: Option<ByteSize>,
    /// Bytes that one call of an import may hand over.
    #[serde(default, deserialize_with = "soma_manifest::size::optional::deserialize")]
    pub host_call: Option<ByteSize>,
    /// Handles of resources that are alive.
    pub handles: Option<NonZeroUsize>,
    /// `limited` or `unlimited`: what calls that misbehave lead to.
    pub traps: Option<Traps>,
}

/// A plugin asks for more than the operator gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoreThanGranted {
    /// The budget, as it is called under `budget` of the slot.
    pub key: &'static str,
    /// What the manifest asks for, as it would be granted.
    pub asked: String,
    /// What it would get.
    pub granted: String,
}

impl Budget {
    /// The budget of a plugin that asks for `request` in a slot with `grant`: never more than the operator
    /// (or, in his silence, the default) gives, and less when the plugin asks for less.
    ///
    /// # Errors
    /// [`MoreThanGranted`] for the first budget that the plugin asks for and does not get.
    pub fn decide(request: BudgetRequest, grant: BudgetGrant) -> Result<Budget, MoreThanGranted> {
        let usual = Budget::default();
        let memory = smaller("memory", request.memory, grant.memory.unwrap_or(usual.memory))?;
        let output = smaller("output", request.output, grant.output.unwrap_or(usual.output))?;
        let wall = shorter("wall", request.wall.map(Asked::from), time(grant.wall, usual.wall))?;
        let cpu = short_time(grant.forward_cpu, usual.forward_cpu);
        let forward_cpu = shorter("forward-cpu", request.forward_cpu.map(Asked::from), cpu)?;
        Ok(Budget {
            memory,
            output,
            wall,
            forward_cpu,
            gate_cpu: short_time(grant.gate_cpu, usual.gate_cpu),
            gate_wall: short_time(grant.gate_wall, usual.gate_wall),
            stream: grant.stream.unwrap_or(usual.stream),
            idle: time(grant.idle, usual.idle),
            drain: time(grant.drain, usual.drain),
            in_flight: grant.in_flight.map_or(usual.in_flight, NonZeroUsize::get),
            streams: grant.in_flight.map_or(usual.streams, NonZeroUsize::get),
            queue: grant.queue.map_or(usual.queue, NonZeroUsize::get),
            log_line: bytes(grant.log_line, usual.log_line),
            log_call: bytes(grant.log_call, usual.log_call),
            host_call: grant.host_call.unwrap_or(usual.host_call),
            handles: grant.handles.map_or(usual.handles, NonZeroUsize::get),
            traps: grant.traps.unwrap_or(usual.traps),
            ..usual
        })
    }
}

/// A time that a manifest asks for, and how it was written.
struct Asked {
    duration: Duration,
    text: String,
}

impl From<Seconds> for Asked {
    fn from(time: Seconds) -> Asked {
        Asked { duration: time.duration(), text: time.to_string() }
    }
}

impl From<Millis> for Asked {
    fn from(time: Millis) -> Asked {
        Asked { duration: time.duration(), text: time.to_string() }
    }
}

fn memory_in_reach<'de, D: Deserializer<'de>>(format: D) -> Result<Option<ByteSize>, D::Error> {
    let memory = soma_manifest::size::optional::deserialize(format)?;
    let largest = ByteSize(LARGEST_MEMORY as u64);
    match memory {
        Some(asked) if asked > largest => Err(out_of_reach(&soma_manifest::size::exact(largest))),
        memory => Ok(memory),
    }
}

fn time_in_reach<'de, D, T>(format: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Copy,
    Asked: From<T>,
{
    let time = T::deserialize(format)?;
    if Asked::from(time).duration <= Duration::from_secs(LONGEST_WALL) {
        Ok(Some(time))
    } else {
        Err(out_of_reach(&format!("{LONGEST_WALL}s")))
    }
}

fn out_of_reach<E: Error>(most: &str) -> E {
    E::custom(format!("at most {most:?} can be granted"))
}

fn smaller(key: &'static str, asked: Option<ByteSize>, granted: ByteSize) -> Result<ByteSize, MoreThanGranted> {
    match asked {
        Some(asked) if asked > granted => Err(MoreThanGranted {
            key,
            asked: soma_manifest::size::exact(asked),
            granted: soma_manifest::size::exact(granted),
        }),
        asked => Ok(asked.unwrap_or(granted)),
    }
}

fn shorter(key: &'static str, asked: Option<Asked>, granted: Duration) -> Result<Duration, MoreThanGranted> {
    match asked {
        Some(asked) if asked.duration > granted => {
            Err(MoreThanGranted { key, asked: asked.text, granted: format!("{granted:?}") })
        }
        asked => Ok(asked.map_or(granted, |asked| asked.duration)),
    }
}

fn time(granted: Option<Seconds>, usual: Duration) -> Duration {
    granted.map_or(usual, Seconds::duration)
}

fn short_time(granted: Option<Millis>, usual: Duration) -> Duration {
    granted.map_or(usual, Millis::duration)
}

fn bytes(granted: Option<ByteSize>, usual: usize) -> usize {
    granted.map_or(usual, |granted| usize::try_from(granted.0).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;
