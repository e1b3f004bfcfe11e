//! The node around the runtime: its blocks and states, the transactions that wait, the sockets, and what goes wrong on demand.
//!
//! # Layout
//! - `chain`: blocks, states, and making the next
//! - `pool`: transactions that wait for their block
//! - `panic`: what the runtime says when it is asked nonsense
//! - `fault`: what is made to go wrong
//! - `door`: the listening socket, whose connections can be dropped or held
//! - `rpc`: the questions and subscriptions

pub(crate) mod chain;
pub(crate) mod door;
pub(crate) mod fault;
mod panic;
pub(crate) mod pool;
pub(crate) mod rpc;
