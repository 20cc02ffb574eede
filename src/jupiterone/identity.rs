//! Who a key belongs to, and what instance an id names: reading only, over GraphQL.
//!
//! An Integration API key may upload and may not read (`facts/jupiterone.md` §1.9): that it cannot answer is an answer.

use serde_json::Value;

use super::{JupiterOneClient, error::JupiterOneError, graphql::Question};
use crate::domain::{
    problem::Problem,
    target::{Destination, Instance},
};

/// What the service tells about a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Identity {
    /// The key may read.
    Account {
        id: Option<String>,
        name: Option<String>,
        /// The instance that the destination names; `Err` where it is an instance and there is none of that id.
        instance: Option<Result<Instance, Problem>>,
    },
    /// The key may not read, as an Integration API key may not. With the service's words.
    CannotRead(Problem),
}

impl JupiterOneClient {
    /// Asks who the key is, and for an instance what it is.
    ///
    /// # Errors
    ///
    /// Where the service was not reached, or refused the key or the account altogether (401).
    pub async fn identify(&self, destination: &Destination) -> Result<Identity, JupiterOneError> {
        let account = match self.ask(Question::Account).await? {
            Ok(data) => data,
            Err(problem) => return Ok(Identity::CannotRead(problem)),
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let found = &account["iamGetAccount"];
        let instance = match destination {
            Destination::Scope(_) => None,
            Destination::Instance(id) => {
                Some(self.ask(Question::Instance(id)).await?.and_then(|data| instance(&data, id)))
            }
        };
        Ok(Identity::Account { id: text(&found["accountId"]), name: text(&found["accountName"]), instance })
    }

    /// How many entities of a type the account holds; the problem where the key may not ask, or the answer says nothing.
    ///
    /// # Errors
    ///
    /// As [`JupiterOneClient::identify`].
    pub async fn count(&self, entity_type: &'static str) -> Result<Result<u64, Problem>, JupiterOneError> {
        let answer = self.ask(Question::CountOf(entity_type)).await?;
        Ok(answer.and_then(|data| {
            // A table of one row and one column, whatever its name.
            let row = data.pointer("/queryV1/data/0").and_then(Value::as_object);
            let many = row.and_then(|row| row.values().find_map(Value::as_u64));
            many.ok_or_else(|| Problem::new("JupiterOne did not count").code("unexpected_shape"))
        }))
    }
}

fn instance(data: &Value, asked: &str) -> Result<Instance, Problem> {
    let found = &data["integrationInstance"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let Some(id) = text(&found["id"]) else {
        return Err(Problem::new(format!("JupiterOne has no integration instance {}", asked.trim()))
            .code("SYNC_JOB_INVALID_INTEGRATION_INSTANCE"));
    };
    Ok(Instance {
        id,
        name: text(&found["name"]).unwrap_or_default(),
        definition: text(&found["integrationDefinition"]["name"]),
        integration_type: text(&found["integrationDefinition"]["integrationType"]),
    })
}
