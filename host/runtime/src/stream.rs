//! An answer in pieces, as the server takes it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::capability::Piece;
use crate::engine::GuestTask;
use crate::error::CallError;
use crate::serving::stopping;

/// A streamed answer from its first piece on.
pub struct StreamedReply {
    /// The first piece; none when the plugin returned without having written.
    pub first: Option<Bytes>,
    /// The pieces after it.
    pub rest: Chunks,
    /// What the priority hook said; none when no hook was asked.
    pub priority: Option<f64>,
}

/// The pieces of an answer, none of them empty, until its end or an error, which is the last item.
///
/// After an error the answer is not whole: a server has to break the connection off. Dropping this ends the
/// guest's call.
pub struct Chunks {
    pieces: mpsc::UnboundedReceiver<Piece>,
    /// None after its end.
    call: Option<GuestTask<Result<(), CallError>>>,
}

impl Chunks {
    pub(crate) fn new(pieces: mpsc::UnboundedReceiver<Piece>, call: GuestTask<Result<(), CallError>>) -> Chunks {
        Chunks { pieces, call: Some(call) }
    }

    /// The next piece; none after the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, CallError>> {
        StreamExt::next(self).await
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The pieces end when the guest's store is gone; only then the call has its result.
        if let Some(piece) = ready!(self.pieces.poll_recv(context)) {
            return Poll::Ready(Some(Ok(piece.bytes)));
        }
        let Some(call) = self.call.as_mut() else { return Poll::Ready(None) };
        let ended = ready!(Pin::new(call).poll(context)).unwrap_or_else(|| Err(stopping()));
        self.call = None;
        Poll::Ready(ended.err().map(Err))
    }
}
