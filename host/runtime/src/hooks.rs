//! Where a component's live hooks are: looked up once for a version, loaded for each instance.

use soma_manifest::{Hook, Manifest};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::bindings::{blacklist, forward, lifecycle, priority, streaming, verify};
use crate::state::HostState;

macro_rules! hook_indices {
    ($($interface:ident => $hook:path),* $(,)?) => {
        /// Where the live hooks are in an instance: looked up once.
        pub(crate) struct HookIndices {
            $($interface: Option<$interface::GuestIndices>,)*
            /// No hook: the manifest does not name it, and admission has seen that it is whole.
            pub(crate) lifecycle: Option<lifecycle::GuestIndices>,
        }

        impl HookIndices {
            pub(crate) fn find(pre: &InstancePre<HostState>, manifest: &Manifest) -> wasmtime::Result<HookIndices> {
                let live = |hook| manifest.hooks.contains(&hook);
                Ok(HookIndices {
                    $($interface: live($hook).then(|| $interface::GuestIndices::new(pre)).transpose()?,)*
                    lifecycle: lifecycle::GuestIndices::new(pre).ok(),
                })
            }

            $(
                pub(crate) fn $interface(
                    &self,
                    store: &mut Store<HostState>,
                    instance: &Instance,
                ) -> wasmtime::Result<$interface::Guest> {
                    self.$interface.as_ref().ok_or_else(|| not_live($hook))?.load(store, instance)
                }
            )*

            pub(crate) fn check(&self, store: &mut Store<HostState>, instance: &Instance) -> wasmtime::Result<()> {
                $(
                    if let Some(hook) = &self.$interface {
                        hook.load(&mut *store, instance)?;
                    }
                )*
                if let Some(lifecycle) = &self.lifecycle {
                    lifecycle.load(&mut *store, instance)?;
                }
                Ok(())
            }
        }
    };
}

hook_indices! {
    forward => Hook::Forward,
    streaming => Hook::Streaming,
    blacklist => Hook::Blacklist,
    verify => Hook::Verify,
    priority => Hook::Priority,
}

fn not_live(hook: Hook) -> wasmtime::Error {
    wasmtime::format_err!("the hook {hook} is not live")
}
