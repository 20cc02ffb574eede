//! When users last signed in: a pass of its own beside the run, which never waits for it.
//!
//! The field is costly for the service (five requests in ten seconds, facts: graph.md §1.1), and needs a permission and a
//! licence of its own. That it cannot be read is told once and is no gap. Where the pass stood when the run was through
//! is where it goes on another day; what is known of users whom it did not come to stays.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{Stop, engine::lock, keep::Keeper, plan::Step, watch::Watch};
use crate::{
    domain::{ids::canonical_id, progress::Level, reading::Learned, text},
    graph::{GraphClient, GraphError},
    store::{PageWrite, SignInWrite, Writer},
};

/// Between the beginnings of two requests.
const APART: Duration = Duration::from_secs(2);
/// How long a run that is through waits for the rest.
const PATIENCE: Duration = Duration::from_secs(5);

/// A pass over all users.
pub(super) struct Pass {
    pub client: GraphClient,
    pub keeper: Keeper,
    pub watch: Arc<Watch>,
    pub learned: Arc<std::sync::Mutex<Learned>>,
}

/// Does `run`, and the pass beside it for as long as that takes, and hardly longer.
pub(super) async fn beside(run: impl Future<Output = Result<(), Stop>>, pass: Pass) -> Result<(), Stop> {
    let (mut run, mut pass) = (Box::pin(run), Box::pin(pass.go()));
    tokio::select! {
        ended = &mut run => ended?,
        passed = &mut pass => {
            passed?;
            return run.await;
        }
    }
    tokio::time::timeout(PATIENCE, pass).await.unwrap_or(Ok(()))
}

impl Pass {
    async fn go(self) -> Result<(), Stop> {
        self.keeper.ask(|writer: &mut Writer, run| writer.end_sign_ins(run, true)).await?;
        let mut pages = self.client.pages(Step::SignIns.get(&[]));
        let from = lock(&self.learned).sign_ins_link.clone();
        if from.is_some() {
            pages = pages.resumed(from);
        }
        let mut read = 0;
        loop {
            let next = Instant::now() + APART;
            let page = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(error) => {
                    self.tell(&error);
                    return Ok(());
                }
            };
            let sign_ins: Vec<SignInWrite> = page.objects.iter().filter_map(|raw| sign_in(raw)).collect();
            read += page.objects.len() as u64;
            self.keeper.keep(PageWrite { sign_ins, ..PageWrite::default() }).await?;
            let goes_on = page.next_link.is_some();
            lock(&self.learned).sign_ins_link = page.next_link;
            if goes_on {
                tokio::time::sleep_until(next).await;
            }
        }
        self.watch.log(Level::Info, format!("last sign-ins of {} read", text::counted(read, "user")), None);
        Ok(())
    }

    /// What may pass is tried from the same place another day; what does not leads back to the beginning.
    fn tell(&self, error: &GraphError) {
        if !error.is_transient() {
            lock(&self.learned).sign_ins_link = None;
        }
        let problem = error.problem();
        let why = if error.is_forbidden() {
            "; the app needs AuditLog.Read.All, and the tenant Microsoft Entra ID P1 or P2"
        } else {
            ""
        };
        self.watch.log(Level::Warning, format!("last sign-ins are not read: {}{why}", problem.line()), Some(problem));
    }
}

/// A user who never signed in has none.
fn sign_in(raw: &RawValue) -> Option<SignInWrite> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct User {
        #[serde(deserialize_with = "canonical_id")]
        id: String,
        sign_in_activity: Option<Box<RawValue>>,
    }
    let User { id, sign_in_activity } = serde_json::from_str(raw.get()).ok()?;
    Some(SignInWrite { id, raw: sign_in_activity.filter(|raw| raw.get() != "null")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_signed_in() {
        let check = |text: &str, want: Option<&str>| {
            let got = sign_in(serde_json::from_str(text).unwrap());
            assert_eq!(got.as_ref().map(|got| got.id.as_str()), want, "{text}");
        };
        let (small, large) = ("c2f798fd-f95d-4623-8824-63aec21fffff", "C2F798FD-F95D-4623-8824-63AEC21FFFFF");
        check(&format!(r#"{{"id":"{large}","signInActivity":{{}}}}"#), Some(small));
        check(r#"{"id":"u","signInActivity":null}"#, None);
        check(r#"{"id":"u"}"#, None);
    }
}
