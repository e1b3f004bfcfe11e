//! The body of an answer: whole, or in pieces as a plugin makes them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use soma_runtime::{CallError, Chunks, StreamedReply};
use thiserror::Error;

use crate::gate::Link;
use crate::record::{Recorder, Stage};
use crate::refusal::Refusal;

/// An answer on its way to the socket.
pub(crate) type Reply = Response<ReplyBody>;

/// A stream broke off. The connection is then broken off as well, so that nobody takes half an answer for a whole one.
#[derive(Debug, Error)]
#[error("the stream broke off")]
pub(crate) struct BrokenOff;

/// The bytes of an answer. While it is there its connection is busy.
pub(crate) struct ReplyBody {
    content: Content,
    busy: Option<Busy>,
}

enum Content {
    /// None when it was taken.
    Whole(Option<Bytes>),
    Pieces(Box<Pieces>),
}

struct Pieces {
    first: Option<Bytes>,
    rest: Chunks,
    status: u16,
    broken: bool,
    /// None after the end. Dropped before, it says that the caller hung up.
    recorder: Option<Recorder>,
}

/// A connection whose answer is not handed out yet.
pub(crate) struct Busy(pub Arc<Link>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A whole answer.
pub(crate) fn whole(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Reply {
    respond(status, headers, Content::Whole(Some(body.into())))
}

/// An answer in pieces. The recorder is finished with the last of them.
pub(crate) fn pieces(status: StatusCode, headers: HeaderMap, reply: StreamedReply, recorder: Recorder) -> Reply {
    let StreamedReply { first, rest, .. } = reply;
    let pieces = Pieces { first, rest, status: status.as_u16(), broken: false, recorder: Some(recorder) };
    respond(status, headers, Content::Pieces(Box::new(pieces)))
}

fn respond(status: StatusCode, headers: HeaderMap, content: Content) -> Reply {
    let mut response = Response::new(ReplyBody { content, busy: None });
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

impl ReplyBody {
    /// Keeps the connection busy until this is handed out.
    pub fn occupy(&mut self, busy: Busy) {
        self.busy = Some(busy);
    }

    /// Bytes of a whole answer.
    pub fn len(&self) -> u64 {
        match &self.content {
            Content::Whole(Some(bytes)) => bytes.len() as u64,
            _ => 0,
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Content::Pieces(pieces) => pieces.poll_next(context).map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Content::Pieces(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(_) => SizeHint::with_exact(self.len()),
            Content::Pieces(_) => SizeHint::default(),
        }
    }
}

impl Pieces {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if std::mem::take(&mut self.broken) {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        if self.recorder.is_none() {
            return Poll::Ready(None);
        }
        let piece = match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => ready!(Pin::new(&mut self.rest).poll_next(context)),
        };
        match piece {
            Some(Ok(piece)) => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.note(|record| record.bytes_out += piece.len() as u64);
                }
                Poll::Ready(Some(Ok(piece)))
            }
            Some(Err(error)) => {
                self.finish(Some(error));
                // What was handed out before is still in hyper's buffer, and an error now would lose it, the head
                // included. Waiting once lets it go out first.
                self.broken = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => {
                self.finish(None);
                Poll::Ready(None)
            }
        }
    }

    fn finish(&mut self, error: Option<CallError>) {
        let Some(mut recorder) = self.recorder.take() else { return };
        recorder.lap(Stage::Reply);
        recorder.answered(self.status);
        if let Some(error) = error {
            recorder.refused(&Refusal::Call(error));
            // The status was sent with the first piece.
            recorder.note(|record| record.status = self.status);
        }
        recorder.finish();
    }
}
