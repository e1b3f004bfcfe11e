//! Keeps the stream of each call, and in the next one writes to it: what comes of that is its answer.

use std::cell::RefCell;

use soma_sdk::__private::{HostStream, streaming};
use soma_sdk::prelude::*;
use soma_sdk::{Request, WriteError};

struct Keeper;

thread_local! {
    static KEPT: RefCell<Option<HostStream>> = const { RefCell::new(None) };
}

impl streaming::Guest for Keeper {
    fn forward(_: Request, _: Vec<u8>, stream: HostStream) -> Result<(), Failure> {
        KEPT.with_borrow_mut(|kept| {
            let before = match kept.as_ref().map(|old| old.write(b"for the caller before")) {
                None => "none",
                Some(Ok(())) => "written",
                Some(Err(WriteError::Closed)) => "closed",
                Some(Err(WriteError::Limit)) => "limit",
            };
            let written = stream.write(before.as_bytes());
            *kept = Some(stream);
            Ok(written?)
        })
    }
}

soma_sdk::__private::export_streaming!(Keeper with_types_in soma_sdk::__private::streaming_hook);
