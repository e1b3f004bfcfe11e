//! An endpoint in front of another one that can be shut, as a machine that goes down.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes bytes on until it is shut.
pub struct Gate {
    url: String,
    shut: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// Opens one before a `ws://` URL.
    pub async fn before(url: &str) -> Self {
        let behind = url.trim_start_matches("ws://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let shut = Arc::new(watch::Sender::new(false));
        let mut closing = shut.subscribe();
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted.unwrap().0,
                    _ = closing.wait_for(|shut| *shut) => return,
                };
                let (behind, mut closing) = (behind.clone(), closing.clone());
                tokio::spawn(async move {
                    let mut there = TcpStream::connect(behind).await.unwrap();
                    let mut here = stream;
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut here, &mut there) => {}
                        _ = closing.wait_for(|shut| *shut) => {}
                    }
                });
            }
        });
        Self { url, shut }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends every connection and takes no more.
    pub fn shut(&self) {
        self.shut.send_replace(true);
    }
}
