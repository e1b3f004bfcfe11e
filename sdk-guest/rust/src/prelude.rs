//! What most plugins use: `use soma_sdk::prelude::*;`.

pub use crate::{Caller, Dialect, Failure, Reply, Request, ResponseStream, Verdict};
pub use crate::{clock, config, log, metagraph, random};
pub use serde::{Deserialize, Serialize};
