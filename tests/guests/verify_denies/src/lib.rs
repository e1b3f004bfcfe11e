//! Accepts only bodies that say so, after its blacklist let everybody pass.

use soma_sdk::prelude::*;

#[derive(Serialize, Deserialize)]
struct Claim {
    truth: bool,
}

fn forward(claim: Claim) -> Claim {
    claim
}

fn verify(request: &Request, claim: &Claim) -> Result<(), String> {
    if claim.truth { Ok(()) } else { Err(format!("not true, {}", request.caller.hotkey)) }
}

fn blacklist(_: &Request) -> (bool, String) {
    (false, String::new())
}

soma_sdk::plugin! {
    forward: { Claim => forward },
    verify: { Claim => verify },
    blacklist: blacklist,
}
