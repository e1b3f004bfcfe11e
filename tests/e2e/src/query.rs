//! `soma query`, as a caller would use it in a script.

use serde_json::Value;

use crate::account::Account;
use crate::error::HarnessError;
use crate::neuron::Bench;
use crate::process::{self, Finished};

/// Which dialect `soma query` speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The synapse protocol of versions 9 and 10.
    Synapse,
    /// btauth/1.
    Btauth,
}

/// One call of `soma query`.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// `host:port`.
    pub address: &'a str,
    /// The route, or for btauth the path without its first slash.
    pub route: &'a str,
    /// The body as JSON.
    pub body: &'a str,
    /// The hotkey of the neuron that is asked.
    pub hotkey: &'a str,
    /// The dialect.
    pub dialect: Dialect,
    /// What `--hash-fields` says, empty for none.
    pub hash_fields: &'a str,
    /// Who asks.
    pub caller: Account,
}

impl Query<'_> {
    /// Runs the command with `--json` and returns the object that it prints.
    ///
    /// # Errors
    /// [`HarnessError::Output`] when it prints something else than one object.
    pub fn run(&self, bench: &Bench) -> Result<Value, HarnessError> {
        let finished = self.finish(bench)?;
        serde_json::from_str(&finished.stdout).map_err(|_| HarnessError::Output {
            what: "soma query".to_owned(),
            output: finished.stdout + &finished.stderr,
        })
    }

    /// Runs the command with `--json` and returns how it ended.
    ///
    /// # Errors
    /// [`HarnessError::TooSlow`] when it hangs.
    pub fn finish(&self, bench: &Bench) -> Result<Finished, HarnessError> {
        let mut command = bench.soma()?;
        command.args(["query", self.address, self.route, self.body, "--hotkey", self.hotkey, "--json"]);
        command.args([
            "--dialect",
            match self.dialect {
                Dialect::Synapse => "synapse",
                Dialect::Btauth => "btauth",
            },
        ]);
        if !self.hash_fields.is_empty() {
            command.args(["--hash-fields", self.hash_fields]);
        }
        bench.name_wallet(&mut command, self.caller);
        process::run("soma query", &mut command)
    }
}
