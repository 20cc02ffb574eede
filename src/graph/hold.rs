//! A hold that a person puts on all requests: nothing is sent until it is let go.

use std::sync::Arc;

use tokio::sync::watch;

/// Whether requests wait. A clone is the same hold.
#[derive(Debug, Clone)]
pub struct Hold(Arc<watch::Sender<bool>>);

impl Default for Hold {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Hold {
    pub fn set(&self, held: bool) {
        self.0.send_replace(held);
    }

    pub fn is_held(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits while it is held.
    pub async fn over(&self) {
        // This end holds a sender, so that the channel cannot close.
        self.0.subscribe().wait_for(|held| !held).await.ok();
    }
}
