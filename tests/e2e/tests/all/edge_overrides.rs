//! Where ours answers a recorded edge case otherwise, with the row of `docs/differences.md` that says so.

use soma_e2e::differential::Aspect;

/// What ours answers instead.
pub struct Override {
    /// The case's name in the file.
    pub case: &'static str,
    /// The row's id.
    pub row: &'static str,
    /// The status.
    pub status: u16,
    /// `bt_header_axon_status_message`, as an observation holds it.
    pub message: &'static str,
}

const fn other(case: &'static str, row: &'static str, status: u16, message: &'static str) -> Override {
    Override { case, row, status, message }
}

/// Parts that differ in many answers: for which statuses, and the row.
pub const EVERYWHERE: &[(Aspect, &[u16], &str)] = &[
    (Aspect::Dendrite, &[200], "echo"),
    (Aspect::Axon, &[200], "echo"),
    (Aspect::Axon, &[401, 404], "own-hotkey"),
    (Aspect::Timeout, &[200, 404], "echo-timeout"),
];

/// Every case that is not answered as recorded.
pub const OVERRIDES: &[Override] = &[
    other("no_input_obj_header", "input-objects", 200, "Success"),
    other("input_obj_bad_base64", "header", 400, "header bt_header_input_obj_prompt is not base64 of json"),
    other("input_obj_wrong_type", "input-objects", 200, "Success"),
    other("empty_body", "body", 422, "body is not json: EOF while parsing a value at line 1 column 0"),
    other("invalid_json", "json", 422, "body is not json: key must be a string at line 1 column 2"),
    other("json_array_body", "body", 422, "body is a json array, not an object"),
    other("body_missing_required", "body", 422, "prompt: \"prompt\" is a required property"),
    other("body_wrong_type", "body", 422, "max_tokens: value is not of type \"integer\""),
    other("body_coercible_type", "types", 422, "max_tokens: value is not of type \"integer\""),
    other("timeout_not_number", "header", 400, "header timeout is not a number of seconds"),
    other("body_hash_absent", "hash-missing", 401, "Not Verified with error: Missing or malformed computed_body_hash"),
    other(
        "body_hash_absent_signed_None",
        "hash-missing",
        401,
        "Not Verified with error: Missing or malformed computed_body_hash",
    ),
    other("body_hash_wrong_signed", "hash-empty", 401, "Not Verified with error: body hash mismatch"),
    other("hashed_body_tampered", "body-hash", 401, "Not Verified with error: body hash mismatch"),
    other(
        "no_bt_headers_at_all",
        "input-objects",
        401,
        "Not Verified with error: No SS58 formatted address or public key provided.",
    ),
    other("nonce_not_int", "header", 400, "header bt_header_dendrite_nonce is not a decimal integer in range"),
    other("nonce_negative", "number", 400, "header bt_header_dendrite_nonce is not a decimal integer in range"),
    other("nonce_plus_sign", "number", 400, "header bt_header_dendrite_nonce is not a decimal integer in range"),
    other(
        "nonce_future_1h",
        "future",
        401,
        "Not Verified with error: Nonce is too far in the future: acceptable delta is 4.00 seconds but request was * seconds ahead",
    ),
    other(
        "version_absent_old_nonce",
        "version",
        401,
        "Not Verified with error: Nonce is too old: acceptable delta is 16.00 seconds but request was * seconds old",
    ),
    other(
        "version_7001999_old_nonce",
        "version",
        401,
        "Not Verified with error: Nonce is too old: acceptable delta is 16.00 seconds but request was * seconds old",
    ),
    other("mono_lower", "lower-nonce", 200, "Success"),
    other(
        "mono_old_60s_lower_known_key",
        "replay-words",
        401,
        "Not Verified with error: Nonce is too old: acceptable delta is 16.00 seconds but request was * seconds old",
    ),
    other("get_no_body", "get", 422, "body is not json: EOF while parsing a value at line 1 column 0"),
    other("put", "method", 405, "wrong method"),
    other("head", "method", 405, "wrong method"),
    other("options", "method", 405, "wrong method"),
    other("trailing_slash", "slash", 404, "Synapse name 'TextSynapse/' not found. Available synapses [*]"),
    other("extra_segment", "segments", 404, "Synapse name 'TextSynapse/more' not found. Available synapses [*]"),
    other("text_plain", "content-type", 422, "content type is not application/json"),
    other("no_content_type", "content-type", 422, "content type is not application/json"),
    other("status_code_in_axon_header", "header", 400, "header bt_header_axon_process_time is not a number of seconds"),
    other("axon_status_in_body", "status-in-body", 200, "Success"),
    other("srv_HttpExc", "handler-status", 403, "teapot"),
    other("srv_StatusSet", "handler-status", 503, "slow down"),
    other("srv_MsgUni", "handler-message", 200, "Success"),
    other("srv_BlUni", "reason", 403, "Forbidden. Key is blacklisted: ???second line."),
    other("srv_RaiseSynEx", "sdk-exception", 500, "Internal Server Error #*"),
    other(
        "vfok_unsigned_no_headers",
        "input-objects",
        401,
        "Not Verified with error: No SS58 formatted address or public key provided.",
    ),
    other("typed_all_defaults", "types", 200, "Success"),
    other("typed_missing_one_header", "input-objects", 200, "Success"),
    other(
        "extra_segment_bad_sig",
        "segments",
        404,
        "Synapse name 'TextSynapse/more' not found. Available synapses [*]",
    ),
    other(
        "extra_segment_unsigned",
        "segments",
        404,
        "Synapse name 'TextSynapse/more' not found. Available synapses [*]",
    ),
    other("trailing_slash_bad_sig", "slash", 404, "Synapse name 'TextSynapse/' not found. Available synapses [*]"),
    other("put_bad_sig", "method", 405, "wrong method"),
    other("body_5MB", "large-answer", 500, "Internal Server Error #*"),
];
