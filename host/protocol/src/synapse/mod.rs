//! The axon protocol of the Python SDK's versions 9 and 10.
//!
//! Identity, time and signature are headers; the handler's input is a JSON body. What ties the two together is a hash
//! over the fields that a synapse class names, and most classes name none: then the signature covers neither body nor
//! path, and anyone on the way can exchange them. That is the protocol; the caller's record says which of the two it
//! was.
//!
//! A server reads a [`RequestHead`], takes a [`Claim`] from it, calls [`Claim::check_fresh`] and
//! [`Claim::check_signature`], compares [`body_hash`] with the claim's, and answers with a [`ReplyEnvelope`]. A client
//! builds an [`Outgoing`] and reads the reply with [`read_answer`].
//!
//! # Layout
//!
//! - `terminal`: one side's record, the same in headers and body
//! - `head`: request headers
//! - `claim`: who says they sent it, and the checks of that
//! - `hash`: the body hash
//! - `reply`: the server's answers
//! - `request`: the client's requests
//! - `answer`: what a client makes of a reply

mod answer;
mod claim;
mod hash;
mod head;
mod reply;
mod request;
mod terminal;

pub use answer::{Answer, read_answer};
pub use claim::{AuthError, Claim, Window};
pub use hash::{EMPTY_BODY_HASH, body_hash};
pub use head::{HeadError, RequestHead};
pub use reply::{ENVELOPE_FIELDS, ReplyEnvelope, USUAL_TIMEOUT, printable_reason, strip_envelope, write_input_objects};
pub use request::Outgoing;
pub use terminal::Terminal;
