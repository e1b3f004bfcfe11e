//! Which protocol a request speaks.

use soma_protocol::dialect::{Dialect, DialectError, detect};

use crate::header_map;

type Fields = Vec<(&'static str, &'static str)>;

#[test]
fn names_the_dialect_or_refuses_a_mixture() {
    let repeated = |name: &str| Err(DialectError::Repeated { name: name.to_owned() });
    let cases: Vec<(Fields, Result<Dialect, DialectError>)> = vec![
        (vec![], Ok(Dialect::Synapse)),
        (vec![("host", "x"), ("accept", "a"), ("accept", "b")], Ok(Dialect::Synapse)),
        (vec![("bt_header_dendrite_nonce", "1")], Ok(Dialect::Synapse)),
        (vec![("computed_body_hash", "1")], Ok(Dialect::Synapse)),
        (vec![("X-Bittensor-Hotkey", "1")], Ok(Dialect::Btauth)),
        (vec![("X-BITTENSOR-SIGNATURE", "1")], Ok(Dialect::Btauth)),
        // Reserved, and no proof of anything.
        (vec![("X-Bittensor-Drand-Round", "1")], Ok(Dialect::Synapse)),
        (vec![("bt_header_axon_ip", "1"), ("X-Bittensor-Crypto", "1")], Err(DialectError::Both)),
        (vec![("computed_body_hash", "1"), ("x-bittensor-version", "1")], Err(DialectError::Both)),
        (
            vec![("bt_header_dendrite_hotkey", "1"), ("BT_HEADER_DENDRITE_HOTKEY", "1")],
            repeated("bt_header_dendrite_hotkey"),
        ),
        (vec![("computed_body_hash", "1"), ("computed_body_hash", "2")], repeated("computed_body_hash")),
        (vec![("X-Bittensor-Nonce", "1"), ("x-bittensor-nonce", "2")], repeated("x-bittensor-nonce")),
    ];
    for (fields, expected) in cases {
        assert_eq!(detect(&header_map(fields.clone())), expected, "{fields:?}");
    }
}
