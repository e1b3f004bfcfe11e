//! Reading a body within its bounds: so many bytes for the route, not too slowly, and no more of them than all
//! requests that are not proven may hold together.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use crate::gate::{Limits, Visit};
use crate::refusal::Refusal;

/// Reads a body of at most `limit` bytes. Its bytes are held by the visit, until its signature was verified.
pub(crate) async fn read<B: Body<Data = Bytes>>(
    headers: &HeaderMap,
    body: B,
    limit: u64,
    visit: &mut Visit,
    limits: &Limits,
) -> Result<Bytes, Refusal> {
    let announced = headers.get(http::header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Refusal::BodyTooLarge { limit });
    }
    let mut pieces = Pieces::None;
    let started = Instant::now();
    let mut body = pin!(body);
    loop {
        let pace = pieces.len() / u64::from(limits.body_rate.max(1));
        let deadline = started + limits.body_time + Duration::from_secs(pace);
        let frame = match timeout_at(deadline, body.frame()).await {
            Err(_) => return Err(Refusal::BodyTooSlow),
            Ok(None) => return Ok(pieces.into_bytes()),
            Ok(Some(Err(_))) => return Err(Refusal::BodyBroken),
            Ok(Some(Ok(frame))) => frame,
        };
        // Trailers are passed over: nothing of either protocol is in them.
        let Ok(data) = frame.into_data() else { continue };
        if pieces.len().saturating_add(data.len() as u64) > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        if !visit.hold(data.len()) {
            return Err(Refusal::Crowded);
        }
        pieces = pieces.with(data);
    }
}

/// What has come so far. Most bodies come in one piece, which is not copied.
enum Pieces {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Pieces {
    fn len(&self) -> u64 {
        match self {
            Pieces::None => 0,
            Pieces::One(bytes) => bytes.len() as u64,
            Pieces::Many(bytes) => bytes.len() as u64,
        }
    }

    fn with(self, data: Bytes) -> Pieces {
        let mut many = match self {
            Pieces::None => return Pieces::One(data),
            Pieces::One(first) => BytesMut::from(&*first),
            Pieces::Many(many) => many,
        };
        many.extend_from_slice(&data);
        Pieces::Many(many)
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Pieces::None => Bytes::new(),
            Pieces::One(bytes) => bytes,
            Pieces::Many(bytes) => bytes.freeze(),
        }
    }
}
