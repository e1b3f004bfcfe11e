//! What came of a command that writes, for people and as JSON.

use serde::Serialize;
use serde_json::{Map, Value};
use soma_chain::weights::Weight;
use soma_chain::write::Sent;
use soma_chain::{PALLET, Plan, Receipt, Tao};
use soma_protocol::ss58::PublicKey;

use crate::error::SomaError;
use crate::output::say;

/// What came of it.
pub enum Outcome {
    /// Nothing has to be sent, and why.
    Unneeded(String),
    /// What would be sent.
    Planned(Box<Plan>),
    /// The owner said no.
    Declined(Box<Plan>),
    /// It is final. The plan is missing where an earlier run sent it.
    Done(Option<Box<Plan>>, Receipt),
}

/// An outcome with its circumstances.
pub struct Report<'a> {
    /// The chain, for a person.
    pub network: &'a str,
    /// Who signs.
    pub account: &'a PublicKey,
    /// What came of it.
    pub outcome: &'a Outcome,
}

/// The answer as JSON. Amounts are in RAO.
#[derive(Debug, Default, Serialize)]
struct Answer {
    /// `sent`, `earlier` (by a run that was interrupted), `unneeded`, `planned`, `declined`.
    outcome: &'static str,
    network: String,
    account: String,
    /// Why nothing was to be sent.
    reason: Option<String>,
    call: Option<String>,
    arguments: Map<String, Value>,
    /// As the chain stores them, largest 65535.
    weights: Vec<Weight>,
    /// What it would take from the account now.
    price_rao: Option<u64>,
    /// The same of what was sent, by the last look before it was signed. The price of its own block was paid.
    planned_price_rao: Option<u64>,
    /// Estimated in a plan, paid in what is done; null where the chain does not say.
    fee_rao: Option<u64>,
    balance_rao: Option<u64>,
    extrinsic: Option<String>,
    block: Option<u64>,
    block_hash: Option<String>,
}

impl Report<'_> {
    /// Writes it for a program.
    ///
    /// # Errors
    /// [`SomaError::Output`].
    pub fn json(&self) -> Result<(), SomaError> {
        crate::output::json(&self.answer())
    }

    fn answer(&self) -> Answer {
        let mut answer =
            Answer { network: self.network.to_owned(), account: self.account.to_ss58(), ..Answer::default() };
        match self.outcome {
            Outcome::Unneeded(why) => (answer.outcome, answer.reason) = ("unneeded", Some(why.clone())),
            Outcome::Planned(plan) => answer.plan("planned", plan),
            Outcome::Declined(plan) => answer.plan("declined", plan),
            Outcome::Done(plan, receipt) => {
                if let Some(plan) = plan {
                    answer.plan("sent", plan);
                    answer.planned_price_rao = answer.price_rao.take();
                }
                answer.receipt(receipt);
            }
        }
        answer
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// [`SomaError::Output`].
    pub fn print(&self) -> Result<(), SomaError> {
        match self.outcome {
            Outcome::Unneeded(why) => say!("nothing to do: {why}"),
            Outcome::Planned(plan) => {
                lines(plan, self.network).iter().try_for_each(|line| crate::output::line(line))?;
                say!("nothing was sent: this is what would be")
            }
            Outcome::Declined(_) => say!("nothing was sent"),
            Outcome::Done(plan, receipt) => {
                let earlier = if receipt.sent == Sent::Earlier { ", sent by an earlier run" } else { "" };
                say!("{} is final in block {} of {}{earlier}", receipt.call, receipt.block, self.network)?;
                say!("  extrinsic  0x{}", hex(&receipt.hash.0))?;
                say!("  block      0x{}", hex(&receipt.block_hash.0))?;
                if let Some(plan) = plan.as_ref().filter(|plan| plan.price() > 0) {
                    say!("  price      {} TAO by block {}, before it was signed", Tao(plan.price()), plan.block())?;
                }
                say!("  fee        {}", fee(receipt.fee))
            }
        }
    }
}

impl Answer {
    fn plan(&mut self, outcome: &'static str, plan: &Plan) {
        self.outcome = outcome;
        self.call = Some(full_name(plan));
        self.arguments =
            plan.arguments().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        self.weights = plan.weights().to_vec();
        (self.price_rao, self.fee_rao, self.balance_rao) = (Some(plan.price()), plan.fee(), Some(plan.balance()));
        self.block = Some(plan.block());
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.outcome = match receipt.sent {
            Sent::Now => "sent",
            Sent::Earlier => "earlier",
        };
        self.call = Some(receipt.call.clone());
        self.fee_rao = receipt.fee;
        self.extrinsic = Some(format!("0x{}", hex(&receipt.hash.0)));
        (self.block, self.block_hash) = (Some(receipt.block), Some(format!("0x{}", hex(&receipt.block_hash.0))));
    }
}

/// What would be sent and what it costs, in lines.
fn lines(plan: &Plan, network: &str) -> Vec<String> {
    let mut rows = vec![("account".to_owned(), plan.account().to_ss58())];
    rows.extend(plan.arguments().into_iter().map(|(name, value)| (name.to_owned(), value)));
    if plan.price() > 0 {
        rows.push(("costs".to_owned(), format!("{} TAO", Tao(plan.price()))));
    }
    rows.push(("fee".to_owned(), fee(plan.fee())));
    rows.push(("has".to_owned(), format!("{} TAO", Tao(plan.balance()))));
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let head = format!("{} on {network}, by block {}", full_name(plan), plan.block());
    let rows = rows.into_iter().map(|(name, value)| format!("  {name:<widest$}  {value}"));
    std::iter::once(head).chain(rows).collect()
}

/// The same as a question's first half.
pub fn question(plan: &Plan, network: &str) -> String {
    lines(plan, network).join("\n")
}

/// As a receipt has it.
fn full_name(plan: &Plan) -> String {
    format!("{PALLET}.{}", plan.call().name())
}

fn fee(fee: Option<u64>) -> String {
    fee.map_or_else(|| "the chain does not say".to_owned(), |rao| format!("{} TAO", Tao(rao)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
