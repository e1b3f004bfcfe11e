//! The structs that the pallet stores, with the fields of finney 393.

use frame_support::pallet_prelude::*;
use scale_info::TypeInfo;

/// A number with binary places: `bits` divided by 2 to the power of the places.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct FixedI64 {
    /// The number times 2^32.
    pub bits: i64,
}

/// A number with 32 binary places.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct FixedI128 {
    /// The number times 2^32.
    pub bits: i128,
}

/// A number with 64 binary places.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct FixedU128 {
    /// The number times 2^64.
    pub bits: u128,
}

/// Where a neuron's server is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AxonInfo {
    /// The block in which it was said.
    pub block: u64,
    /// The version that the neuron gives itself.
    pub version: u32,
    /// The address as a number; 0 is none.
    pub ip: u128,
    /// The TCP port.
    pub port: u16,
    /// 4 or 6.
    pub ip_type: u8,
    /// 4, by custom.
    pub protocol: u8,
    /// Free.
    pub placeholder1: u8,
    /// Free.
    pub placeholder2: u8,
}

/// Where a neuron's metrics are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct PrometheusInfo {
    /// The block in which it was said.
    pub block: u64,
    /// The version that the neuron gives itself.
    pub version: u32,
    /// The address as a number.
    pub ip: u128,
    /// The TCP port.
    pub port: u16,
    /// 4 or 6.
    pub ip_type: u8,
}

/// A neuron's certificate: a byte that names the algorithm and up to 64 bytes of key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct NeuronCertificate {
    /// The public key.
    pub public_key: BoundedVec<u8, ConstU32<64>>,
    /// Which algorithm.
    pub algorithm: u8,
}

/// What a coldkey says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ChainIdentityV2 {
    /// A name.
    pub name: Vec<u8>,
    /// A web page.
    pub url: Vec<u8>,
    /// A repository.
    pub github_repo: Vec<u8>,
    /// A picture.
    pub image: Vec<u8>,
    /// A handle.
    pub discord: Vec<u8>,
    /// A sentence.
    pub description: Vec<u8>,
    /// Anything.
    pub additional: Vec<u8>,
}

/// What a subnet's owner says of the subnet.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SubnetIdentityV3 {
    /// A name.
    pub subnet_name: Vec<u8>,
    /// A repository.
    pub github_repo: Vec<u8>,
    /// Whom to ask.
    pub subnet_contact: Vec<u8>,
    /// A web page.
    pub subnet_url: Vec<u8>,
    /// A handle.
    pub discord: Vec<u8>,
    /// A sentence.
    pub description: Vec<u8>,
    /// A picture.
    pub logo_url: Vec<u8>,
    /// Anything.
    pub additional: Vec<u8>,
}
