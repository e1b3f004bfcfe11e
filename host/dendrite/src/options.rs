//! How one synapse is sent.

use std::time::Duration;

use soma_protocol::pytype::PyType;

/// How one synapse is sent. `..SynapseOptions::default()` fills in what is not named.
#[derive(Clone, Debug)]
pub struct SynapseOptions {
    /// How long signing, sending and reading together may take; it is also what the axon is told. More than zero.
    /// The default is the Python SDK's 12 seconds.
    pub timeout: Duration,
    /// The class's `required_hash_fields` with their Python types, in declared order. Each must be among the fields
    /// that are sent: an axon hashes its class's default for one that is missing, and the client does not know it.
    /// Empty (the default) as for most classes: then the signature covers no field.
    pub hash_fields: Vec<(String, PyType)>,
    /// Which fields are announced in `bt_header_input_obj_*` headers.
    pub required: RequiredFields,
}

impl Default for SynapseOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(12), hash_fields: Vec::new(), required: RequiredFields::default() }
    }
}

/// Which fields are announced in `bt_header_input_obj_*` headers.
///
/// A Python axon refuses a request that does not announce every field without a default in its class. One that is
/// announced and has a default costs nothing but that the axon's blacklist, priority and verify functions see an
/// empty value there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RequiredFields {
    /// Every field that is sent: right for every class, so the default.
    #[default]
    EveryGiven,
    /// These, as the class declares them. Each must be among the fields that are sent.
    Named(Vec<String>),
}
