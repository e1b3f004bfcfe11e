//! The host's side of the imports: one module for each grant.
//!
//! A module implements the interface for `HostState` and bounds what the guest can
//! cause with it. Whether a plugin may use it was decided before it was compiled; the linker holds them all.

mod clock;
mod config;
mod log;
mod random;
mod response;

use wasmtime::component::{HasSelf, Linker};

use crate::bindings;
use crate::state::HostState;
pub use response::{Broken, Outlet, Piece, ResponseStream};

impl bindings::types::Host for HostState {}

/// A linker with every import of the contract.
pub fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    bindings::Neuron::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut HostState| state)?;
    Ok(linker)
}
