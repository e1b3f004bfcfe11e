//! `soma:neuron/metagraph`: the subnet's neurons, as of the block that the request is pinned to.
//!
//! What bounds it: a hotkey is looked up only when it is short enough to be one, and the list comes in pages of
//! [`PAGE`]. What is handed over lands in the guest's own memory, and making it costs the guest's CPU time.

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmStr};

use super::{INTERFACE_VERSION, text};
use crate::metagraph::{Absence, Metagraph, Neuron, PAGE, Subnet};
use crate::state::HostState;

/// Bytes of an ss58 address at most: 35 bytes in base 58 are 48.
const ADDRESS: usize = 64;

/// Links the interface.
pub fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(&format!("soma:neuron/metagraph@{INTERFACE_VERSION}"))?;
    interface.func_wrap("current", |store: StoreContextMut<'_, HostState>, (): ()| {
        Ok((pinned(&store).map(|metagraph| metagraph.subnet()),))
    })?;
    interface.func_wrap("by-uid", |store: StoreContextMut<'_, HostState>, (uid,): (u16,)| {
        Ok((pinned(&store).map(|metagraph| metagraph.by_uid(uid)),))
    })?;
    interface.func_wrap("by-hotkey", |store: StoreContextMut<'_, HostState>, (hotkey,): (WasmStr,)| {
        let (hotkey, length) = text(&store, &hotkey, ADDRESS)?;
        let found = |metagraph: Arc<dyn Metagraph>| metagraph.by_hotkey(&hotkey).filter(|_| length <= ADDRESS);
        Ok((pinned(&store).map(found),))
    })?;
    interface.func_wrap("neurons", |store: StoreContextMut<'_, HostState>, (start,): (u32,)| {
        Ok((pinned(&store).map(|metagraph| page(&*metagraph, start)),))
    })
}

fn pinned(store: &StoreContextMut<'_, HostState>) -> Result<Arc<dyn Metagraph>, Absence> {
    store.data().metagraph.clone()
}

/// The neurons from this uid on.
fn page(metagraph: &dyn Metagraph, start: u32) -> Vec<Neuron> {
    let Subnet { size, .. } = metagraph.subnet();
    let uids = (start..size).take(PAGE).map_while(|uid| u16::try_from(uid).ok());
    uids.filter_map(|uid| metagraph.by_uid(uid)).collect()
}
