//! Reading a body within its bounds: so many bytes for the route, not too slowly, and no more of them than all
//! requests that are not proven may hold together. What came fast is no credit for a rest that does not come.

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
/// Over how long the rate of a body is measured. What came before does not count.
const WINDOW: Duration = Duration::from_secs(8);

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
    let mut pace = Pace::new(limits);
    let mut body = pin!(body);
    loop {
        let frame = match timeout_at(pace.deadline, body.frame()).await {
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
        pace.count(data.len() as u64);
        pieces = pieces.with(data);
    }
}

/// Whether a body comes fast enough: each window has to bring what the rate says, and ends when it did.
struct Pace {
    deadline: Instant,
    window: Duration,
    /// Bytes that a window has to bring.
    quota: u64,
    /// Bytes of this window.
    came: u64,
}

impl Pace {
    fn new(limits: &Limits) -> Pace {
        let window = WINDOW.min(limits.body_time);
        let quota = u128::from(limits.body_rate) * window.as_millis() / 1000;
        Pace {
            deadline: Instant::now() + limits.body_time,
            window,
            quota: u64::try_from(quota).unwrap_or(u64::MAX).max(1),
            came: 0,
        }
    }

    fn count(&mut self, bytes: u64) {
        self.came = self.came.saturating_add(bytes);
        if self.came >= self.quota {
            // The rest of the bytes is not carried over: a burst would pay for a pause.
            self.came = 0;
            self.deadline = self.deadline.max(Instant::now() + self.window);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Gate;
    use futures_util::{StreamExt, stream};
    use http_body::Frame;
    use http_body_util::StreamBody;
    use std::convert::Infallible;

    fn limits() -> Limits {
        Limits { body_time: Duration::from_millis(400), body_rate: 10_000, ..Limits::default() }
    }

    /// Reads pieces of so many bytes, each after so many milliseconds.
    async fn outcome(pieces: Vec<(u64, usize)>) -> Result<usize, &'static str> {
        let piece = |(ms, bytes): (u64, usize)| async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b' '; bytes])))
        };
        let body = StreamBody::new(stream::iter(pieces).then(piece));
        let mut visit = Gate::new(limits()).arrive([192, 0, 2, 1].into(), None).unwrap();
        let read = read(&HeaderMap::new(), body, 1 << 20, &mut visit, &limits()).await;
        read.map(|bytes| bytes.len()).map_err(|refusal| refusal.code())
    }

    #[tokio::test]
    async fn bytes_that_came_fast_are_no_credit_for_a_pause() {
        let started = Instant::now();
        assert_eq!(outcome(vec![(0, 500_000), (2500, 1)]).await, Err(Refusal::BodyTooSlow.code()));
        assert!(started.elapsed() < Duration::from_secs(2), "it did not wait for what 500,000 bytes may take");
        let late = vec![(0, 100_000), (350, 100_000), (350, 100_000), (2500, 1)];
        assert_eq!(outcome(late).await, Err(Refusal::BodyTooSlow.code()));
    }

    #[tokio::test]
    async fn a_body_that_keeps_its_rate_is_read_and_one_below_it_is_not() {
        // 30,000 and 5,000 bytes a second.
        assert_eq!(outcome(vec![(50, 1500); 20]).await, Ok(30_000));
        assert_eq!(outcome(vec![(50, 250); 40]).await, Err(Refusal::BodyTooSlow.code()));
    }
}
