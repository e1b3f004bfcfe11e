//! The btauth/1 call and its answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use soma_protocol::btauth;
use soma_wallet::Intent;

use crate::dendrite::{Dendrite, check_timeout};
use crate::error::DendriteError;
use crate::signing::RequestSigner;
use crate::transport::exchange;

/// One btauth/1 request.
#[derive(Clone, Debug)]
pub struct BtauthRequest {
    /// Where to: `http://host:port/path?query`. Path and query are signed as they are sent.
    pub url: String,
    /// The method, which is signed.
    pub method: Method,
    /// The raw body, whose SHA-256 is signed.
    pub body: Bytes,
    /// The `content-type` header, `None` for no header.
    pub content_type: Option<HeaderValue>,
    /// The ss58 address that the request is bound to. Most servers refuse requests that are bound to nobody.
    pub receiver: Option<String>,
    /// How long signing, sending and reading together may take. More than zero.
    pub timeout: Duration,
}

/// What a server answered. Nothing of it is signed.
#[derive(Clone, Debug)]
pub struct BtauthAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    /// From the start of sending to the last byte read; signing is not in it.
    pub elapsed: Duration,
}

impl<S: RequestSigner> Dendrite<S> {
    /// Signs `request`, sends it and reads the answer.
    ///
    /// # Errors
    /// [`DendriteError::Url`] and [`DendriteError::TlsUnsupported`] for addresses that cannot be asked, else those of
    /// signing and of the exchange. An answer that says no is not an error.
    pub async fn btauth(&self, request: BtauthRequest) -> Result<BtauthAnswer, DendriteError> {
        check_timeout(request.timeout)?;
        let place = Place::parse(&request.url)?;
        let nonce = self.next_nonce();
        let signature = self
            .signer
            .sign(Intent::Btauth {
                method: request.method.as_str().to_owned(),
                target: place.target,
                body_sha256: btauth::body_sha256(&request.body),
                nonce,
                receiver: request.receiver.clone(),
            })
            .await?;
        let crypto = self.signer.crypto();
        let mut headers = btauth::headers(crypto, nonce, self.hotkey(), request.receiver.as_deref(), &signature);
        if let Some(kind) = request.content_type {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        let sent = self.http.request(request.method, place.url).headers(headers).body(request.body);
        let exchanged = exchange(sent, &place.at, request.timeout, self.answer_limit).await?;
        Ok(BtauthAnswer {
            status: exchanged.status.as_u16(),
            headers: exchanged.headers,
            body: exchanged.body,
            elapsed: exchanged.elapsed,
        })
    }
}

/// An address that can be asked, with its request target exactly as it will be sent.
#[derive(Debug)]
struct Place {
    url: reqwest::Url,
    target: String,
    at: String,
}

impl Place {
    fn parse(text: &str) -> Result<Self, DendriteError> {
        let refused = |reason: &str| DendriteError::Url { url: text.to_owned(), reason: reason.to_owned() };
        let url: reqwest::Url = text.parse().map_err(|_| refused("it does not parse"))?;
        match url.scheme() {
            "http" => {}
            "https" => return Err(DendriteError::TlsUnsupported { url: text.to_owned() }),
            _ => return Err(refused("the scheme is not http")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            // They would become an authorization header that nobody asked for.
            return Err(refused("it holds a user name or a password"));
        }
        // The client sends what `Uri` makes of the normalised address: signing anything else would not verify.
        let uri: Uri = url.as_str().parse().map_err(|_| refused("it has characters that HTTP does not take"))?;
        let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
        let at = format!("{}{}", uri.authority().map_or("", http::uri::Authority::as_str), uri.path());
        Ok(Self { url, target, at })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn signs_the_target_as_it_is_sent() {
        for (url, target) in [
            ("http://127.0.0.1:1", "/"),
            ("http://127.0.0.1:1/a/../b", "/b"),
            ("http://127.0.0.1:1/a?b=c&d", "/a?b=c&d"),
            ("http://127.0.0.1:1/a?", "/a?"),
            ("http://127.0.0.1:1/ä ö?q=ü#part", "/%C3%A4%20%C3%B6?q=%C3%BC"),
            ("http://127.0.0.1:1/%61", "/%61"),
        ] {
            assert_eq!(Place::parse(url).unwrap().target, target, "{url}");
        }
    }

    #[test]
    fn refuses_addresses_that_cannot_be_asked() {
        for url in ["", "/Echo", "ftp://127.0.0.1/", "http://", "http://name:word@127.0.0.1/", "unix:/x"] {
            let refused = Place::parse(url);
            assert!(matches!(refused, Err(DendriteError::Url { .. })), "{url}: {refused:?}");
        }
    }

    #[test]
    fn says_that_tls_is_not_spoken() {
        assert!(matches!(Place::parse("https://127.0.0.1/"), Err(DendriteError::TlsUnsupported { .. })));
    }

    proptest! {
        #[test]
        fn no_address_panics_and_targets_hold_no_line_break(text in "(http://[a-z]{1,5}(:[0-9]{1,5})?)?\\PC{0,40}[\r\n\t]?\\PC{0,5}") {
            if let Ok(place) = Place::parse(&text) {
                prop_assert!(place.target.starts_with('/'));
                prop_assert!(place.target.bytes().all(|byte| byte > b' '));
            }
        }
    }
}
