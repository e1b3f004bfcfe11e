//! Keeps what one caller sent, and shows it to the next one: a plugin that leaks, where its instance lets it.

use std::sync::Mutex;

use soma_sdk::prelude::*;

static KEPT: Mutex<Option<String>> = Mutex::new(None);

#[derive(Deserialize)]
struct Secret {
    secret: String,
}

#[derive(Serialize)]
struct Leak {
    of_another: Option<String>,
}

fn forward(secret: Secret) -> Result<Leak, Failure> {
    let mut kept = KEPT.lock().map_err(|_| Failure::internal("it is locked"))?;
    Ok(Leak { of_another: kept.replace(secret.secret) })
}

soma_sdk::plugin! {
    forward: { Secret => forward },
}
