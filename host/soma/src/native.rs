//! The example's handler compiled into this program, in place of every plugin: behind the feature `native`, for
//! `cargo xtask bench axon` alone. What the same `soma run` costs with it and with the plugin differs by the sandbox.
//!
//! The manifest is the plugin file's, so routes, schemas and hooks are the same. Requests are copied into the SDK's own
//! types, which the sandbox does too; that is part of what native costs here.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use soma_manifest::PluginFile;
use soma_runtime::native::{NativeFailure, NativeHooks, NativeVerdict};
use soma_runtime::version::{Loader, Version};
use soma_runtime::{Dialect, LoadError, Reply, Request, SlotSpec, Slots};
use text_miner::NativePlugin;

/// Puts the handler into every slot.
///
/// # Errors
/// As [`Loader::load`] for a plugin file that cannot be read.
pub async fn load(loader: Loader, specs: Vec<SlotSpec>) -> Result<Slots, LoadError> {
    let mut bound = Vec::with_capacity(specs.len());
    for spec in specs {
        let file = PluginFile::open(&spec.plugin)?;
        let hooks = hooks(Arc::new(spec.config.clone()));
        let version = Version::native(&loader.engine, &spec, file.manifest, hooks).await?;
        bound.push((spec, version));
    }
    tracing::warn!("every plugin is native code without a sandbox: this build is for benches");
    Slots::bind(loader, bound)
}

fn hooks(config: Arc<BTreeMap<String, String>>) -> NativeHooks {
    let gate = config.clone();
    NativeHooks {
        forward: Some(Box::new(move |request, body| {
            configure(&config);
            NativePlugin::forward(copied(request), body.to_vec()).map(reply).map_err(failure)
        })),
        blacklist: Some(Box::new(move |request| {
            configure(&gate);
            match NativePlugin::blacklist(copied(request)) {
                soma_sdk::Verdict::Allow => NativeVerdict::Allow,
                soma_sdk::Verdict::Deny(reason) => NativeVerdict::Deny(reason),
            }
        })),
        verify: None,
        priority: Some(Box::new(|request| NativePlugin::priority(copied(request)))),
    }
}

/// The SDK's stand-in for settings belongs to a thread; each guest thread gets them once.
fn configure(config: &BTreeMap<String, String>) {
    thread_local! {
        static DONE: Cell<bool> = const { Cell::new(false) };
    }
    if !DONE.replace(true) {
        config.iter().for_each(|(key, value)| soma_sdk::testing::configure(key, value));
    }
}

fn copied(request: &Request) -> soma_sdk::Request {
    let caller = &request.caller;
    soma_sdk::Request {
        id: request.id.clone(),
        route: request.route.clone(),
        target: request.target.clone(),
        caller: soma_sdk::Caller {
            hotkey: caller.hotkey.clone(),
            uid: caller.uid,
            stake: caller.stake,
            validator_permit: caller.validator_permit,
            ip: caller.ip.clone(),
            body_bound: caller.body_bound,
        },
        dialect: match request.dialect {
            Dialect::Synapse => soma_sdk::Dialect::Synapse,
            Dialect::Btauth => soma_sdk::Dialect::Btauth,
        },
        method: request.method.clone(),
        headers: request.headers.clone(),
        content_type: request.content_type.clone(),
        body_len: request.body_len,
        received_ms: request.received_ms,
        deadline_ms: request.deadline_ms,
    }
}

fn reply(reply: soma_sdk::Reply) -> Reply {
    Reply { body: reply.body, content_type: reply.content_type, status: reply.status }
}

fn failure(failure: soma_sdk::Failure) -> NativeFailure {
    match failure {
        soma_sdk::Failure::Invalid(reason) => NativeFailure::Invalid(reason),
        soma_sdk::Failure::Refused(reason) => NativeFailure::Refused(reason),
        soma_sdk::Failure::Unavailable(reason) => NativeFailure::Unavailable(reason),
        soma_sdk::Failure::Internal(text) => NativeFailure::Internal(text),
    }
}
