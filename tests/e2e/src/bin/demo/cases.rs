//! Requests, and the answers that they have to get.

use serde_json::{Value, json};
use soma_e2e::HarnessError;
use soma_e2e::account::{ALICE, Account, BOB, CHARLIE, EVE};
use soma_e2e::signed::{Btauth, Synapse};
use soma_e2e::wire::{Answer, Request};
use soma_protocol::synapse::strip_envelope;

use crate::host::Host;
use crate::report::{Outcome, Report};

const SIGNATURE: &str = "bt_header_dendrite_signature";

fn field(answer: &Answer, name: &str) -> Value {
    answer.json().get(name).cloned().unwrap_or_default()
}

fn synapse(caller: Account, route: &'static str, body: Value) -> Synapse<'static> {
    Synapse::new(caller, ALICE.hotkey, route, body)
}

/// Requests that are answered.
pub fn answered(host: &Host, report: &mut Report) -> Result<(), HarnessError> {
    let prompt = || json!({"prompt": "hello world", "temperature": 0});
    let request = synapse(BOB, "TextGeneration", prompt()).request()?;
    let text = |answer: &Answer| field(answer, "generated_text").is_string() && field(answer, "max_tokens") == 100;
    check(host, report, "synapse TextGeneration", &request, (200, "defaults filled in, answered by the plugin"), text)?;

    let body = prompt().to_string();
    let request = Btauth::new(BOB, ALICE.hotkey, "/TextGeneration", &body).request()?;
    check(host, report, "btauth TextGeneration", &request, (200, "the same plugin, the other protocol"), text)?;

    let request = synapse(BOB, "ImageGeneration", json!({"prompt": "a cat"})).request()?;
    let image = |answer: &Answer| field(answer, "image_data").is_string();
    check(host, report, "synapse ImageGeneration", &request, (200, "a second route of the same axon"), image)
}

/// Requests that are refused.
pub fn refused(host: &Host, report: &mut Report) -> Result<(), HarnessError> {
    let body = || json!({"prompt": "hello"});
    let any = |_: &Answer| true;

    let request = synapse(EVE, "TextGeneration", body()).request()?;
    let stranger = |answer: &Answer| answer.message().contains("not registered");
    check(host, report, "a stranger", &request, (403, "not registered: no signature was verified for it"), stranger)?;

    let request = synapse(CHARLIE, "TextGeneration", body()).request()?;
    let poor = |answer: &Answer| answer.message().contains("a stake of 0 is below 10");
    check(host, report, "a neuron without stake", &request, (403, "stake-gate says no, before text-miner runs"), poor)?;

    let genuine = synapse(BOB, "TextGeneration", body());
    let stolen = synapse(CHARLIE, "TextGeneration", body()).request()?;
    let foreign = stolen.headers.into_iter().find(|(name, _)| name == SIGNATURE).map(|(_, value)| value);
    let forged = genuine.request()?.with(SIGNATURE, foreign.unwrap_or_default());
    check(host, report, "Bob's name with a foreign signature", &forged, (401, "no plugin ran for it"), any)?;

    let request = genuine.request()?;
    check(
        host,
        report,
        "the genuine request with that nonce",
        &request,
        (200, "a forgery does not burn a nonce"),
        any,
    )?;
    check(host, report, "the same bytes once more", &request, (401, "a replay: one of two equal requests wins"), any)?;

    let request = synapse(BOB, "TextGeneration", json!({"prompt": "hello", "max_tokens": "many"})).request()?;
    let named = |answer: &Answer| answer.message().contains("max_tokens");
    check(host, report, "a field of the wrong type", &request, (422, "the schema says no and names the field"), named)?;

    let request = synapse(BOB, "VideoGeneration", body()).request()?;
    check(host, report, "a route that nobody answers", &request, (404, "the routes that there are, are named"), any)?;

    let body = body().to_string();
    let wrong = Btauth::new(BOB, CHARLIE.hotkey, "/TextGeneration", &body).request()?;
    check(
        host,
        report,
        "btauth, signed for another axon",
        &wrong,
        (401, "the receiver is part of the signature"),
        any,
    )?;

    let tampered = Btauth::new(BOB, ALICE.hotkey, "/TextGeneration", &body).request()?.body(r#"{"prompt": "bye"}"#);
    check(host, report, "btauth with another body", &tampered, (401, "the signature covers the body"), any)
}

fn check(
    host: &Host,
    report: &mut Report,
    what: &str,
    request: &Request,
    (status, why): (u16, &str),
    right: impl Fn(&Answer) -> bool,
) -> Result<(), HarnessError> {
    let answer = host.ask(request)?;
    // Of a synapse only the class's own fields: the envelope says the same in every answer.
    let shown = match answer.json() {
        Value::Object(fields) => Value::Object(strip_envelope(fields)).to_string(),
        _ => answer.text(),
    };
    let shown: String = shown.chars().take(160).collect();
    let outcome = Outcome::of(answer.status == status && right(&answer));
    report.check(outcome, what, &format!("{} {shown}", answer.status), why);
    Ok(())
}
