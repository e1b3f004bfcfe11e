//! The part of `wit/` that decides admission: names of hooks and imports, and the versions that fit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The package that every import and hook belongs to.
pub const PACKAGE: &str = "soma:neuron";

/// The released line of the contract: components built against any `0.1.x` are served.
pub const VERSION_LINE: (u64, u64) = (0, 1);

/// A hook that a plugin may export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// Answers a request.
    Forward,
    /// Answers a request piece by piece.
    Streaming,
    /// Turns callers away.
    Blacklist,
    /// Checks a request with its body.
    Verify,
    /// Orders the queue.
    Priority,
}

impl Hook {
    /// All hooks that this host calls.
    pub const ALL: [Hook; 5] = [Hook::Forward, Hook::Streaming, Hook::Blacklist, Hook::Verify, Hook::Priority];

    /// Name of its interface, as it stands in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Hook::Forward => "forward",
            Hook::Streaming => "streaming",
            Hook::Blacklist => "blacklist",
            Hook::Verify => "verify",
            Hook::Priority => "priority",
        }
    }

    /// The functions that its interface must export.
    pub fn functions(self) -> &'static [&'static str] {
        match self {
            Hook::Forward | Hook::Streaming => &["forward"],
            Hook::Blacklist | Hook::Verify => &["check"],
            Hook::Priority => &["rank"],
        }
    }

    /// The hook whose interface has this name.
    pub fn from_name(name: &str) -> Option<Hook> {
        Hook::ALL.into_iter().find(|hook| hook.name() == name)
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An import that a plugin may want and an operator may grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Want {
    /// The time of day.
    Clock,
    /// Secure random bytes.
    Random,
    /// The operator's settings for the slot.
    Config,
    /// The subnet's neurons.
    Metagraph,
}

impl Want {
    /// Everything that this host can grant.
    pub const ALL: [Want; 4] = [Want::Clock, Want::Random, Want::Config, Want::Metagraph];

    /// Its name in the manifest and in the operator's file.
    pub fn name(self) -> &'static str {
        match self {
            Want::Clock => "clock",
            Want::Random => "random",
            Want::Config => "config",
            Want::Metagraph => "metagraph",
        }
    }

    /// The want whose interface has this name.
    pub fn from_name(name: &str) -> Option<Want> {
        Want::ALL.into_iter().find(|want| want.name() == name)
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The interface that a plugin may export besides its hooks, and its function. The manifest does not name it.
pub const LIFECYCLE: (&str, &str) = ("lifecycle", "init");

/// Interfaces that need no want: every plugin may import them.
pub const ALWAYS_GRANTED: [&str; 3] = ["log", "types", "response"];

/// `soma:neuron/<interface>@<version>`, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceName<'a> {
    /// The interface, e.g. `forward`.
    pub interface: &'a str,
    /// Whether its version is one that this host serves.
    pub compatible: bool,
}

impl<'a> InterfaceName<'a> {
    /// None when the name is not of `soma:neuron` at all.
    pub fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
        let (interface, version) = rest.split_once('@')?;
        let mut parts = version.split('.');
        let major = parts.next().and_then(|part| part.parse().ok());
        let minor = parts.next().and_then(|part| part.parse().ok());
        let patch = parts.next().and_then(|part| part.parse::<u64>().ok());
        let compatible =
            (major, minor) == (Some(VERSION_LINE.0), Some(VERSION_LINE.1)) && patch.is_some() && parts.next().is_none();
        Some(InterfaceName { interface, compatible })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_released_line_of_our_package_is_compatible() {
        let table = [
            ("soma:neuron/forward@0.1.0", Some(("forward", true))),
            ("soma:neuron/forward@0.1.7", Some(("forward", true))),
            ("soma:neuron/forward@0.2.0", Some(("forward", false))),
            ("soma:neuron/forward@0.1.0-rc.1", Some(("forward", false))),
            ("soma:neuron/forward@0.1", Some(("forward", false))),
            ("soma:neuron/forward", None),
            ("soma:neurons/forward@0.1.0", None),
            ("wasi:cli/environment@0.2.6", None),
        ];
        for (name, expected) in table {
            let parsed = InterfaceName::parse(name).map(|name| (name.interface, name.compatible));
            assert_eq!(parsed, expected, "{name}");
        }
    }

    #[test]
    fn names_lead_back_to_their_hook_and_want() {
        for hook in Hook::ALL {
            assert_eq!(Hook::from_name(hook.name()), Some(hook));
        }
        for want in Want::ALL {
            assert_eq!(Want::from_name(want.name()), Some(want));
        }
    }
}
