//! One kept extrinsic on its way into a final block.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

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

/// After this many final blocks without it the node gets it again: pools throw things out, and nobody is told.
const AGAIN: u64 = 8;

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
    handed: Option<Handover>,
    /// What was last heard, for a person.
    note: String,
    until: Instant,
}

/// When a node was given it and said something.
#[derive(Clone, Copy)]
struct Handover {
    /// Over which connection.
    connection: u64,
    /// The newest final block then.
    block: u64,
}

impl<'a> Course<'a> {
    pub(super) fn new(client: &'a Client, page: &'a Held, entry: &'a Entry, past: Past, patience: Duration) -> Self {
        let sent = match past {
            Past::Fresh => Sent::Now,
            Past::Seen => Sent::Earlier,
        };
        let note = "patience ended before the chain had answered".to_owned();
        Self { client, page, entry, past, sent, handed: None, note, until: Instant::now() + patience }
    }

    /// Hands it in and looks for it until it is final, is out of the question, or patience ends. The page is empty after
    /// every outcome but [`WriteError::Unsettled`], [`WriteError::Untraceable`] and a journal that cannot be written.
    pub(super) async fn run(mut self) -> Result<End, WriteError> {
        let mut trail = Trail::new(self.client, self.entry);
        let (mut pause, longest) = PAUSES;
        // What may be in a block is looked for before it is sent again.
        let mut looks_first = self.past == Past::Seen;
        loop {
            if !std::mem::take(&mut looks_first)
                && let Some(end) = self.hand_in(trail.newest()).await?
            {
                return Ok(end);
            }
            if let Some(end) = self.look(&mut trail).await? {
                return Ok(end);
            }
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.unsettled());
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = pause.mul_f64(LONGER).min(longest);
        }
    }

    /// Gives it to the connected node, unless that one has had it: after a lost answer, over every connection that is made
    /// anew (its node may be another, or have forgotten its pool), and after some blocks without it the same bytes go out
    /// again. A chain takes them once.
    async fn hand_in(&mut self, newest: u64) -> Result<Option<End>, WriteError> {
        let before = self.client.connection();
        if self.handed.is_some_and(|handed| !handed.is_over(before, newest)) {
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
        let connection = before.or_else(|| self.client.connection());
        self.handed = connection.map(|connection| Handover { connection, block: newest });
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
        let Ok(looked) = timeout_at(self.until, trail.look(self.page)).await else { return Ok(None) };
        match looked {
            Ok(Fate::Open) => Ok(None),
            Ok(Fate::Early(newest)) => {
                self.note = format!(
                    "the newest final block of the node is {newest}, and it was signed after block {}; if the chain was \
                     made anew, delete {}",
                    self.entry.birth,
                    self.page.path().display()
                );
                Ok(None)
            }
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
        let read = receipt::read(self.client, self.entry, place, self.sent);
        let not_yet =
            |error: &str| format!("it is in block {}, and what came of it is not read yet: {error}", place.block);
        let Ok(read) = timeout_at(self.until, read).await else {
            self.note = not_yet("patience ended");
            return Ok(None);
        };
        let (receipt, fault): (Receipt, Option<Fault>) = match read {
            Ok(outcome) => outcome,
            Err(error) if error.passes() || is_elsewhere(&error) => {
                self.note = not_yet(&error.to_string());
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

/// Whether another endpoint may well answer what this one did not: nothing is known of the block itself.
fn is_elsewhere(error: &ChainError) -> bool {
    matches!(error, ChainError::Refused { .. } | ChainError::WrongChain { .. })
}

impl Handover {
    /// Whether it has to be handed in again.
    fn is_over(self, connected: Option<u64>, newest: u64) -> bool {
        connected.is_some_and(|connection| connection != self.connection) || newest >= self.block.saturating_add(AGAIN)
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
