//! Changes to the headers that nothing signs.

use super::draft::{Draft, Edit};
use super::mutation::{Mutation, change};

/// Headers that authenticate: given twice, one of them would count.
const AUTHENTICATING: [&str; 8] = [
    "bt_header_dendrite_hotkey",
    "bt_header_dendrite_nonce",
    "bt_header_dendrite_uuid",
    "bt_header_dendrite_signature",
    "bt_header_dendrite_version",
    "computed_body_hash",
    "bt_header_axon_hotkey",
    "bt_header_axon_ip",
];

/// Headers that are integers.
const INTEGERS: [&str; 4] =
    ["bt_header_axon_port", "bt_header_dendrite_version", "bt_header_dendrite_port", "bt_header_dendrite_status_code"];

fn with(draft: &mut Draft, name: &'static str, value: &str) {
    draft.edits.push(Edit::With(name, value.as_bytes().to_vec()));
}

fn pick<T: Copy>(list: &[T], choice: u64) -> Option<T> {
    let length = u64::try_from(list.len()).unwrap_or(1).max(1);
    list.get(usize::try_from(choice % length).unwrap_or_default()).copied()
}

/// The changes.
pub(super) const CHANGES: &[Mutation] = &[
    change("name is missing", &[], |draft, _| draft.edits.push(Edit::Without("name"))),
    change("name is another one", &[], |draft, _| with(draft, "name", "Other")),
    change("time-out is missing", &[], |draft, _| draft.timeout = None),
    change("time-out is another number", &[], |draft, choice| {
        draft.timeout = pick(&["12", "0", "30.5", "100", "1e1"], choice).map(str::to_owned);
    }),
    change("time-out is no number", &[(500, 400, "header")], |draft, choice| {
        draft.timeout = pick(&["abc", "", "1,5", "0x10"], choice).map(str::to_owned);
    }),
    change("time-out is odd", &[(200, 400, "number"), (401, 400, "number"), (500, 400, "number")], |draft, choice| {
        draft.timeout = pick(&["-1", "inf", "nan", "1_0", "-inf"], choice).map(str::to_owned);
    }),
    change("sizes are missing", &[], |draft, _| {
        draft.edits.push(Edit::Without("header_size"));
        draft.edits.push(Edit::Without("total_size"));
    }),
    change("a size is no number", &[(500, 400, "header")], |draft, choice| {
        let name = pick(&["header_size", "total_size"], choice).unwrap_or("total_size");
        with(draft, name, "many");
    }),
    change("a size is odd", &[(200, 400, "number"), (500, 400, "number")], |draft, choice| {
        with(draft, "total_size", pick(&["-1", "+1", "007", "1_0"], choice).unwrap_or("-1"));
    }),
    change("an integer is no number", &[(500, 400, "header")], |draft, choice| {
        with(draft, pick(&INTEGERS, choice).unwrap_or("bt_header_axon_port"), "eight");
    }),
    change("an integer is odd", &[(200, 400, "number"), (500, 400, "number")], |draft, choice| {
        let value = pick(&["-1", "+8091", "08091", "80_91", "70000000000000000000"], choice / 4).unwrap_or("-1");
        with(draft, pick(&INTEGERS, choice).unwrap_or("bt_header_axon_port"), value);
    }),
    change("a port is beyond 65535", &[(200, 400, "number")], |draft, _| with(draft, "bt_header_axon_port", "70000")),
    change("the caller says a status", &[(200, 200, "")], |draft, choice| {
        let value = pick(&["200", "404", "429"], choice / 2).unwrap_or("404");
        with(
            draft,
            pick(&["bt_header_axon_status_code", "bt_header_dendrite_status_code"], choice).unwrap_or(""),
            value,
        );
    }),
    change("a process time is no number", &[(500, 400, "header")], |draft, _| {
        with(draft, "bt_header_axon_process_time", "slow");
    }),
    change("axon headers are missing", &[], |draft, _| {
        for name in ["bt_header_axon_ip", "bt_header_axon_port", "bt_header_axon_hotkey"] {
            draft.edits.push(Edit::Without(name));
        }
    }),
    change("axon hotkey is another one", &[], |draft, _| {
        draft.axon_hotkey = crate::account::DAVE.hotkey.to_owned();
    }),
    change("dendrite ip is missing", &[], |draft, _| draft.edits.push(Edit::Without("bt_header_dendrite_ip"))),
    change("an input object is missing", &[(500, 200, "input-objects")], |draft, choice| {
        if let Some((name, _)) = pick(&draft.inputs.clone(), choice) {
            draft.inputs.retain(|(given, _)| *given != name);
        }
    }),
    change("an input object is no base64 of json", &[(500, 400, "header")], |draft, choice| {
        if let Some((_, value)) = draft.inputs.first_mut() {
            *value = pick(&["%%%", "b29wcw==", "IiI"], choice).unwrap_or("%%%");
        }
    }),
    change("an input object is of another type", &[(500, 200, "input-objects")], |draft, _| {
        if let Some((_, value)) = draft.inputs.first_mut() {
            *value = "e30=";
        }
    }),
    change("an input object is of no field", &[(500, 200, "input-objects")], |draft, _| {
        draft.inputs.push(("zzz", "IiI="));
    }),
    change(
        "an authenticating header comes twice",
        &[(200, 400, "twice"), (401, 400, "twice"), (500, 400, "twice")],
        |draft, choice| {
            draft.edits.push(Edit::Twice(pick(&AUTHENTICATING, choice).unwrap_or("computed_body_hash")));
        },
    ),
    change("another header comes twice", &[(200, 400, "twice"), (500, 400, "twice")], |draft, choice| {
        draft.edits.push(Edit::Twice(pick(&["name", "timeout", "total_size"], choice).unwrap_or("name")));
    }),
    change("headers of btauth/1", &[(200, 400, "dialects")], |draft, choice| {
        let name = pick(&["x-bittensor-version", "x-bittensor-nonce", "x-bittensor-hotkey"], choice);
        with(draft, name.unwrap_or("x-bittensor-version"), "1");
    }),
    change(
        "header values beyond ascii",
        &[(200, 400, "header"), (500, 400, "header"), (401, 400, "header")],
        |draft, choice| {
            let name = pick(&["name", "bt_header_dendrite_ip", "bt_header_axon_ip"], choice).unwrap_or("name");
            draft.edits.push(Edit::With(name, vec![b'a', 0xe9, b'b']));
        },
    ),
    change("headers of nobody", &[], |draft, _| with(draft, "x-anything", "at all")),
    change("a large header", &[], |draft, _| draft.edits.push(Edit::With("x-large", vec![b'a'; 30_000]))),
];
