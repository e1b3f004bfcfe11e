//! The sole writer of one account, from the look at the journal to the receipt.

use soma_protocol::ss58::PublicKey;

use super::entry::Entry;
use super::error::WriteError;
use super::journal::Held;
use super::plan::Plan;
use super::receipt::Receipt;
use super::sign::Sign;
use super::writer::Writer;

/// An account for which nobody else writes as long as this lives. Between finishing what an earlier run left and sending
/// something new a price may be shown and a key be opened: without the lock another run could finish the same meanwhile,
/// and what it did would be done twice.
#[derive(Debug)]
pub struct Desk<'a> {
    writer: &'a Writer,
    account: PublicKey,
    page: Held,
}

impl<'a> Desk<'a> {
    pub(super) fn new(writer: &'a Writer, account: PublicKey, page: Held) -> Self {
        Self { writer, account, page }
    }

    /// What the journal keeps for the account.
    ///
    /// # Errors
    /// [`WriteError::Journal`] for a file that cannot be read.
    pub fn pending(&self) -> Result<Option<Entry>, WriteError> {
        Ok(self.page.load()?)
    }

    /// As [`Writer::resume`], with what was kept.
    ///
    /// # Errors
    /// As [`Writer::resume`].
    pub async fn settle(&self) -> Result<Option<(Entry, Receipt)>, WriteError> {
        self.writer.settle(&self.page).await
    }

    /// As [`Writer::send`].
    ///
    /// # Errors
    /// As [`Writer::send`].
    pub async fn send(&self, plan: &Plan, signer: &impl Sign) -> Result<Receipt, WriteError> {
        for given in [*plan.account(), signer.account()] {
            if given != self.account {
                return Err(WriteError::OtherSigner { planned: self.account, given });
            }
        }
        self.writer.send_from(&self.page, plan, signer).await
    }
}
