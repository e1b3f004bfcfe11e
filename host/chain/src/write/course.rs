//! One kept extrinsic on its way into a final block.

use std::time::Duration;

use tokio::time::Instant;

use super::entry::Entry;
use super::error::{Lapse, WriteError};
use super::journal::{Held, JournalError};
use super::receipt::{self, Place, Receipt, Sent};
use super::trail::{Fate, Handed, Trail, hand_in};
use crate::client::Client;
use crate::dispatch::Fault;
use crate::error::ChainError;

/// The first pause between two looks at the chain, and the longest: a development chain is final at once, finney makes a
/// block in 12 s. A subscription would be told nothing by a half-open socket; questions have their time-outs.
const PAUSES: (Duration, Duration) = (Duration::from_millis(15), Duration::from_secs(2));

/// By how much a pause is longer than the one before.
const LONGER: f64 = 1.5;

/// What became of a kept extrinsic.
pub(super) enum End {
    /// It is in a final block with success.
    Done(Receipt),
    /// It is in none and will be in none.
    Nothing(Lapse),
}

/// Whether a node was ever given these bytes, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Past {
    /// Nobody has seen them.
    Fresh,
    /// A node may have them.
    Seen,
}

/// One kept extrinsic, and what is known of it.
pub(super) struct Course<'a> {
    client: &'a Client,
    page: &'a Held,
    entry: &'a Entry,
    past: Past,
    sent: Sent,
    /// The endpoint that was given it and said something.
    handed: Option<String>,
    /// What was last heard, for a person.
    note: String,
}

impl<'a> Course<'a> {
    pub(super) fn new(client: &'a Client, page: &'a Held, entry: &'a Entry, past: Past) -> Self {
        let sent = match past {
            Past::Fresh => Sent::Now,
            Past::Seen => Sent::Earlier,
        };
        Self { client, page, entry, past, sent, handed: None, note: String::new() }
    }

    /// Hands it in and looks for it until it is final, is out of the question, or patience ends. The page is empty after
    /// every outcome but [`WriteError::Unsettled`], [`WriteError::Untraceable`] and a journal that cannot be written.
    pub(super) async fn run(mut self, patience: Duration) -> Result<End, WriteError> {
        let until = Instant::now() + patience;
        let mut trail = Trail::new(self.client, self.entry);
        let (mut pause, longest) = PAUSES;
        // What may be in a block is looked for before it is sent again.
        let mut looks_first = self.past == Past::Seen;
        loop {
            if !std::mem::take(&mut looks_first)
                && let Some(end) = self.hand_in().await?
            {
                return Ok(end);
            }
            if let Some(end) = self.look(&mut trail).await? {
                return Ok(end);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.unsettled());
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = pause.mul_f64(LONGER).min(longest);
        }
    }

    /// Gives it to the connected node, unless that one has had it: after a lost answer, and when the connection goes to
    /// another endpoint, the same bytes go out again. A chain takes them once.
    async fn hand_in(&mut self) -> Result<Option<End>, WriteError> {
        let connected = self.client.endpoint();
        if self.handed.is_some() && (connected.is_none() || connected == self.handed) {
            return Ok(None);
        }
        let past = std::mem::replace(&mut self.past, Past::Seen);
        match hand_in(self.client, self.entry).await {
            Handed::Taken => "the node has it, and it is in no final block yet".clone_into(&mut self.note),
            // Nobody else has these bytes, so it was another extrinsic that used the nonce.
            Handed::Stale(_) if past == Past::Fresh => {
                remove(self.page).await?;
                return Ok(Some(End::Nothing(Lapse::Overtaken)));
            }
            Handed::Refused(fault) if past == Past::Fresh => {
                remove(self.page).await?;
                if self.upgraded().await {
                    return Ok(Some(End::Nothing(Lapse::Upgraded)));
                }
                return Err(WriteError::Refused { call: self.entry.call.clone(), fault: Box::new(fault) });
            }
            Handed::Stale(fault) | Handed::Refused(fault) => self.note = format!("the node says {fault}"),
            Handed::Unknown(error) => {
                self.note = error.to_string();
                return Ok(None);
            }
            Handed::Unsent(error) => {
                self.past = past;
                self.note = error.to_string();
                return Ok(None);
            }
        }
        self.handed = self.client.endpoint();
        Ok(None)
    }

    /// Whether it was signed for the runtime before an upgrade, which a pool calls a bad signature.
    async fn upgraded(&self) -> bool {
        let Ok(at) = self.client.at_best().await else { return false };
        (at.spec_version(), at.block().transaction_version())
            != (self.entry.spec_version, self.entry.transaction_version)
    }

    /// Looks once where it is.
    async fn look(&mut self, trail: &mut Trail<'_>) -> Result<Option<End>, WriteError> {
        match trail.look(self.page).await {
            Ok(Fate::Open) => Ok(None),
            Ok(Fate::Over(reason)) => {
                remove(self.page).await?;
                Ok(Some(End::Nothing(reason)))
            }
            Ok(Fate::Final(place)) => self.read(place).await,
            Err(error) if error.passes() => {
                self.note = error.to_string();
                Ok(None)
            }
            Err(WriteError::Chain(error)) => {
                self.note = error.to_string();
                Err(self.unsettled())
            }
            Err(error) => Err(error),
        }
    }

    /// Reads what came of it; nothing when the chain does not answer now.
    async fn read(&mut self, place: Place) -> Result<Option<End>, WriteError> {
        let (receipt, fault): (Receipt, Option<Fault>) =
            match receipt::read(self.client, self.entry, place, self.sent).await {
                Ok(outcome) => outcome,
                Err(error) if error.passes() => {
                    self.note = format!("it is in block {}, and what came of it is not read yet: {error}", place.block);
                    return Ok(None);
                }
                Err(error) => {
                    remove(self.page).await?;
                    return Err(self.unread(place, &error));
                }
            };
        remove(self.page).await?;
        match fault {
            None => Ok(Some(End::Done(receipt))),
            Some(fault) => Err(WriteError::Failed { fault: Box::new(fault), receipt: Box::new(receipt) }),
        }
    }

    fn unsettled(&self) -> WriteError {
        let Entry { call, hash, last_valid, .. } = self.entry;
        WriteError::Unsettled { call: call.clone(), hash: *hash, last_valid: *last_valid, detail: self.note.clone() }
    }

    fn unread(&self, place: Place, error: &ChainError) -> WriteError {
        let Entry { call, hash, .. } = self.entry;
        WriteError::Unread { call: call.clone(), hash: *hash, block: place.block, detail: error.to_string() }
    }
}

/// Keeps an extrinsic; a disk may take its time, and nothing else may wait for it.
pub(super) async fn store(page: &Held, entry: &Entry) -> Result<(), JournalError> {
    let (here, entry) = (page.clone(), entry.clone());
    on_disk(page, "write", move || here.store(&entry)).await
}

async fn remove(page: &Held) -> Result<(), JournalError> {
    let here = page.clone();
    on_disk(page, "remove", move || here.remove()).await
}

async fn on_disk(
    page: &Held,
    action: &'static str,
    work: impl FnOnce() -> Result<(), JournalError> + Send + 'static,
) -> Result<(), JournalError> {
    let done = tokio::task::spawn_blocking(work).await;
    let failed =
        |cause: tokio::task::JoinError| JournalError::Io { action, path: page.path().to_owned(), cause: cause.into() };
    done.map_err(failed)?
}
