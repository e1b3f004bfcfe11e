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

/// Most bytes of a refused request's body that are read and thrown away, so that its connection can go on.
const DRAINED: u64 = 256 << 10;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// What became of the body of a request.
pub(crate) enum Sent<B> {
    /// Nobody asked for it yet.
    Unread(B),
    /// It was read to its end.
    Whole,
    /// Its rest is still on its way.
    Broken,
}

impl<B: Body<Data = Bytes> + Unpin> Sent<B> {
    /// Reads a body of at most `limit` bytes. Its bytes are held by the visit, until its signature was verified.
    pub async fn read(
        &mut self,
        headers: &HeaderMap,
        limit: u64,
        visit: &mut Visit,
        limits: &Limits,
    ) -> Result<Bytes, Refusal> {
        let Sent::Unread(body) = std::mem::replace(self, Sent::Broken) else { return Err(Refusal::BodyBroken) };
        let bytes = read(headers, body, limit, visit, limits).await?;
        *self = Sent::Whole;
        Ok(bytes)
    }

    /// Reads what nobody asked for, within bounds. False: the connection cannot go on, and its client has to be told
    /// so, or it sends its next request into a closed one.
    pub async fn settle(self) -> bool {
        match self {
            Sent::Whole => true,
            Sent::Broken => false,
            Sent::Unread(body) if body.is_end_stream() => true,
            Sent::Unread(body) if body.size_hint().lower() > DRAINED => false,
            Sent::Unread(body) => tokio::time::timeout(DRAIN_TIME, drain(body)).await.unwrap_or(false),
        }
    }
}

async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B) -> bool {
    let mut drained = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        drained += frame.data_ref().map_or(0, |data| data.len() as u64);
        if drained > DRAINED {
            return false;
        }
    }
    true
}

async fn read<B: Body<Data = Bytes>>(
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
