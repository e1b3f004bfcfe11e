//! The synapse v10 call and its answer.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use soma_protocol::pystr::py_str;
use soma_protocol::pytype::PyType;
use soma_protocol::synapse::{self, Outgoing, Terminal};
use soma_wallet::Intent;

use crate::dendrite::{Dendrite, check_timeout};
use crate::error::DendriteError;
use crate::options::{RequiredFields, SynapseOptions};
use crate::signing::RequestSigner;
use crate::target::{SynapseTarget, is_field_name};
use crate::transport::{Exchange, exchange};

/// The version that requests claim: that of the Python SDK whose protocol they follow (10.5.0). An axon checks the
/// age of a nonce only for versions from 7.2.0 on.
const CLAIMED_VERSION: u64 = 10_005_000;

/// What an axon answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The answer as the Python dendrite would read it: both statuses, message and, after success, the fields.
    pub synapse: synapse::Answer,
    /// The body as it came, decompressed.
    pub body: Bytes,
    /// From the start of sending to the last byte read; signing is not in it.
    pub elapsed: Duration,
}

impl<S: RequestSigner> Dendrite<S> {
    /// Signs `fields` as one synapse, sends them to `target` and reads the answer.
    ///
    /// # Errors
    /// Every [`DendriteError`] but those of addresses; [`DendriteError::v10_status`] tells what Python would call it.
    /// An answer that says no is not an error.
    pub async fn synapse(
        &self,
        target: &SynapseTarget,
        fields: Map<String, Value>,
        options: &SynapseOptions,
    ) -> Result<Answer, DendriteError> {
        check_timeout(options.timeout)?;
        let required = announced(&fields, &options.required)?;
        let body_hash = body_hash(&fields, &options.hash_fields)?;
        let nonce = self.next_nonce();
        let signature = self
            .signer
            .sign(Intent::Synapse {
                nonce,
                axon_hotkey: target.hotkey().to_ss58(),
                uuid: self.uuid.to_string(),
                body_hash: body_hash.clone(),
            })
            .await?;
        let outgoing = Outgoing {
            route: target.route().to_owned(),
            timeout_s: options.timeout.as_secs_f64(),
            axon: Terminal {
                ip: Some(target.host().to_owned()),
                port: Some(target.port()),
                hotkey: Some(target.hotkey().to_ss58()),
                ..Terminal::default()
            },
            // No ip: the axon sees the peer's address, and what is written here is believed by nobody.
            dendrite: Terminal {
                version: Some(CLAIMED_VERSION),
                nonce: Some(nonce),
                uuid: Some(self.uuid.to_string()),
                hotkey: Some(self.hotkey().to_owned()),
                signature: Some(format!("0x{}", hex::encode(signature))),
                ..Terminal::default()
            },
            body_hash,
            fields,
            required,
        };
        let request = self.http.post(target.url()).headers(outgoing.headers()).body(outgoing.body());
        let exchanged = exchange(request, &target.to_string(), options.timeout, self.answer_limit).await?;
        Ok(read(exchanged))
    }
}

fn read(exchanged: Exchange) -> Answer {
    Answer {
        synapse: synapse::read_answer(exchanged.status.as_u16(), &exchanged.headers, &exchanged.body),
        body: exchanged.body,
        elapsed: exchanged.elapsed,
    }
}

/// The names that get a `bt_header_input_obj_*` header.
fn announced(fields: &Map<String, Value>, required: &RequiredFields) -> Result<Vec<String>, DendriteError> {
    match required {
        // A name that cannot be in a header is no Python field, so no class can require it.
        RequiredFields::EveryGiven => Ok(fields.keys().filter(|name| is_field_name(name)).cloned().collect()),
        RequiredFields::Named(names) => {
            for name in names {
                if !is_field_name(name) {
                    return Err(DendriteError::FieldName { field: name.clone() });
                }
                if !fields.contains_key(name) {
                    return Err(DendriteError::MissingField { field: name.clone(), role: "required" });
                }
            }
            Ok(names.clone())
        }
    }
}

fn body_hash(fields: &Map<String, Value>, hashed: &[(String, PyType)]) -> Result<String, DendriteError> {
    let mut values = Vec::with_capacity(hashed.len());
    for (name, kind) in hashed {
        let value =
            fields.get(name).ok_or_else(|| DendriteError::MissingField { field: name.clone(), role: "hashed" })?;
        values.push(py_str(value, kind).map_err(|source| DendriteError::HashValue { field: name.clone(), source })?);
    }
    Ok(synapse::body_hash(&values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> Map<String, Value> {
        json!({"prompt": "hi", "odd-name": 1, "tags": []}).as_object().unwrap().clone()
    }

    #[test]
    fn announces_every_field_that_a_class_can_have() {
        assert_eq!(announced(&fields(), &RequiredFields::EveryGiven).unwrap(), ["prompt", "tags"]);
    }

    #[test]
    fn announces_only_the_named_fields() {
        let named = |name: &str| RequiredFields::Named(vec![name.to_owned()]);
        assert_eq!(announced(&fields(), &named("tags")).unwrap(), ["tags"]);
        assert!(matches!(announced(&fields(), &named("odd-name")), Err(DendriteError::FieldName { .. })));
        assert!(matches!(
            announced(&fields(), &named("absent")),
            Err(DendriteError::MissingField { role: "required", .. })
        ));
    }

    #[test]
    fn hashes_only_fields_that_are_there_and_of_their_type() {
        let hashed = |name: &str, kind: &str| vec![(name.to_owned(), kind.parse::<PyType>().unwrap())];
        assert_eq!(body_hash(&fields(), &[]).unwrap(), synapse::EMPTY_BODY_HASH);
        assert_eq!(body_hash(&fields(), &hashed("prompt", "str")).unwrap(), synapse::body_hash(&["hi".to_owned()]));
        assert!(matches!(
            body_hash(&fields(), &hashed("absent", "str")),
            Err(DendriteError::MissingField { role: "hashed", .. })
        ));
        assert!(matches!(body_hash(&fields(), &hashed("tags", "int")), Err(DendriteError::HashValue { .. })));
    }
}
