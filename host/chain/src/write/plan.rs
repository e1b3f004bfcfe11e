//! What would be sent, looked at beforehand.

use std::fmt;

use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use soma_wallet::signer::Terms;

use super::call::Call;
use super::error::WriteError;
use super::form::{self, Unsigned};
use super::preflight::Preflight;
use crate::at::At;
use crate::convert;
use crate::weights::Weight;

/// The runtime API that knows fees.
const API: &str = "TransactionPaymentApi";
const FEE: &str = "query_info";

/// Whether there is something to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposal {
    /// This call.
    Send(Box<Plan>),
    /// The chain has it already; the text says what.
    Unneeded(String),
}

/// A call that the chain would take, with what it costs. It was made without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    account: PublicKey,
    call: Call,
    weights: Vec<Weight>,
    price: u64,
    fee: Option<u64>,
    balance: u64,
    block: u64,
    spec: u32,
}

/// A call before its price is known.
pub(super) struct Draft {
    pub(super) call: Call,
    pub(super) weights: Vec<Weight>,
    pub(super) price: u64,
}

impl From<Call> for Draft {
    fn from(call: Call) -> Self {
        Self { call, weights: Vec::new(), price: 0 }
    }
}

impl Plan {
    /// Looks what a call costs, and whether the account has it.
    pub(super) async fn new(at: &At, account: &PublicKey, draft: Draft) -> Result<Self, WriteError> {
        let Draft { call, weights, price } = draft;
        form::check(at.metadata(), at.spec_version(), &call)?;
        let fee = fee(at, account, &call).await?;
        let balance = at.balance(account).await?.spendable();
        let charged = price.saturating_add(fee.unwrap_or_default());
        // An account that pays has to go on existing; one that pays nothing need not exist.
        let needs = if charged == 0 { 0 } else { charged.saturating_add(deposit(at)) };
        if balance < needs {
            return Err(Preflight::NoFunds { account: *account, has: balance, needs }.into());
        }
        Ok(Self { account: *account, call, weights, price, fee, balance, block: at.number(), spec: at.spec_version() })
    }

    /// Who has to sign.
    #[must_use]
    pub fn account(&self) -> &PublicKey {
        &self.account
    }

    /// What is sent.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The call's arguments in their order, as people read them.
    #[must_use]
    pub fn arguments(&self) -> Vec<(&'static str, String)> {
        self.call.arguments()
    }

    /// The weights of a call that sets them, sorted by uid; else empty.
    #[must_use]
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// What the call itself takes from the account, in RAO: the price of a registration, the amount that is staked.
    #[must_use]
    pub fn price(&self) -> u64 {
        self.price
    }

    /// What the chain will ask for carrying it out, in RAO; 0 where it asks nothing. Nothing if the runtime does not say.
    #[must_use]
    pub fn fee(&self) -> Option<u64> {
        self.fee
    }

    /// What the account can spend, in RAO.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.balance
    }

    /// The block that all of this was read at.
    #[must_use]
    pub fn block(&self) -> u64 {
        self.block
    }

    /// The runtime's spec version at that block.
    #[must_use]
    pub fn spec_version(&self) -> u32 {
        self.spec
    }
}

/// `SubtensorModule.serve_axon(netuid=1, ip=203.0.113.7, ...)`
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

/// What the runtime answers about a fee, as far as it matters here.
#[derive(scale_decode::DecodeAsType)]
struct Info {
    partial_fee: u64,
}

/// The fee of a call, in RAO. The question takes a whole extrinsic; the runtime does not look at its signature. subxt's
/// own estimate takes the fee for 128 bits long, and subtensor's has 64.
async fn fee(at: &At, account: &PublicKey, call: &Call) -> Result<Option<u64>, WriteError> {
    let api = at.metadata().runtime_api_trait_by_name(API);
    let Some(ty) = api.and_then(|api| api.method_by_name(FEE)).map(|method| method.output_ty()) else {
        return Ok(None);
    };
    let terms = Terms {
        nonce: at.nonce(account).await?,
        birth: at.number(),
        checkpoint: at.hash().0,
        period: super::writer::PERIOD,
        genesis: at.client().genesis().0,
        spec_version: at.spec_version(),
        transaction_version: at.block().transaction_version(),
    };
    let dynamic = form::dynamic(call);
    let unsigned = Unsigned::new(&at.block().transactions(), call, &dynamic, &terms)?;
    let mut question = unsigned.signed(account, Crypto::Sr25519, [0; 64])?;
    let length = u32::try_from(question.len()).unwrap_or(u32::MAX);
    question.extend(length.to_le_bytes());
    let method = format!("{API}_{FEE}");
    let answer = match at.client().rpc().state_call(&method, Some(&question), Some(at.hash())).await {
        Ok(answer) => answer,
        Err(error) => return Err(at.client().explained(at.hash(), convert::rpc(&method, error)).await.into()),
    };
    let info = <Info as scale_decode::DecodeAsType>::decode_as_type(&mut answer.as_slice(), ty, at.metadata().types());
    let info = info.map_err(|error| convert::undecodable(method, &error))?;
    Ok(Some(info.partial_fee))
}

/// What has to stay on an account, in RAO; the runtime's constant, which has 64 bits, or 128 on other chains.
fn deposit(at: &At) -> u64 {
    let constant =
        at.metadata().pallet_by_name("Balances").and_then(|pallet| pallet.constant_by_name("ExistentialDeposit"));
    let bytes = constant.and_then(|constant| constant.value().first_chunk::<8>());
    bytes.copied().map(u64::from_le_bytes).unwrap_or_default()
}
