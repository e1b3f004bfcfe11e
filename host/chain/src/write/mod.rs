//! What a neuron writes to its chain, each thing once.
//!
//! The way of a call: a [`Request`] is held against the state of the chain and becomes a [`Plan`] (which can be shown, and
//! needs no key), the plan is signed by a key that knows what it signs ([`Sign`]), what is signed goes into the
//! [`Journal`], then to a node, and is looked for in final blocks until it is found ([`Receipt`]) or can no longer be there.
//!
//! What bounds it: an extrinsic is valid for [`WritePolicy::period`] blocks after the newest final one, and is waited for
//! [`WritePolicy::patience`]. When that is used up the answer is [`WriteError::Unsettled`] and the journal keeps the bytes:
//! the next run looks for them, and sends the same again if they are in no block yet. A second extrinsic of an account is
//! signed only when the first is in a final block or can be in none: it is signed again at once when the node says that its
//! nonce was used already, or the runtime was upgraded meanwhile, and then once. A coldkey signs once only: it is forgotten
//! with its signature.
//!
//! # Layout
//! - [`writer`]: [`Writer`], which does it; [`desk`]: the lock on an account, for who asks something in between; `course`: an extrinsic on its way, `trail`: where it is; [`receipt`]: what came of it
//! - [`request`]: what can be asked for, with the chain's own checks; [`preflight`]: what they refuse; [`plan`]: what would
//!   be sent, and its price
//! - [`call`]: the calls; [`form`]: whether the runtime reads them as we write them; [`sign`]: who signs
//! - [`journal`]: what was signed ([`entry`]), on disk; [`error`](mod@error): [`WriteError`]

pub mod call;
mod course;
pub mod desk;
pub mod entry;
pub mod error;
pub mod form;
pub mod journal;
pub mod plan;
pub mod preflight;
pub mod receipt;
pub mod request;
pub mod sign;
mod trail;
pub mod writer;

pub use call::{Call, ColdkeyCall};
pub use desk::Desk;
pub use entry::Entry;
pub use error::{Lapse, WriteError};
pub use form::DriftError;
pub use journal::{Journal, JournalError};
pub use plan::{Plan, Proposal};
pub use preflight::Preflight;
pub use receipt::{Receipt, Sent};
pub use request::{AddStake, Register, Request, ServeAxon, ServePrometheus, SetWeights};
pub use sign::{Coldkey, Sign, SignError};
pub use writer::{WritePolicy, Writer};
