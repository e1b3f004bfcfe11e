//! What the chain looked like to whoever wrote this client, and what differs on the one that it meets.
//!
//! A shape is subxt's hash over the types of a call, storage or runtime API, through and through, and for a storage its
//! default value. All that this crate uses is in a table, with the hashes of finney at spec version 393. A difference is
//! no error by itself: fields are found by their names, so most changes do no harm. It is told by name at the start, so
//! that an operator whose neuron then fails does not have to guess.

mod finney;

use std::fmt;

use subxt::metadata::Metadata;

/// The spec version of finney that the table was made from.
pub const SPEC_VERSION: u32 = 393;

/// The transaction extensions of that runtime, in their order. subxt leaves those out that encode to nothing; one that
/// is new and does not is why a signature would be refused.
pub const EXTENSIONS: [&str; 13] = [
    "CheckNonZeroSender",
    "CheckSpecVersion",
    "CheckTxVersion",
    "CheckGenesis",
    "CheckMortality",
    "CheckNonce",
    "CheckWeight",
    "ChargeTransactionPayment",
    "SudoTransactionExtension",
    "CheckShieldedTxValidity",
    "SubtensorTransactionExtension",
    "DrandPriority",
    "CheckMetadataHash",
];

/// What kind of thing has a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A call of a pallet.
    Call,
    /// A storage of a pallet.
    Storage,
    /// A method of a runtime API.
    Api,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call => "call",
            Self::Storage => "storage",
            Self::Api => "runtime API",
        })
    }
}

/// One thing that this crate uses, with its shape at finney 393.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// What kind of thing.
    pub item: Item,
    /// Its pallet or runtime API.
    pub owner: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// The hash, as 64 hexadecimal digits.
    pub hash: &'static str,
}

impl Shape {
    const fn new(item: Item, owner: &'static str, name: &'static str, hash: &'static str) -> Self {
        Self { item, owner, name, hash }
    }

    /// The hash that a runtime has for this thing, in hexadecimal digits; nothing if it has no such thing.
    #[must_use]
    pub fn found(&self, metadata: &Metadata) -> Option<String> {
        let pallet = || metadata.pallet_by_name(self.owner);
        let hash = match self.item {
            Item::Call => pallet()?.call_hash(self.name)?,
            Item::Storage => pallet()?.storage_hash(self.name)?,
            Item::Api => metadata.runtime_api_trait_by_name(self.owner)?.method_by_name(self.name)?.hash(),
        };
        Some(hex::encode(hash))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{}", self.item, self.owner, self.name)
    }
}

/// Something that a runtime has otherwise than finney 393.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// The runtime has not got it.
    Missing(Shape),
    /// It has other types, or another default value.
    Changed(Shape),
    /// A transaction extension that was not there.
    NewExtension(String),
    /// A transaction extension that is gone.
    LostExtension(&'static str),
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(shape) => write!(f, "{shape} is missing"),
            Self::Changed(shape) => write!(f, "{shape} has another shape"),
            Self::NewExtension(name) => write!(f, "transaction extension {name} is new"),
            Self::LostExtension(name) => write!(f, "transaction extension {name} is gone"),
        }
    }
}

/// All that this crate uses, with the shapes of finney 393.
#[must_use]
pub fn table() -> &'static [Shape] {
    finney::TABLE
}

/// What a runtime has otherwise than finney 393, of all that this crate uses; empty when nothing differs.
#[must_use]
pub fn drift(metadata: &Metadata) -> Vec<Drift> {
    let shapes = table().iter().filter_map(|shape| match shape.found(metadata) {
        None => Some(Drift::Missing(*shape)),
        Some(hash) if hash != shape.hash => Some(Drift::Changed(*shape)),
        Some(_) => None,
    });
    let names: Vec<&str> = extensions(metadata);
    let new =
        names.iter().filter(|name| !EXTENSIONS.contains(name)).map(|name| Drift::NewExtension((*name).to_owned()));
    let lost = EXTENSIONS.iter().filter(|name| !names.contains(name)).map(|name| Drift::LostExtension(name));
    shapes.chain(new).chain(lost).collect()
}

/// The transaction extensions with which this runtime's transactions are made, in their order.
#[must_use]
pub fn extensions(metadata: &Metadata) -> Vec<&str> {
    metadata.extrinsic().transaction_extensions_to_use_for_encoding().map(|extension| extension.identifier()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded;

    #[test]
    fn the_table_is_that_of_finney() {
        let Some(metadata) = recorded::metadata() else { return };
        let derived: Vec<String> =
            table().iter().map(|shape| format!("{shape} {}", shape.found(&metadata).unwrap_or_default())).collect();
        let written: Vec<String> = table().iter().map(|shape| format!("{shape} {}", shape.hash)).collect();
        assert_eq!(written, derived, "{}", derived.join("\n"));
        assert_eq!(extensions(&metadata), EXTENSIONS);
        assert_eq!(drift(&metadata), []);
    }

    #[test]
    fn the_table_is_in_order_and_names_nothing_twice() {
        let key = |shape: &Shape| (shape.item, shape.owner, shape.name);
        assert!(table().windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
    }
}
