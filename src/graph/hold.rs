//! A hold that a person puts on all requests: nothing is sent until it is let go.
//!
//! What is under way goes on to its answer. A hold is no pause: time held is not time lost to throttling, except where
//! the service had asked for it anyway.

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::{
        domain::{progress::Silent, secret::Secret},
        graph::{
            Batch, Get, GraphClient, GraphConfig,
            stub::{Stub, TestClock, answer},
        },
    };

    const PATH: &str = "/v1.0/organization";

    async fn stub_and_client(hold: &Hold) -> (Stub, GraphClient) {
        let stub = Stub::start().await;
        stub.handle(|_| Some(answer(200, json!({ "value": [] }))));
        let config = GraphConfig { hold: hold.clone(), ..stub.config() };
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let client = GraphClient::new(config, Secret::new("x").into(), Arc::new(clock), Arc::new(Silent)).unwrap();
        (stub, client)
    }

    /// Lets go after `seconds`.
    async fn let_go(hold: &Hold, seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
        hold.set(false);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_while_held() {
        let hold = Hold::default();
        let (stub, client) = stub_and_client(&hold).await;
        hold.set(true);
        let began = Instant::now();
        let held = async {
            sleep(Duration::from_secs(599)).await;
            assert!(stub.seen().is_empty() && stub.tokens_asked() == 0 && client.wire().in_flight == 0);
        };
        let (got, (), ()) = tokio::join!(client.get(PATH), held, let_go(&hold, 600));
        got.unwrap();
        assert!((600.0..600.5).contains(&began.elapsed().as_secs_f64()));
        assert_eq!((client.wire().throttled_seconds, stub.seen().len()), (0.0, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_can_leave() {
        let hold = Hold::default();
        let (stub, client) = stub_and_client(&hold).await;
        hold.set(true);
        let waits = tokio::time::timeout(Duration::from_secs(60), client.get(PATH)).await;
        assert!(waits.is_err() && stub.seen().is_empty());
        hold.set(false);
        client.get(PATH).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_units_is_held_too_and_gives_them_back() {
        let hold = Hold::default();
        let (stub, client) = stub_and_client(&hold).await;
        client.set_quota(100);
        let get = Get::new("/v1.0/groups/a/transitiveMembers");
        // The first takes more than there is at once; the second waits for its turn when the hold comes.
        for _ in 0..2 {
            client.reply(&get).await.unwrap();
        }
        let holder = async {
            sleep(Duration::from_millis(100)).await;
            hold.set(true);
            let_go(&hold, 100).await;
            assert_eq!(stub.seen().len(), 2);
        };
        let began = Instant::now();
        let (got, ()) = tokio::join!(client.reply(&get), holder);
        got.unwrap();
        assert!((100.0..100.5).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn no_round_of_a_batch_is_sent_while_held() {
        let hold = Hold::default();
        let (stub, client) = stub_and_client(&hold).await;
        let busy = json!({ "id": "0", "status": 429, "headers": { "Retry-After": "10" } });
        let good = |id: &str| json!({ "id": id, "status": 200, "body": { "value": [] } });
        let rounds = [json!({ "responses": [busy, good("1")] }), json!({ "responses": [good("0")] })];
        stub.on("/v1.0/$batch", rounds.map(|round| answer(200, round)));
        let batch = Batch::split([Get::new("/v1.0/a"), Get::new("/v1.0/b")]).remove(0);
        let began = Instant::now();
        let holder = async {
            sleep(Duration::from_secs(5)).await;
            hold.set(true);
            let_go(&hold, 100).await;
            assert_eq!(stub.seen().len(), 1);
        };
        let (got, ()) = tokio::join!(client.batch(&batch), holder);
        assert!(got.unwrap().iter().all(Result::is_ok));
        assert!((105.0..105.5).contains(&began.elapsed().as_secs_f64()));
        let throttled = client.wire().throttled_seconds;
        assert!((10.0..10.6).contains(&throttled), "{throttled}");
    }
}
