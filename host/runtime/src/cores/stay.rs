//! One place for the hooks of one request that follow one another at once.
//!
//! What bounds it: a place is kept to the end of the task's poll at most, and only for another guest of the same slot. A
//! request has a few hooks, each of which gives its place back when it waits or yields at an epoch. Whoever asks for a
//! guest of another slot gives the kept place back first, so nobody holds one place and waits for another.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::sync::Arc;

use super::{CorePlace, CoreShare};

thread_local! {
    /// The outer one is there while the poll of a [`stay`] runs on this thread.
    static KEPT: Cell<Option<Option<CorePlace>>> = const { Cell::new(None) };
}

/// Polls a request's task; the place that a call of its guests is done with is kept, to the end of the poll at most.
pub fn stay<F: Future>(task: F) -> impl Future<Output = F::Output> {
    let mut task = Box::pin(task);
    poll_fn(move |context| {
        let _poll = Poll { outside: KEPT.replace(Some(None)) };
        task.as_mut().poll(context)
    })
}

/// One poll. What was kept is given back at its end, also by a panic.
struct Poll {
    outside: Option<Option<CorePlace>>,
}

impl Drop for Poll {
    fn drop(&mut self) {
        drop(KEPT.replace(self.outside.take()));
    }
}

/// The kept place, if it is one of this share; any other one is given back.
pub fn kept(share: &Arc<CoreShare>) -> Option<CorePlace> {
    replace(None).filter(|place| Arc::ptr_eq(&place.0, share))
}

/// No guest is asked any more for this request: what is left is the host's work, and needs no place.
pub fn release() {
    drop(replace(None));
}

/// A call is done with its place.
pub fn keep(place: CorePlace) {
    drop(replace(Some(place)));
}

/// Keeps this instead of what was kept. Outside of a poll nothing is kept, and the place is given back.
fn replace(next: Option<CorePlace>) -> Option<CorePlace> {
    let before = KEPT.take()?;
    KEPT.set(Some(next));
    before
}
