//! Hostile clients, and a good one among them.
//!
//! They speak over plain sockets, from many addresses of the loopback network (127.0.0.2 and so on), so that limits by
//! address are met as they would be in the wild. Each attack is bounded in count and in time, and says what it was
//! answered; whether that is right is the test's to say. The server is always another process.
//!
//! # Layout
//! - [`exchange`]: a connection from a chosen address, and answers read one by one
//! - [`draft`]: requests as bytes, good and bad
//! - [`steady`]: the good caller, who asks all the while
//! - [`requests`]: floods of whole requests
//! - [`held`]: connections and requests that are held open
//! - [`tally`]: what was answered, counted
//! - [`usage`]: what a process holds: memory, descriptors, processor time

pub mod draft;
pub mod exchange;
pub mod held;
pub mod requests;
pub mod steady;
pub mod tally;
pub mod usage;

pub use exchange::{Connection, Reply};
pub use steady::Steady;
pub use tally::Tally;
pub use usage::Usage;
