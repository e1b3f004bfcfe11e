//! `soma:neuron/config`: the operator's settings for the slot.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmStr};

use super::{INTERFACE_VERSION, text};
use crate::state::HostState;

/// Links the interface.
pub fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.instance(&format!("soma:neuron/config@{INTERFACE_VERSION}"))?.func_wrap(
        "get",
        |store: StoreContextMut<'_, HostState>, (key,): (WasmStr,)| {
            let (key, _) = text(&store, &key, usize::MAX)?;
            Ok((store.data().config.get(&key).cloned(),))
        },
    )
}
