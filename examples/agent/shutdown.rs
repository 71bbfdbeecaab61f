//! Ctrl-C (and SIGTERM), for everyone who has to stop.

use tokio::sync::watch;

/// Tells that the program is to stop. Clones are told too.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Listens for the signals. A second one ends the process at once, for who doesn't want to wait.
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

    /// Resolves when the program is to stop.
    pub(crate) async fn begun(&mut self) {
        // An error means that nobody can tell any more: time to stop as well.
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
