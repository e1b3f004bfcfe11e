//! What only a development chain has: `soma_fault`, `soma_clear`, `soma_advance`, `soma_change`. They are answered while
//! other questions are not.

use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::types::Params;

use super::{Answer, Module, refused};
use crate::change::Change;
use crate::localnet::Node;
use crate::node::fault::Fault;

/// The code of a change or a number of blocks that is refused.
const REFUSED: i32 = 9000;

/// The longest time after which faults end by themselves, in seconds: an hour.
const LONGEST_FAULT: u32 = 3_600;

/// The most empty blocks that one question makes.
const MOST_BLOCKS: u32 = 100_000;

pub(super) fn add(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_async_method("soma_fault", |params, node, _| async move { fault(params, node) })?;
    module.register_method("soma_clear", |_, node, _| {
        node.clear();
        Answer::Ok(true)
    })?;
    module.register_blocking_method("soma_advance", |params, node, _| {
        let blocks: u32 = params.one()?;
        if blocks > MOST_BLOCKS {
            return Err(refused(REFUSED, format!("at most {MOST_BLOCKS} blocks at a time")));
        }
        node.advance(blocks);
        Answer::Ok(node.chain().head())
    })?;
    module.register_method("soma_change", |params, node, _| {
        let changes: Vec<Change> = params.one()?;
        node.change(&changes).map_err(|error| refused(REFUSED, error.to_string()))?;
        Answer::Ok(node.chain().head())
    })?;
    Ok(())
}

/// Makes a fault; with a number of seconds all lasting ones end after them.
fn fault(params: Params<'static>, node: Arc<Node>) -> Answer<bool> {
    let mut params = params.sequence();
    let (fault, seconds): (Fault, Option<u32>) = (params.next()?, params.optional_next()?);
    match seconds {
        Some(seconds) if seconds > LONGEST_FAULT => {
            return Err(refused(
                REFUSED,
                format!("at most {LONGEST_FAULT} seconds; without a number it lasts until soma_clear"),
            ));
        }
        Some(seconds) => {
            let node = Arc::clone(&node);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                node.clear();
            });
        }
        None if fault == Fault::HalfOpen => {
            return Err(refused(
                REFUSED,
                "no question would get in to end it: say for how many seconds, as second parameter",
            ));
        }
        None => {}
    }
    node.fault(&fault);
    Ok(true)
}
