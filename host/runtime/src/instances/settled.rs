//! A call that comes to its end, whoever waits for it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Runs where it is awaited; when it is dropped before its end it goes on by itself.
///
/// For resident instances: an instance whose call is broken off cannot be used again, and then anybody who hangs
/// up, or writes a short time-out into a request, would cost everybody the instance. So the call has to bring its
/// own bounds, and somebody who judges it when nobody waits for it.
pub struct Settled<T: Send + 'static> {
    call: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    /// What is told when it goes on by itself.
    left: Option<Left<T>>,
    threads: Handle,
}

/// Called when a call goes on by itself; what it returns is called with the call's end.
pub type Left<T> = Box<dyn FnOnce() -> Box<dyn FnOnce(T) + Send> + Send>;

impl<T: Send + 'static> Settled<T> {
    /// Goes on on these threads.
    pub fn new(threads: &Handle, call: impl Future<Output = T> + Send + 'static, left: Left<T>) -> Settled<T> {
        Settled { call: Some(Box::pin(call)), left: Some(left), threads: threads.clone() }
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
        if let (Some(call), Some(left)) = (self.call.take(), self.left.take()) {
            let judge = left();
            self.threads.spawn(async move { judge(call.await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_call_that_nobody_waits_for_any_more_comes_to_its_end_and_is_judged() {
        let (tell, told) = oneshot::channel();
        let (go, wait) = oneshot::channel::<()>();
        let call = async move {
            wait.await.unwrap();
            "the end"
        };
        let left = Box::new(|| Box::new(|end| tell.send(end).unwrap()) as Box<dyn FnOnce(_) + Send>);
        let settled = Settled::new(&Handle::current(), call, left);
        assert!(tokio::time::timeout(Duration::from_millis(1), settled).await.is_err());
        go.send(()).unwrap();
        assert_eq!(told.await, Ok("the end"));
    }

    #[tokio::test]
    async fn a_call_that_has_ended_is_neither_run_nor_judged_again() {
        let left = Box::new(|| panic!("it was not left"));
        assert_eq!(Settled::new(&Handle::current(), async { 7 }, left).await, 7);
    }
}
