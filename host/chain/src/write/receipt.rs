//! What came of an extrinsic, read from the events of its block.

use soma_protocol::ss58::PublicKey;
use subxt::SubstrateConfig;
use subxt::events::{Event, Phase};
use subxt::ext::scale_decode::DecodeAsFields;
use subxt::utils::H256;

use super::entry::Entry;
use crate::client::Client;
use crate::convert;
use crate::dispatch::{Fault, failure};
use crate::error::ChainError;

/// A call that is in a final block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Pallet and call, such as `SubtensorModule.serve_axon`.
    pub call: String,
    /// Who signed it.
    pub account: PublicKey,
    /// The extrinsic's hash.
    pub hash: H256,
    /// The number of its block.
    pub block: u64,
    /// The hash of its block.
    pub block_hash: H256,
    /// Its place in the block.
    pub index: u32,
    /// What it cost beside what the call itself takes, in RAO; 0 where the chain asks nothing. Nothing if the chain does
    /// not say.
    pub fee: Option<u64>,
    /// When it was signed.
    pub sent: Sent,
}

/// When an extrinsic was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// By this call.
    Now,
    /// By an earlier run, which did not live to see it in a block.
    Earlier,
}

/// Where an extrinsic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) block: u64,
    pub(super) hash: H256,
    pub(super) index: u32,
}

/// What came of it: the receipt, and the fault if it had no effect.
pub(super) type Outcome = (Receipt, Option<Fault>);

/// `TransactionPayment.TransactionFeePaid`.
#[derive(scale_decode::DecodeAsType)]
struct Paid {
    actual_fee: u64,
}

/// `System.ExtrinsicSuccess`, and the rest of what the runtime says of how it was carried out.
#[derive(scale_decode::DecodeAsType)]
struct Success {
    dispatch_info: DispatchInfo,
}

#[derive(scale_decode::DecodeAsType)]
struct DispatchInfo {
    pays_fee: PaysFee,
}

#[derive(scale_decode::DecodeAsType)]
enum PaysFee {
    Yes,
    No,
}

/// Reads what came of an extrinsic at its place. The metadata is that of the block itself: in the one block of an upgrade
/// the numbers of errors may already be the next runtime's.
pub(super) async fn read(client: &Client, entry: &Entry, place: Place, sent: Sent) -> Result<Outcome, ChainError> {
    let what = || format!("the events of block {}", place.block);
    let undecodable = |detail: String| ChainError::Undecodable { what: what(), detail };
    let at = client.at(place.hash).await?;
    let events = match at.block().events().fetch().await {
        Ok(events) => events,
        Err(error) => return Err(client.explained(place.hash, convert::events(&what(), error)).await),
    };
    let (mut done, mut fee, mut free) = (None, None, false);
    for event in events.iter() {
        let event = event.map_err(|error| convert::undecodable(what(), &error))?;
        if event.phase() != Phase::ApplyExtrinsic(place.index) {
            continue;
        }
        match (event.pallet_name(), event.event_name()) {
            ("System", "ExtrinsicSuccess") => {
                done = Some(None);
                free = fields::<Success>(&event).is_some_and(|said| matches!(said.dispatch_info.pays_fee, PaysFee::No));
            }
            ("System", "ExtrinsicFailed") => done = Some(Some(failure::fault(event.field_bytes(), at.metadata()))),
            ("TransactionPayment", "TransactionFeePaid") => fee = fields::<Paid>(&event).map(|paid| paid.actual_fee),
            _ => {}
        }
    }
    let fault = done.ok_or_else(|| undecodable(format!("extrinsic {} has no outcome", place.index)))?;
    let receipt = Receipt {
        call: entry.call().to_owned(),
        account: *entry.account(),
        hash: entry.hash(),
        block: place.block,
        block_hash: place.hash,
        index: place.index,
        fee: fee.or(free.then_some(0)),
        sent,
    };
    Ok((receipt, fault))
}

/// The fields of an event; nothing if it has others.
fn fields<T: DecodeAsFields>(event: &Event<'_, SubstrateConfig>) -> Option<T> {
    event.decode_fields_unchecked_as().ok()
}
