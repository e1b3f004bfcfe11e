//! The axon's port: whether it is free, and whether callers reach it.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use soma_axon::Reserved;
use tokio::net::{TcpListener, TcpStream};

use super::finding::Finding;

const CHECK: &str = "port";
/// How long a connection to the public address may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// Who has the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The host of this configuration, which runs.
    OurHost,
    /// Nobody of ours.
    Unknown,
}

/// Tries the port, and the address that callers are told.
pub async fn check(address: SocketAddr, external: Option<SocketAddr>, holder: Holder) -> Vec<Finding> {
    let listening = match listen(address, holder).await {
        Ok(listening) => listening,
        Err(finding) => return vec![finding],
    };
    let mut findings = vec![match holder {
        Holder::OurHost => Finding::good(CHECK, format!("the host answers on {address}")),
        Holder::Unknown => Finding::good(CHECK, format!("{address} is free for `soma run`")),
    }];
    match external {
        Some(external) => findings.push(reach(external).await),
        None => findings.push(Finding::skipped(CHECK, "no external address is named, so none was tried")),
    }
    drop(listening);
    findings
}

/// Takes the port for a moment where no host of ours has it, so that there is something to reach.
async fn listen(address: SocketAddr, holder: Holder) -> Result<Option<TcpListener>, Finding> {
    if holder == Holder::OurHost {
        return match connect(loopback(address)).await {
            Ok(()) => Ok(None),
            Err(reason) => Err(Finding::wrong(
                CHECK,
                format!("the host runs and nothing answers on {address}: {reason}"),
                "it may still be loading its plugins; if not, its log says what it waits for",
            )),
        };
    }
    // As `soma run` does it.
    if let Err(error) = Reserved::take(address) {
        return Err(Finding::from_error(CHECK, &error));
    }
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) => Err(taken(address, &error)),
    }
}

fn taken(address: SocketAddr, error: &std::io::Error) -> Finding {
    let port = address.port();
    let next = port.checked_add(1).unwrap_or(8091);
    let says = match error.kind() {
        ErrorKind::AddrInUse => format!("another program listens on port {port}: `soma run` could not serve"),
        _ => format!("{address} cannot be listened on: {error}"),
    };
    let mend = format!("find the program with `ss -ltnp`, or take another port: --axon.port {next}");
    Finding::wrong(CHECK, says, mend)
}

async fn reach(external: SocketAddr) -> Finding {
    if matches!(external.ip(), IpAddr::V4(ip) if ip.is_private()) {
        return Finding::remark(
            CHECK,
            format!("{external} is an address of a private network: callers outside of it do not reach it"),
            "name the router's public address: --axon.external_ip ADDRESS",
        );
    }
    match connect(external).await {
        Ok(()) => Finding::good(CHECK, format!("{external} is reached from here")),
        Err(reason) => Finding::remark(
            CHECK,
            format!("{external} is not reached from here: {reason}"),
            format!(
                "let TCP port {} in at the firewall and forward it at the router; some routers lead nobody from the inside \
                 back in, so try it from another machine too: nc -vz {} {}",
                external.port(),
                external.ip(),
                external.port()
            ),
        ),
    }
}

async fn connect(address: SocketAddr) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer in {} s: a firewall drops it", PATIENCE.as_secs())),
    }
}

/// Where this machine reaches a port of its own.
fn loopback(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    async fn some_listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn a_port_in_use_is_found_with_another_port_to_take() {
        let (_listener, address) = some_listener().await;
        let findings = check(address, None, Holder::Unknown).await;
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].verdict, Verdict::Wrong);
        assert!(findings[0].mend.as_ref().is_some_and(|mend| mend.contains("--axon.port")), "{findings:?}");
    }

    #[tokio::test]
    async fn a_free_port_is_tried_through_its_external_address() {
        let (listener, address) = some_listener().await;
        drop(listener);
        let findings = check(address, Some(address), Holder::Unknown).await;
        assert!(findings.iter().all(|finding| finding.verdict == Verdict::Good), "{findings:?}");
        assert_eq!(findings.len(), 2);
    }

    #[tokio::test]
    async fn an_external_address_that_leads_nowhere_is_told() {
        let ((listener, address), (gone, nowhere)) = (some_listener().await, some_listener().await);
        drop((listener, gone));
        let findings = check(address, Some(nowhere), Holder::Unknown).await;
        assert_eq!(findings[1].verdict, Verdict::Remark, "{findings:?}");
    }

    #[tokio::test]
    async fn a_private_address_is_told_without_trying_it() {
        for external in ["10.0.0.1:8091", "172.16.0.1:1", "192.168.1.2:8091"] {
            let finding = reach(external.parse().unwrap()).await;
            assert_eq!(finding.verdict, Verdict::Remark);
            assert!(finding.mend.is_some_and(|mend| mend.contains("--axon.external_ip")), "{external}");
        }
    }

    #[tokio::test]
    async fn a_host_that_does_not_listen_is_wrong_and_one_that_does_is_good() {
        let (listener, address) = some_listener().await;
        let verdict = async || check(address, None, Holder::OurHost).await[0].verdict;
        assert_eq!(verdict().await, Verdict::Good);
        drop(listener);
        assert_eq!(verdict().await, Verdict::Wrong);
    }
}
