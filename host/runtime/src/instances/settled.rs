//! A call that comes to its end, whoever waits for it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Runs where it is awaited; when it is dropped before its end it goes on by itself.
///
/// For resident instances: an instance whose call is broken off cannot be used again, and then anybody who hangs
/// up, or writes a short time-out into a request, would cost everybody the instance. So the call has to bring its
/// own bounds.
pub struct Settled<T: Send + 'static> {
    call: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    threads: Handle,
}

impl<T: Send + 'static> Settled<T> {
    /// Goes on on these threads.
    pub fn new(threads: &Handle, call: impl Future<Output = T> + Send + 'static) -> Settled<T> {
        Settled { call: Some(Box::pin(call)), threads: threads.clone() }
    }
}

impl<T: Send + 'static> Future for Settled<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(call) = &mut self.call else { return Poll::Pending };
        let polled = call.as_mut().poll(context);
        if polled.is_ready() {
            self.call = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Settled<T> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.threads.spawn(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_call_that_nobody_waits_for_any_more_comes_to_its_end() {
        let (told, asked) = oneshot::channel();
        let (go, wait) = oneshot::channel::<()>();
        let call = async move {
            wait.await.unwrap();
            told.send("the end").unwrap();
        };
        let settled = Settled::new(&Handle::current(), call);
        assert!(tokio::time::timeout(Duration::from_millis(1), settled).await.is_err());
        go.send(()).unwrap();
        assert_eq!(asked.await, Ok("the end"));
    }

    #[tokio::test]
    async fn a_call_that_has_ended_is_not_run_again() {
        assert_eq!(Settled::new(&Handle::current(), async { 7 }).await, 7);
    }
}
