//! `admit` under `[axon]`: who is let in at all.

use std::collections::HashSet;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use soma_axon::Admission;
use soma_axon::admission::{PermitRule, Terms};
use soma_protocol::ss58::PublicKey;

/// What the operator's file says: `"anybody"`, `"registered"`, a list of hotkeys, or a table of terms.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Admit {
    /// Whoever can sign.
    Anybody,
    /// These hotkeys and nobody else.
    Listed(HashSet<PublicKey>),
    /// Registered hotkeys on these terms, and these in any case.
    Registered(Terms, HashSet<PublicKey>),
}

/// The table.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    #[serde(default)]
    min_stake: Stake,
    #[serde(default)]
    permit: bool,
    #[serde(default)]
    hotkeys: HashSet<PublicKey>,
}

/// Whole alpha; finite and not negative.
#[derive(Default, Deserialize)]
#[serde(try_from = "f64")]
struct Stake(f64);

impl TryFrom<f64> for Stake {
    type Error = &'static str;

    fn try_from(amount: f64) -> Result<Self, Self::Error> {
        let is_amount = amount.is_finite() && amount >= 0.0;
        if is_amount { Ok(Stake(amount)) } else { Err("a stake is a number of whole alpha from 0 on") }
    }
}

impl Admit {
    /// Without a chain and without a word anybody is let in, on a chain whoever is registered.
    pub(super) fn rule(self) -> Admission {
        match self {
            Admit::Anybody => Admission::anyone(),
            Admit::Listed(hotkeys) => Admission::listed(hotkeys),
            Admit::Registered(terms, hotkeys) => Admission::registered(terms, hotkeys),
        }
    }

    /// Whether it can only be decided with a chain.
    pub(super) fn needs_a_chain(&self) -> bool {
        matches!(self, Admit::Registered(..))
    }

    /// What is meant on a chain when nothing is said.
    pub(super) fn usual() -> Admit {
        Admit::Registered(Terms::default(), HashSet::new())
    }
}

impl<'de> Deserialize<'de> for Admit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AdmitVisitor)
    }
}

struct AdmitVisitor;

impl<'de> Visitor<'de> for AdmitVisitor {
    type Value = Admit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"anybody\", \"registered\", a list of hotkeys, or a table with min-stake, permit and hotkeys")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Admit, E> {
        match text {
            "anybody" => Ok(Admit::Anybody),
            "registered" => Ok(Admit::usual()),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Admit, A::Error> {
        HashSet::deserialize(SeqAccessDeserializer::new(list)).map(Admit::Listed)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Admit, A::Error> {
        let Table { min_stake: Stake(min_stake), permit, hotkeys } =
            Table::deserialize(MapAccessDeserializer::new(table))?;
        let permit = if permit { PermitRule::Required } else { PermitRule::Optional };
        Ok(Admit::Registered(Terms { min_stake, permit }, hotkeys))
    }
}
