//! What a destination holds, read page by page: entities, then relationships.
//!
//! A reading is whole or it is an error: every page is understood, the cursor comes to an end, and what was read is as much
//! as the service counts. What is done with the objects is for who asks. Forms of answers are those of the official
//! clients' sources and tests; nothing of this was seen on a live account, so that what is of another form is refused.

mod deferred;
mod rows;

use serde_json::Value;

use super::{
    JupiterOneClient, JupiterOneError,
    graphql::{Held, Manner, Question},
};
use crate::domain::{
    live::{LiveEdge, LiveEntity},
    problem::Problem,
    target::Destination,
};

/// A reading of one destination.
#[derive(Debug)]
pub struct Reading<'a> {
    client: &'a JupiterOneClient,
    destination: &'a Destination,
    manner: Manner,
    requests: u64,
}

/// Why there is no (further) page.
#[derive(Debug)]
pub enum Unread {
    /// The key may not read, in the service's words.
    NotAllowed(Problem),
    /// An answer that nobody understands: nothing of the reading counts.
    NotUnderstood(Problem),
    /// Nobody answered, or not in time.
    Failed(JupiterOneError),
}

impl From<JupiterOneError> for Unread {
    fn from(error: JupiterOneError) -> Self {
        Self::Failed(error)
    }
}

/// One page, and where the next one begins; `None`: it was the last.
#[derive(Debug)]
pub struct Page<T> {
    pub objects: Vec<T>,
    /// How many rows it had, those included that are none of ours.
    pub rows: u64,
    pub cursor: Option<String>,
}

impl JupiterOneClient {
    /// Begins to read what a destination holds. An instance's id must be spelled as the service spells it.
    pub const fn reading<'a>(&'a self, destination: &'a Destination) -> Reading<'a> {
        Reading { client: self, destination, manner: Manner::Inline, requests: 0 }
    }
}

impl Reading<'_> {
    /// Questions so far, and looks at their answers; tries that failed are not counted.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    /// How many entities and relationships the service counts.
    ///
    /// # Errors
    ///
    /// As [`Unread`] says.
    pub async fn counts(&mut self) -> Result<[u64; 2], Unread> {
        let mut counts = [0; 2];
        for (of, count) in [Held::CountEntities, Held::CountRelationships].into_iter().zip(&mut counts) {
            self.requests += 1;
            let answer = self.client.ask(Question::Held(of, self.destination)).await?;
            let data = answer.map_err(refused)?;
            *count = rows::counted(&data).ok_or_else(|| not_understood("did not count what it holds"))?;
        }
        Ok(counts)
    }

    /// Entities, from a cursor on.
    ///
    /// # Errors
    ///
    /// As [`Unread`] says.
    pub async fn entities(&mut self, cursor: Option<&str>) -> Result<Page<LiveEntity>, Unread> {
        self.page(Held::Entities, cursor, rows::entity).await
    }

    /// Relationships, from a cursor on. One may come twice, from either of its ends.
    ///
    /// # Errors
    ///
    /// As [`Unread`] says.
    pub async fn relationships(&mut self, cursor: Option<&str>) -> Result<Page<LiveEdge>, Unread> {
        self.page(Held::Relationships, cursor, rows::edge).await
    }

    async fn page<T>(
        &mut self,
        of: Held,
        cursor: Option<&str>,
        read: fn(&Value, &Destination) -> Result<Option<T>, &'static str>,
    ) -> Result<Page<T>, Unread> {
        let answer = self.answer(of, cursor).await?;
        let Some(all) = answer["data"].as_array() else {
            return Err(not_understood("answered with something else than a list"));
        };
        let mut objects = Vec::with_capacity(all.len());
        for row in all {
            objects.extend(read(row, self.destination).map_err(not_understood)?);
        }
        let next = match &answer["cursor"] {
            Value::Null => None,
            Value::String(next) if next.is_empty() => None,
            // A cursor that leads to itself never ends.
            Value::String(next) if Some(next.as_str()) == cursor => {
                return Err(not_understood("told the same page twice"));
            }
            Value::String(next) => Some(next.clone()),
            _ => return Err(not_understood("told no usable cursor")),
        };
        Ok(Page { objects, rows: all.len() as u64, cursor: next })
    }

    /// The answer to a question for a page, wherever it was given: `{type, data, cursor}`.
    async fn answer(&mut self, of: Held, cursor: Option<&str>) -> Result<Value, Unread> {
        loop {
            let manner = self.manner;
            self.requests += 1;
            let asked = Question::Page { of, destination: self.destination, cursor, manner };
            let data = match self.client.ask(asked).await? {
                Ok(data) => data,
                // Too long for one request; from here on everything is.
                Err(problem) if manner == Manner::Inline && took_too_long(&problem) => {
                    self.manner = Manner::Deferred;
                    continue;
                }
                Err(problem) => return Err(refused(problem)),
            };
            let mut found = data.get("queryV1").cloned().unwrap_or_default();
            return match found["url"].as_str().filter(|url| !url.is_empty()) {
                Some(url) => {
                    let (answer, looks) = deferred::fetch(self.client, url).await?;
                    self.requests += looks;
                    Ok(answer)
                }
                None if found.is_object() => Ok(found.take()),
                None => Err(not_understood("answered with nothing")),
            };
        }
    }
}

/// Whether JupiterOne gave up on a question for its length. Its words are not documented.
fn took_too_long(problem: &Problem) -> bool {
    let words = [&problem.code, &problem.message].map(|text| text.as_deref().unwrap_or_default().to_ascii_lowercase());
    let signs = ["timeout", "timed out", "time out", "too large", "deferred"];
    signs.iter().any(|sign| words.iter().any(|word| word.replace('_', " ").contains(sign)))
}

/// A key that may not, or a question that the service does not take.
fn refused(problem: Problem) -> Unread {
    let words = [&problem.code, &problem.message].map(|text| text.as_deref().unwrap_or_default().to_ascii_lowercase());
    let signs =
        ["forbidden", "denied", "unauthorized", "not authorized", "unauthenticated", "permission", "not allowed"];
    let denied = problem.status == Some(403)
        || signs.iter().any(|sign| words.iter().any(|word| word.replace('_', " ").contains(sign)));
    match denied {
        true => Unread::NotAllowed(problem),
        false => Unread::NotUnderstood(Problem {
            summary: "JupiterOne did not take the question what it holds".to_owned(),
            ..problem.hint("Nothing was compared. Leave --against live out to compare with what it is believed to hold; and please report this.")
        }),
    }
}

fn not_understood(what: &str) -> Unread {
    Unread::NotUnderstood(
        Problem::new(format!("JupiterOne {what}, so that what it holds is not known"))
            .code("unexpected_shape")
            .hint("Nothing was compared. Leave --against live out to compare with what it is believed to hold; and please report this."),
    )
}
