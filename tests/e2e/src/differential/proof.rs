//! Changes to what says and proves who sent the request, and when.

use super::draft::{Again, Draft, Edit, Ink};
use super::mutation::{Mutation, change};
use crate::account::{BOB, CHARLIE, DAVE};

/// Bob's key as an address of the network with prefix 0.
const BOB_OF_PREFIX_0: &str = "14E5nqKAp3oAJcmzgZhUD2RcptBeUBScxKHgJKU4HPNcKVf3";

fn set_signature(draft: &mut Draft, value: &str) {
    draft.edits.push(Edit::With("bt_header_dendrite_signature", value.as_bytes().to_vec()));
}

/// The changes.
pub(super) const CHANGES: &[Mutation] = &[
    change("hotkey is missing", &[(401, 401, "")], |draft, _| {
        draft.edits.push(Edit::Without("bt_header_dendrite_hotkey"));
    }),
    change("hotkey is no address", &[(401, 401, "words")], |draft, choice| {
        let odd = ["", "abc", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694t0", "0x00"];
        let length = u64::try_from(odd.len()).unwrap_or(1);
        let value = odd.get(usize::try_from(choice % length).unwrap_or_default()).copied().unwrap_or_default();
        draft.hotkey = value.to_owned();
    }),
    change("hotkey has a wrong checksum", &[(401, 401, "words")], |draft, _| {
        draft.hotkey = BOB.hotkey.replace("694ty", "694tz");
    }),
    change("hotkey is of another network", &[(200, 401, "prefix")], |draft, _| {
        draft.hotkey = BOB_OF_PREFIX_0.to_owned();
    }),
    change("hotkey is another account's", &[(401, 401, "")], |draft, _| draft.hotkey = CHARLIE.hotkey.to_owned()),
    change("signed for another axon", &[(401, 401, "")], |draft, _| draft.signed_for = DAVE.hotkey.to_owned()),
    change("forged", &[(401, 401, "")], |draft, _| draft.ink = Ink::Forged),
    change("signature is missing", &[(401, 401, "")], |draft, _| {
        draft.edits.push(Edit::Without("bt_header_dendrite_signature"));
    }),
    change("signature is empty", &[(401, 401, "")], |draft, _| set_signature(draft, "")),
    change("signature without 0x", &[(401, 401, "")], |draft, _| draft.ink = Ink::Bare),
    change("signature in upper case", &[(200, 200, "")], |draft, _| draft.ink = Ink::Upper),
    change("signature over wrapped bytes", &[(200, 200, "")], |draft, _| draft.ink = Ink::Wrapped),
    change("signature is no hex", &[(401, 401, "words")], |draft, choice| {
        set_signature(draft, if choice.is_multiple_of(2) { "0xzz" } else { "0x123" });
    }),
    change("signature is short", &[(401, 401, "")], |draft, _| set_signature(draft, "0x1234")),
    change("nonce is missing", &[(401, 401, "")], |draft, _| {
        draft.edits.push(Edit::Without("bt_header_dendrite_nonce"));
    }),
    change("nonce is no number", &[(500, 400, "header")], |draft, choice| {
        draft.nonce = if choice.is_multiple_of(2) { "now" } else { "1.5" }.to_owned();
    }),
    change("nonce has a sign", &[(200, 400, "number"), (500, 400, "number")], |draft, _| {
        draft.nonce = format!("+{}", draft.nonce)
    }),
    change("nonce has a leading zero", &[(200, 400, "number"), (500, 400, "number")], |draft, _| {
        draft.nonce = format!("0{}", draft.nonce)
    }),
    change("nonce is negative", &[(401, 400, "number")], |draft, _| draft.nonce = "-5".to_owned()),
    change("nonce is zero", &[(401, 401, "")], |draft, _| draft.nonce = "0".to_owned()),
    change("nonce beyond 64 bits", &[(200, 400, "number")], |draft, _| {
        draft.nonce = "36893488147419103232".to_owned();
    }),
    change("nonce is 14 s old", &[(200, 200, "")], |draft, _| draft.take_nonce_at(-14.0)),
    change("nonce is a minute old", &[(401, 401, "")], |draft, _| draft.take_nonce_at(-60.0)),
    change("nonce is 50 s old, time-out 100", &[(200, 200, "")], |draft, _| {
        draft.take_nonce_at(-50.0);
        draft.timeout = Some("100".to_owned());
    }),
    change("nonce is 90 s old, time-out 100", &[(200, 401, "window")], |draft, _| {
        draft.take_nonce_at(-90.0);
        draft.timeout = Some("100".to_owned());
    }),
    change("nonce is 7 s old, no time-out", &[(401, 401, "")], |draft, _| {
        draft.take_nonce_at(-7.0);
        draft.timeout = None;
    }),
    change("nonce is 2 s ahead", &[(200, 200, "")], |draft, _| draft.take_nonce_at(2.0)),
    change("nonce is an hour ahead", &[(200, 401, "future")], |draft, _| draft.take_nonce_at(3600.0)),
    change("version is missing", &[(200, 200, "")], |draft, _| draft.version = None),
    change("version is an old one", &[(200, 200, "")], |draft, choice| {
        draft.version = Some(if choice.is_multiple_of(2) { "9012002" } else { "7001999" }.to_owned());
    }),
    change("an old nonce and no version", &[(200, 401, "version")], |draft, choice| {
        draft.version = if choice.is_multiple_of(2) { None } else { Some("7001999".to_owned()) };
        draft.take_nonce_at(-600.0);
    }),
    change(
        "uuid is missing and signed so",
        &[(200, 200, ""), (401, 200, "lower-nonce"), (401, 401, "replay-words")],
        |draft, _| draft.uuid = None,
    ),
    change("uuid was taken away", &[(401, 401, "replay-words")], |draft, _| {
        draft.edits.push(Edit::Without("bt_header_dendrite_uuid"));
    }),
    change("uuid is any text", &[(200, 200, "")], |draft, _| {
        draft.uuid = draft.uuid.as_ref().map(|uuid| format!("{uuid}.a b"));
    }),
    change("body hash is missing and signed so", &[(500, 401, "hash-missing")], |draft, _| draft.hash = None),
    change("body hash was taken away", &[(401, 401, "hash-missing")], |draft, _| {
        draft.edits.push(Edit::Without("computed_body_hash"));
    }),
    change("body hash is malformed", &[(500, 401, "hash-missing")], |draft, choice| {
        draft.hash = draft.hash.as_ref().map(|hash| match choice % 3 {
            0 => hash.to_uppercase(),
            1 => String::new(),
            _ => "abc".to_owned(),
        });
    }),
    change("body hash of something else", &[(500, 401, "body-hash"), (500, 401, "hash-empty")], |draft, _| {
        draft.hash = Some("0".repeat(64));
    }),
    change("the same again", &[(401, 401, "")], |draft, _| draft.again = Again::Same),
    change("the same after a forged one", &[(401, 401, "")], |draft, _| draft.again = Again::AfterForged),
    change("then a lower nonce", &[(401, 200, "lower-nonce")], |draft, _| draft.again = Again::Lower),
    change("then a higher nonce", &[(200, 200, "")], |draft, _| draft.again = Again::Higher),
    change("then another uuid", &[(200, 200, "")], |draft, _| draft.again = Again::OtherUuid),
];
