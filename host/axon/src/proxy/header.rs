//! The PROXY header at the beginning of a connection, versions 1 and 2.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use proxy_header::{Error, ParseConfig, ProxyHeader};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Most bytes of a header. Version 1 has 107 at most; version 2 with all that cloud providers add stays far below.
const LONGEST: usize = 4096;
/// What they add is not needed.
const PARSE: ParseConfig = ParseConfig { include_tlvs: false, allow_v1: true, allow_v2: true };

/// What came before the requests.
#[derive(Debug)]
pub(crate) struct Announced {
    /// Who is at the other end of the proxy; none when the proxy speaks for itself, as in a health check.
    pub caller: Option<SocketAddr>,
    /// Bytes of the first request that were read with the header.
    pub rest: Bytes,
}

/// Reads the header. None when the connection begins in another way or ends before.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Announced> {
    let mut bytes = BytesMut::with_capacity(LONGEST);
    loop {
        match ProxyHeader::parse(&bytes, PARSE) {
            Ok((header, length)) => {
                let caller = header.proxied_address().map(|address| address.source);
                let rest = bytes.split_off(length.min(bytes.len())).freeze();
                return Some(Announced { caller, rest });
            }
            Err(Error::BufferTooShort) if bytes.len() < LONGEST => {}
            Err(_) => return None,
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    /// Version 2, TCP over IPv4, from 203.0.113.9:4711.
    const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\x0a\0\0\x01\x12\x67\x1f\x9b";

    /// Sends the bytes in pieces of this size.
    fn read_pieces(bytes: &[u8], size: usize) -> Option<(Option<String>, Vec<u8>)> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut ours, theirs) = tokio::io::duplex(size);
            let bytes = bytes.to_vec();
            let sending = tokio::spawn(async move {
                let mut theirs = theirs;
                let _ = theirs.write_all(&bytes).await;
            });
            let announced = read(&mut ours).await;
            drop(ours);
            sending.await.unwrap();
            announced.map(|announced| (announced.caller.map(|caller| caller.to_string()), announced.rest.to_vec()))
        })
    }

    #[test]
    fn both_versions_are_read_and_the_first_request_is_not_lost() {
        let v1 = b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 8091\r\n".as_slice();
        let caller = Some("203.0.113.9:4711".to_owned());
        for header in [v1, V2] {
            let sent = [header, b"POST / HTTP/1.1\r\n"].concat();
            assert_eq!(read_pieces(&sent, 4096), Some((caller.clone(), b"POST / HTTP/1.1\r\n".to_vec())));
            let (slow, _) = read_pieces(&sent, 1).unwrap();
            assert_eq!(slow, caller, "byte by byte");
        }
        let v6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n";
        assert_eq!(read_pieces(v6, 4096).unwrap().0.unwrap(), "[2001:db8::7]:1");
        assert_eq!(read_pieces(b"PROXY UNKNOWN\r\n", 4096), Some((None, Vec::new())));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let long = [b"PROXY TCP4 ".as_slice(), &[b'1'; 9000]].concat();
        let table: [&[u8]; 6] = [
            b"POST / HTTP/1.1\r\n\r\n",
            b"PROXY",
            b"",
            b"PROXY TCP4 999.0.113.9 10.0.0.1 4711 8091\r\n",
            &long,
            V2.get(..20).unwrap(),
        ];
        for bytes in table {
            assert_eq!(read_pieces(bytes, 4096), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..28, v2: bool) {
            let _ = read_pieces(&bytes, 4096);
            let _ = read_pieces(&[b"PROXY TCP4 ".as_slice(), &bytes].concat(), 4096);
            if v2 {
                let _ = read_pieces(&[&V2[..cut], &bytes].concat(), 4096);
            }
        }
    }
}
