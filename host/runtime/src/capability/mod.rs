//! The host's side of the imports: one module for each grant.
//!
//! A module implements the interface for `HostState` and bounds what the guest can
//! cause with it. Whether a plugin may use it was decided before it was compiled; the linker holds them all.

mod clock;
mod config;
mod log;
mod metagraph;
mod random;
mod response;

use wasmtime::StoreContextMut;
use wasmtime::component::{HasSelf, Linker, WasmStr};

use crate::bindings;
use crate::state::HostState;
pub use log::LogAllowance;
pub use response::{Broken, Outlet, Piece, ResponseStream};

/// The version under which the interfaces are linked; components built against any `0.1.x` find it.
const INTERFACE_VERSION: &str = "0.1.0";

impl bindings::types::Host for HostState {}

/// A linker with every import of the contract.
///
/// What a guest hands over in bytes is linked by hand: the generated code would copy it before anybody could say that it
/// is too much.
pub fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    bindings::types::add_to_linker::<_, HasSelf<_>>(&mut linker, itself)?;
    bindings::clock::add_to_linker::<_, HasSelf<_>>(&mut linker, itself)?;
    bindings::random::add_to_linker::<_, HasSelf<_>>(&mut linker, itself)?;
    config::link(&mut linker)?;
    log::link(&mut linker)?;
    metagraph::link(&mut linker)?;
    response::link(&mut linker)?;
    Ok(linker)
}

fn itself(state: &mut HostState) -> &mut HostState {
    state
}

/// A text that the guest hands over, cut to `most` bytes, and the length of all of it.
///
/// UTF-8, which all known guests use, is looked at where it lies; other encodings are first decoded, which takes at most
/// one and a half times the guest's own memory.
fn text(store: &StoreContextMut<'_, HostState>, text: &WasmStr, most: usize) -> wasmtime::Result<(String, usize)> {
    let whole = text.to_str(store)?;
    store.data().admit(whole.len())?;
    let kept = whole.get(..whole.floor_char_boundary(most)).unwrap_or_default();
    Ok((kept.to_owned(), whole.len()))
}
