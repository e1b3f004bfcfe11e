//! The way of every command that writes: finish what an earlier run left, look whether the chain would refuse, show what
//! it costs, agree, sign, wait until it is final, report.
//!
//! It may be interrupted anywhere. What was signed lies in the journal of the state folder, and the next run of any of
//! these commands for the same account begins with it.

use std::process::ExitCode;

use soma_chain::write::{Journal, Preflight, Proposal, Sign, WriteError, WritePolicy, Writer};
use soma_chain::{Plan, Receipt, Request};
use soma_protocol::ss58::PublicKey;

use super::consent::Consent;
use super::error::ChainCommandError;
use super::patience;
use super::place::Place;
use super::report::{Outcome, Report};
use crate::cli::ChainFlags;
use crate::exit::{INTERRUPTED, NOT_A_SUCCESS};

/// Folder for signed extrinsics in the state folder. `soma run` keeps its own there, too.
pub const JOURNAL: &str = "extrinsics";

/// Whether it is only shown what would be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// No key is opened and nothing is sent.
    Rehearsal,
    /// In earnest.
    Earnest,
}

impl Mode {
    /// By the flag `--dry-run`.
    pub fn of(dry_run: bool) -> Mode {
        if dry_run { Mode::Rehearsal } else { Mode::Earnest }
    }
}

/// What is wanted, and of whom.
pub struct Errand<'a> {
    flags: &'a ChainFlags,
    network: String,
    writer: Writer,
    /// Who will sign.
    account: PublicKey,
    mode: Mode,
}

impl<'a> Errand<'a> {
    /// Connects, and gets ready for `account` to write.
    ///
    /// # Errors
    /// A state folder that cannot be used, or a chain that cannot be reached.
    pub async fn new(
        flags: &'a ChainFlags,
        place: &Place,
        account: PublicKey,
        mode: Mode,
    ) -> miette::Result<Errand<'a>> {
        let journal = Journal::open(place.state(flags)?.join(JOURNAL))?;
        let writer = Writer::new(place.connect().await?, journal, WritePolicy::default());
        Ok(Errand { flags, network: place.network(), writer, account, mode })
    }

    /// Goes the whole way. `consent` is asked with the plan before `signer` opens a key.
    ///
    /// # Errors
    /// A [`WriteError`], or what the key's opening ended with.
    pub async fn run<S: Sign>(
        &self,
        request: &Request,
        consent: impl FnOnce(&Plan) -> Result<Consent, ChainCommandError>,
        signer: impl AsyncFnOnce() -> miette::Result<S>,
    ) -> miette::Result<ExitCode> {
        let earlier = match self.mode {
            Mode::Rehearsal => self.tell_of_earlier()?,
            Mode::Earnest => self.finish_earlier().await?,
        };
        let plan = match (self.writer.plan(&self.account, request).await, earlier) {
            // The earlier run was of this very command.
            (Ok(Proposal::Send(plan)), Some(earlier)) if earlier.is_of(&plan) => {
                return self.tell(&Outcome::Done(None, earlier.receipt));
            }
            // It did what is wanted, and that is why the chain would refuse it now.
            (Err(WriteError::Preflight(_)), Some(earlier)) if calls(request).contains(&earlier.name()) => {
                return self.tell(&Outcome::Done(None, earlier.receipt));
            }
            (Ok(Proposal::Send(plan)), _) => plan,
            (Ok(Proposal::Unneeded(why)), _) => return self.tell(&Outcome::Unneeded(why)),
            (Err(WriteError::Preflight(there @ Preflight::AlreadyRegistered { .. })), _) => {
                return self.tell(&Outcome::Unneeded(there.to_string()));
            }
            (Err(error), _) => return Err(error.into()),
        };
        if self.mode == Mode::Rehearsal {
            return self.tell(&Outcome::Planned(plan));
        }
        if consent(&plan)? == Consent::Declined {
            self.tell(&Outcome::Declined(plan))?;
            return Ok(ExitCode::from(NOT_A_SUCCESS));
        }
        let signer = signer().await?;
        let sending = patience::watched("sending, and waiting until it is final", self.writer.send(&plan, &signer));
        tokio::select! {
            receipt = sending => {
                let receipt = receipt?;
                self.tell(&Outcome::Done(Some(plan), receipt))
            }
            interrupted = tokio::signal::ctrl_c() => {
                drop(interrupted);
                Ok(self.interrupted())
            }
        }
    }

    /// Says what a run in earnest would begin with.
    fn tell_of_earlier(&self) -> miette::Result<Option<Earlier>> {
        if let Some(entry) = self.writer.pending(&self.account)? {
            eprintln!(
                "an earlier run's {} is still under way: a run without --dry-run finishes it first",
                entry.call()
            );
        }
        Ok(None)
    }

    /// What an earlier run left, if it landed.
    async fn finish_earlier(&self) -> miette::Result<Option<Earlier>> {
        let Some(entry) = self.writer.pending(&self.account)? else { return Ok(None) };
        let resuming = patience::watched(
            "an earlier run was interrupted: looking what became of what it sent",
            self.writer.resume(&self.account),
        );
        let Some(receipt) = resuming.await? else { return Ok(None) };
        eprintln!("an earlier run's {} is final in block {}", receipt.call, receipt.block);
        Ok(Some(Earlier { extrinsic: entry.bytes().to_vec(), receipt }))
    }

    fn interrupted(&self) -> ExitCode {
        eprintln!("interrupted: what was signed is kept, and the same command looks what became of it");
        ExitCode::from(INTERRUPTED)
    }

    fn tell(&self, outcome: &Outcome) -> miette::Result<ExitCode> {
        let report = Report { network: &self.network, account: &self.account, outcome };
        if self.flags.json {
            report.json()?
        } else {
            report.print()?
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What an earlier run sent, and what came of it.
struct Earlier {
    extrinsic: Vec<u8>,
    receipt: Receipt,
}

impl Earlier {
    /// Whether it was this very call. An extrinsic ends with its call.
    fn is_of(&self, plan: &Plan) -> bool {
        self.extrinsic.ends_with(&plan.call().bytes())
    }

    /// The call's name without its pallet.
    fn name(&self) -> &str {
        self.receipt.call.rsplit_once('.').map_or(self.receipt.call.as_str(), |(_, name)| name)
    }
}

/// The names of the calls that a request may become.
fn calls(request: &Request) -> &'static [&'static str] {
    match request {
        Request::ServeAxon(_) => &["serve_axon", "serve_axon_tls"],
        Request::ServePrometheus(_) => &["serve_prometheus"],
        Request::ResetAxon { .. } => &["serve_axon"],
        Request::SetWeights(_) => &["set_mechanism_weights", "set_weights"],
        Request::Register(_) => &["burned_register"],
        Request::AddStake(_) => &["add_stake"],
    }
}
