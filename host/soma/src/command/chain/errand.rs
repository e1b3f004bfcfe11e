//! The way of every command that writes: finish what an earlier run left, look whether the chain would refuse, show what
//! it costs, agree, open the key, look again, sign, wait until it is final, report.
//!
//! It may be interrupted anywhere. What was signed lies in the journal, and the next run of any of these commands for the
//! same account begins with it. From there to the end nobody else writes for the account.

use std::process::ExitCode;

use soma_chain::write::{Desk, Journal, Preflight, Proposal, Sign, WriteError, WritePolicy, Writer};
use soma_chain::{Plan, Receipt, Request, Tao};
use soma_protocol::ss58::PublicKey;

use super::consent::Consent;
use super::earlier::{self, Earlier};
use super::error::ChainCommandError;
use super::patience;
use super::place::Place;
use super::report::{Outcome, Report};
use crate::cli::ChainFlags;
use crate::exit::{INTERRUPTED, NOT_A_SUCCESS};

/// Folder for signed extrinsics in a state folder. `soma run` keeps its own there, too.
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

/// Who will sign.
#[derive(Clone, Copy, Debug)]
pub enum Signatory {
    /// The neuron's own key.
    Hotkey(PublicKey),
    /// The one that pays. It may stand behind several hotkeys.
    Coldkey(PublicKey),
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

/// What comes of a look at the chain.
enum Next {
    /// There is nothing to send, and this is what there is to say.
    Over(Outcome),
    /// This would be sent.
    Send(Box<Plan>),
}

impl<'a> Errand<'a> {
    /// Connects, and gets ready to write.
    ///
    /// # Errors
    /// A state folder that cannot be used, or a chain that cannot be reached.
    pub async fn new(
        flags: &'a ChainFlags,
        place: &Place,
        signatory: Signatory,
        mode: Mode,
    ) -> miette::Result<Errand<'a>> {
        let (account, folder) = match signatory {
            Signatory::Hotkey(account) => (account, place.state(flags)?),
            Signatory::Coldkey(account) => (account, place.coldkey_state(flags)?),
        };
        let journal = Journal::open(folder.join(JOURNAL))?;
        let writer = Writer::new(place.connect().await?, journal, WritePolicy::default());
        Ok(Errand { flags, network: place.network(), writer, account, mode })
    }

    /// Goes the whole way. `consent` is asked with the plan before `signer` opens a key, and again when the price has
    /// risen since.
    ///
    /// # Errors
    /// A [`WriteError`], or what the key's opening ended with.
    pub async fn run<S: Sign>(
        &self,
        request: &Request,
        consent: impl Fn(&Plan) -> Result<Consent, ChainCommandError>,
        signer: impl AsyncFnOnce() -> miette::Result<S>,
    ) -> miette::Result<ExitCode> {
        let seen = self.writer.pending(&self.account)?;
        if self.mode == Mode::Rehearsal {
            if let Some(entry) = seen {
                eprintln!(
                    "an earlier run's {} is still under way: a run without --dry-run finishes it first",
                    entry.call()
                );
            }
            return match self.look(request).await? {
                Next::Over(outcome) => self.tell(&outcome),
                Next::Send(plan) => self.tell(&Outcome::Planned(plan)),
            };
        }
        if let Some(entry) = &seen {
            eprintln!("an earlier run's {} is still under way: it is finished first", entry.call());
        }
        let desk = self.writer.hold(&self.account).await?;
        let earlier = earlier::finish(&desk, seen).await?;
        match self.agreed(request, earlier, &consent).await? {
            Next::Over(outcome) => self.tell(&outcome),
            Next::Send(plan) => {
                let signer = signer().await?;
                match self.still_agreed(request, plan, &consent).await? {
                    Next::Over(outcome) => self.tell(&outcome),
                    Next::Send(plan) => self.send(&desk, plan, &signer).await,
                }
            }
        }
    }

    /// Looks what is to be sent, and asks whether it may be.
    async fn agreed(
        &self,
        request: &Request,
        earlier: Option<Earlier>,
        consent: &impl Fn(&Plan) -> Result<Consent, ChainCommandError>,
    ) -> miette::Result<Next> {
        let next = self.look(request).await;
        if let Some(earlier) = earlier
            && self.was_wanted(request, &earlier, &next).await
        {
            return Ok(Next::Over(Outcome::Done(None, earlier.receipt)));
        }
        match next? {
            Next::Send(plan) if consent(&plan)? == Consent::Declined => Ok(Next::Over(Outcome::Declined(plan))),
            next => Ok(next),
        }
    }

    /// Looks again, for a question and a password take their time. What costs more by now is agreed to anew.
    async fn still_agreed(
        &self,
        request: &Request,
        mut agreed: Box<Plan>,
        consent: &impl Fn(&Plan) -> Result<Consent, ChainCommandError>,
    ) -> miette::Result<Next> {
        loop {
            let now = match self.look(request).await? {
                Next::Send(now) if now.price() > agreed.price() => now,
                next => return Ok(next),
            };
            let (before, price) = (Tao(agreed.price()), Tao(now.price()));
            eprintln!("the price has risen from {before} to {price} TAO meanwhile");
            if consent(&now)? == Consent::Declined {
                return Ok(Next::Over(Outcome::Declined(now)));
            }
            agreed = now;
        }
    }

    /// One look at the newest block.
    async fn look(&self, request: &Request) -> Result<Next, WriteError> {
        match self.writer.plan(&self.account, request).await {
            Ok(Proposal::Send(plan)) => Ok(Next::Send(plan)),
            Ok(Proposal::Unneeded(why)) => Ok(Next::Over(Outcome::Unneeded(why))),
            Err(WriteError::Preflight(there @ Preflight::AlreadyRegistered { .. })) => {
                Ok(Next::Over(Outcome::Unneeded(there.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the earlier run was of this very command: the same call with the same arguments.
    async fn was_wanted(&self, request: &Request, earlier: &Earlier, next: &Result<Next, WriteError>) -> bool {
        match next {
            Ok(Next::Send(plan)) => earlier.is_of(plan),
            // That may be the earlier call's own doing. What the command would have sent is seen from the block before it.
            Ok(Next::Over(_)) | Err(WriteError::Preflight(_)) => {
                let before = earlier::plan_before(&self.writer, &earlier.receipt, request).await;
                before.is_some_and(|plan| earlier.is_of(&plan))
            }
            Err(_) => false,
        }
    }

    async fn send(&self, desk: &Desk<'_>, plan: Box<Plan>, signer: &impl Sign) -> miette::Result<ExitCode> {
        let sending = patience::watched("sending, and waiting until it is final", desk.send(&plan, signer));
        tokio::select! {
            receipt = sending => {
                let receipt: Receipt = receipt?;
                self.tell(&Outcome::Done(Some(plan), receipt))
            }
            interrupted = tokio::signal::ctrl_c() => {
                drop(interrupted);
                eprintln!("interrupted: what was signed is kept, and the same command looks what became of it");
                Ok(ExitCode::from(INTERRUPTED))
            }
        }
    }

    fn tell(&self, outcome: &Outcome) -> miette::Result<ExitCode> {
        let report = Report { network: &self.network, account: &self.account, outcome };
        if self.flags.json {
            report.json()?
        } else {
            report.print()?
        }
        match outcome {
            Outcome::Declined(_) => Ok(ExitCode::from(NOT_A_SUCCESS)),
            _ => Ok(ExitCode::SUCCESS),
        }
    }
}
