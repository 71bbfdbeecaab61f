//! Shutdown on Ctrl-C and SIGTERM.

use tokio::sync::watch;

/// A handle that is notified when the program must stop, as are its clones.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Listens for the signals. A second signal ends the process immediately.
    pub(crate) fn on_signal() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            signal().await;
            sender.send_replace(true);
            signal().await;
            std::process::exit(130);
        });
        Self(receiver)
    }

    /// Completes when the program must stop.
    pub(crate) async fn begun(&mut self) {
        // An error means that no signal can arrive any more: stop as well.
        let _ = self.0.wait_for(|&begun| begun).await;
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}
