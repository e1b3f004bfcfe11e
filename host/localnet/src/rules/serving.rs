//! Saying where a neuron's server and its metrics are.

use frame_support::pallet_prelude::*;
use sp_core::crypto::AccountId32;

use super::Rules;
use crate::pallet::{Axons, Config, Error, Event, NeuronCertificates, Pallet, Prometheus, ServingRateLimit};
use crate::types::{AxonInfo, NeuronCertificate, PrometheusInfo};

const LOOPBACK_V4: u128 = 0x7f00_0001;
const LOOPBACK_V6: u128 = 1;
const BROADCAST_V4: u128 = 0xffff_ffff;

/// An address as a call brings it.
pub(crate) struct Endpoint {
    /// As a number.
    pub(crate) ip: u128,
    /// TCP.
    pub(crate) port: u16,
    /// 4 or 6.
    pub(crate) ip_type: u8,
}

impl<T: Config> Rules<T> {
    pub(crate) fn serve_axon(
        hotkey: &AccountId32,
        netuid: u16,
        mut axon: AxonInfo,
        certificate: Option<Vec<u8>>,
    ) -> Result<(), Error<T>> {
        Self::check_axon(hotkey, netuid, &axon)?;
        axon.block = Self::block();
        if let Some(certificate) = certificate.and_then(certificate_of) {
            NeuronCertificates::<T>::insert(netuid, hotkey, certificate);
        }
        Axons::<T>::insert(netuid, hotkey, axon);
        Pallet::<T>::deposit_event(Event::AxonServed(netuid, hotkey.clone()));
        Ok(())
    }

    pub(crate) fn serve_prometheus(
        hotkey: &AccountId32,
        netuid: u16,
        version: u32,
        endpoint: Endpoint,
    ) -> Result<(), Error<T>> {
        Self::check_prometheus(hotkey, netuid, &endpoint)?;
        let Endpoint { ip, port, ip_type } = endpoint;
        Prometheus::<T>::insert(netuid, hotkey, PrometheusInfo { block: Self::block(), version, ip, port, ip_type });
        Pallet::<T>::deposit_event(Event::PrometheusServed(netuid, hotkey.clone()));
        Ok(())
    }

    pub(crate) fn check_axon(hotkey: &AccountId32, netuid: u16, axon: &AxonInfo) -> Result<(), Error<T>> {
        let last = Axons::<T>::get(netuid, hotkey).map(|axon| axon.block);
        Self::check_endpoint(hotkey, netuid, &Endpoint { ip: axon.ip, port: axon.port, ip_type: axon.ip_type }, last)
    }

    /// Metrics need an address: none is refused, which it is not for a server.
    pub(crate) fn check_prometheus(hotkey: &AccountId32, netuid: u16, endpoint: &Endpoint) -> Result<(), Error<T>> {
        let last = Prometheus::<T>::get(netuid, hotkey).map(|info| info.block);
        Self::check_endpoint(hotkey, netuid, endpoint, last)?;
        match endpoint.ip {
            0 => Err(Error::InvalidIpAddress),
            _ => Ok(()),
        }
    }

    fn check_endpoint(
        hotkey: &AccountId32,
        netuid: u16,
        endpoint: &Endpoint,
        last: Option<u64>,
    ) -> Result<(), Error<T>> {
        Self::check_subnet(netuid)?;
        if Self::uid(netuid, hotkey).is_none() {
            return Err(Error::HotKeyNotRegisteredInNetwork);
        }
        if !matches!(endpoint.ip_type, 4 | 6) {
            return Err(Error::InvalidIpType);
        }
        let refused = match endpoint.ip_type {
            4 => endpoint.ip >= BROADCAST_V4 || endpoint.ip == LOOPBACK_V4,
            _ => endpoint.ip == u128::MAX || endpoint.ip == LOOPBACK_V6,
        };
        if refused {
            return Err(Error::InvalidIpAddress);
        }
        let pause = ServingRateLimit::<T>::get(netuid);
        if last.is_some_and(|last| pause > 0 && Self::block().saturating_sub(last) < pause) {
            return Err(Error::ServingRateLimitExceeded);
        }
        match endpoint.port {
            0 => Err(Error::InvalidPort),
            _ => Ok(()),
        }
    }
}

/// A certificate that is not one is passed over in silence, as subtensor does.
fn certificate_of(bytes: Vec<u8>) -> Option<NeuronCertificate> {
    let (algorithm, key) = bytes.split_first()?;
    let public_key = BoundedVec::try_from(key.to_vec()).ok()?;
    (!public_key.is_empty()).then_some(NeuronCertificate { public_key, algorithm: *algorithm })
}
