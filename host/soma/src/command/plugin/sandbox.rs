//! The sandbox that `soma run` serves with, for commands that look at a plugin: the same engine, compiler, admission
//! and budgets. There is no server, no wallet and no chain.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use soma_manifest::{BudgetRequest, PluginFile};
use soma_runtime::artifact::ArtifactCache;
use soma_runtime::budget::{Budget, BudgetGrant};
use soma_runtime::compile::{Compiler, Confinement};
use soma_runtime::version::Loader;
use soma_runtime::{GuestEngine, InstanceSpec, SlotSpec};

use crate::command::this_program;
use crate::config::user_state;

/// Compiled plugins, in the cache folder. Their key is in the user's state folder.
const ARTIFACTS: &str = "compiled";
const STATE: &str = "tools";

/// What loads plugins, so many that serve at the same time; compiled ones are kept from run to run.
pub fn loader(threads: Option<NonZeroUsize>, plugins: usize) -> miette::Result<Loader> {
    let artifacts = soma_toolchain::Cache::from_env()?.root().join(ARTIFACTS);
    loader_in(&artifacts, &user_state()?.join(STATE), threads, plugins)
}

/// The same with folders of one's own.
pub fn loader_in(
    artifacts: &Path,
    state: &Path,
    threads: Option<NonZeroUsize>,
    plugins: usize,
) -> miette::Result<Loader> {
    let engine = GuestEngine::start(threads, plugins)?;
    let cache = ArtifactCache::open(artifacts, state)?;
    let compiler = Compiler::Child { program: this_program(), confinement: Confinement::default() };
    Ok(Loader { engine, compiler, cache })
}

/// A slot of the plugin's own name that is granted what the plugin wants and asks for. Its instances serve one request
/// each.
pub fn slot(file: &PluginFile, path: &Path, config: BTreeMap<String, String>) -> SlotSpec {
    SlotSpec {
        name: file.manifest.name.clone(),
        plugin: path.to_owned(),
        routes: None,
        grant: file.manifest.wants.clone(),
        config,
        budget: granted(file.manifest.budget),
        instances: Some(InstanceSpec::Fresh { ready: None }),
    }
}

/// What is asked for, where that is more than the default.
pub fn granted(asked: BudgetRequest) -> BudgetGrant {
    let usual = Budget::default();
    BudgetGrant {
        memory: asked.memory.filter(|memory| *memory > usual.memory),
        wall: asked.wall.filter(|wall| wall.duration() > usual.wall),
        forward_cpu: asked.forward_cpu.filter(|cpu| cpu.duration() > usual.forward_cpu),
        output: asked.output.filter(|output| *output > usual.output),
        ..BudgetGrant::default()
    }
}

#[cfg(test)]
mod tests {
    use bytesize::ByteSize;

    use super::*;

    #[test]
    fn every_plugin_gets_what_it_asks_for() {
        let modest = BudgetRequest { memory: Some(ByteSize::mib(1)), ..BudgetRequest::default() };
        assert_eq!(granted(modest), BudgetGrant::default());
        let asked = BudgetRequest {
            memory: Some(ByteSize::gib(1)),
            wall: "600s".parse().ok(),
            forward_cpu: "60s".parse().ok(),
            output: Some(ByteSize::mib(32)),
        };
        for request in [modest, asked, BudgetRequest::default()] {
            assert!(Budget::decide(request, granted(request)).is_ok(), "{request:?}");
        }
    }
}
