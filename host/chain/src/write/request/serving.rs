//! Publishing addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use scale_decode::DecodeAsType;
use soma_protocol::ss58::PublicKey;
use soma_wallet::signer::HotkeyCall;
use soma_wallet::signer::extrinsic::LONGEST_CERTIFICATE;

use super::{Step, registered, rested};
use crate::at::{At, PALLET};
use crate::axon::Axon;
use crate::write::call::Call;
use crate::write::error::WriteError;
use crate::write::preflight::Preflight;

/// The version that version 11 of the Python SDK writes.
const VERSION: u32 = 1;

/// The protocol number that both SDKs write.
const PROTOCOL: u8 = 4;

/// The axon's address, for the chain to tell everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeAxon {
    /// The subnet.
    pub netuid: u16,
    /// Where others reach the axon.
    pub address: SocketAddr,
    /// A number of the publisher's choice; 1 as in version 11 of the Python SDK. 0 means withdrawn.
    pub version: u32,
    /// A number of the publisher's choice; 4 as in the Python SDKs.
    pub protocol: u8,
    /// One byte for the algorithm, then 1 to 64 bytes of public key: published too (`serve_axon_tls`).
    pub certificate: Option<Vec<u8>>,
}

impl ServeAxon {
    /// An address without a certificate.
    #[must_use]
    pub fn new(netuid: u16, address: SocketAddr) -> Self {
        Self { netuid, address, version: VERSION, protocol: PROTOCOL, certificate: None }
    }

    pub(super) async fn draft(&self, at: &At, hotkey: &PublicKey) -> Result<Step, WriteError> {
        let netuid = self.netuid;
        let (ip, port, ip_type) = checked(self.address)?;
        check_certificate(self.certificate.as_deref())?;
        registered(at, netuid, hotkey).await?;
        let wanted =
            Axon { block: 0, version: self.version, ip, port, ip_type, protocol: self.protocol, ..Axon::default() };
        let published = at.axon(netuid, hotkey).await?;
        let known = published.is_some_and(|axon| Axon { block: 0, ..axon } == wanted);
        if known && self.certificate_is_known(at, hotkey).await? {
            return Ok(Step::Unneeded(format!("the chain has {} for this axon already", self.address)));
        }
        if let Some(axon) = published.filter(|axon| axon.block > 0) {
            rested("the axon's address", at, netuid, axon.block, at.serving_rate_limit(netuid).await?)?;
        }
        Ok(Step::Send(Call::from(serve(netuid, &wanted, self.certificate.clone())).into()))
    }

    /// Whether the chain has the certificate, or none is to be published.
    async fn certificate_is_known(&self, at: &At, hotkey: &PublicKey) -> Result<bool, WriteError> {
        const ENTRY: &str = "NeuronCertificates";
        let Some(wanted) = &self.certificate else { return Ok(true) };
        if !at.has_storage(PALLET, ENTRY) {
            return Ok(false);
        }
        let kept: Option<Certificate> = at.storage(PALLET, ENTRY, (self.netuid, hotkey.0)).await?;
        Ok(kept.is_some_and(|kept| wanted.split_first() == Some((&kept.algorithm, &kept.public_key))))
    }
}

/// What the chain keeps of a certificate.
#[derive(DecodeAsType)]
struct Certificate {
    public_key: Vec<u8>,
    algorithm: u8,
}

/// The chain passes over a certificate of another form in silence.
fn check_certificate(certificate: Option<&[u8]>) -> Result<(), Preflight> {
    match certificate.map(<[u8]>::len) {
        None | Some(2..=LONGEST_CERTIFICATE) => Ok(()),
        Some(length) => Err(Preflight::Certificate { length }),
    }
}

fn serve(netuid: u16, axon: &Axon, certificate: Option<Vec<u8>>) -> HotkeyCall {
    let Axon { version, ip, port, ip_type, protocol, placeholder1, placeholder2, .. } = *axon;
    match certificate {
        None => HotkeyCall::ServeAxon { netuid, version, ip, port, ip_type, protocol, placeholder1, placeholder2 },
        Some(certificate) => HotkeyCall::ServeAxonTls {
            netuid,
            version,
            ip,
            port,
            ip_type,
            protocol,
            placeholder1,
            placeholder2,
            certificate,
        },
    }
}

/// Takes an address back, in the form that version 11 of the Python SDK gives it.
pub(super) async fn reset(at: &At, hotkey: &PublicKey, netuid: u16) -> Result<Step, WriteError> {
    registered(at, netuid, hotkey).await?;
    let Some(axon) = at.axon(netuid, hotkey).await?.filter(|axon| axon.ip != 0) else {
        return Ok(Step::Unneeded("no address of this axon is published".to_owned()));
    };
    rested("the axon's address", at, netuid, axon.block, at.serving_rate_limit(netuid).await?)?;
    let nothing = Axon { port: 1, ip_type: 4, protocol: PROTOCOL, ..Axon::default() };
    Ok(Step::Send(Call::from(serve(netuid, &nothing, None)).into()))
}

/// The address of the metrics, for the chain to tell everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServePrometheus {
    /// The subnet.
    pub netuid: u16,
    /// Where others reach the metrics.
    pub address: SocketAddr,
    /// A number of the publisher's choice; 1 as in version 11 of the Python SDK.
    pub version: u32,
}

/// What the chain keeps of it.
#[derive(DecodeAsType)]
struct Prometheus {
    block: u64,
    version: u32,
    ip: u128,
    port: u16,
    ip_type: u8,
}

impl ServePrometheus {
    /// An address.
    #[must_use]
    pub fn new(netuid: u16, address: SocketAddr) -> Self {
        Self { netuid, address, version: VERSION }
    }

    pub(super) async fn draft(&self, at: &At, hotkey: &PublicKey) -> Result<Step, WriteError> {
        let Self { netuid, version, .. } = *self;
        let (ip, port, ip_type) = checked(self.address)?;
        registered(at, netuid, hotkey).await?;
        let published: Option<Prometheus> = at.storage(PALLET, "Prometheus", (netuid, hotkey.0)).await?;
        if let Some(published) = published.filter(|published| published.block > 0) {
            let known = (published.version, published.ip, published.port, published.ip_type);
            if known == (version, ip, port, ip_type) {
                return Ok(Step::Unneeded(format!("the chain has {} for these metrics already", self.address)));
            }
            rested("the address of the metrics", at, netuid, published.block, at.serving_rate_limit(netuid).await?)?;
        }
        Ok(Step::Send(Call::from(HotkeyCall::ServePrometheus { netuid, version, ip, port, ip_type }).into()))
    }
}

/// An address as the chain takes it: a number, the port, and 4 or 6.
fn checked(address: SocketAddr) -> Result<(u128, u16, u8), Preflight> {
    // `::ffff:1.2.3.4` is the IPv4 address in another dress, and callers dial what they read.
    let ip = address.ip().to_canonical();
    let refused = |reason| Err(Preflight::Address { address: ip, reason });
    match ip {
        ip if ip.is_unspecified() => refused("it stands for every address of a machine and can be dialled by nobody"),
        IpAddr::V4(Ipv4Addr::LOCALHOST) => refused("the chain takes no loopback address"),
        IpAddr::V6(ip) if ip.is_loopback() => refused("the chain takes no loopback address"),
        IpAddr::V4(Ipv4Addr::BROADCAST) => refused("the chain does not take the broadcast address"),
        IpAddr::V6(ip) if ip.to_bits() == u128::MAX => refused("the chain does not take the address of all ones"),
        _ if address.port() == 0 => Err(Preflight::Port),
        IpAddr::V4(ip) => Ok((ip.to_bits().into(), address.port(), 4)),
        IpAddr::V6(ip) => Ok((ip.to_bits(), address.port(), 6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_or_refused_as_the_chain_does() {
        let taken = [
            ("127.0.0.2:8091", 0x7f00_0002, 4),
            ("255.255.255.254:1", 0xffff_fffe, 4),
            ("10.0.0.1:65535", 0x0a00_0001, 4),
            ("[::ffff:10.0.0.1]:1", 0x0a00_0001, 4),
            ("[::2]:1", 2, 6),
        ];
        for (text, ip, ip_type) in taken {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(checked(address), Ok((ip, address.port(), ip_type)), "{text}");
        }
        for text in [
            "127.0.0.1:8091",
            "[::1]:8091",
            "[::ffff:127.0.0.1]:8091",
            "255.255.255.255:1",
            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1",
            "0.0.0.0:1",
            "[::]:1",
        ] {
            assert!(matches!(checked(text.parse().unwrap()), Err(Preflight::Address { .. })), "{text}");
        }
        assert_eq!(checked("10.0.0.1:0".parse().unwrap()), Err(Preflight::Port));
    }

    #[test]
    fn a_certificate_has_an_algorithm_and_a_key() {
        for (length, taken) in [(0, false), (1, false), (2, true), (65, true), (66, false)] {
            assert_eq!(check_certificate(Some(&vec![1; length])).is_ok(), taken, "{length}");
        }
        assert!(check_certificate(None).is_ok());
    }
}
