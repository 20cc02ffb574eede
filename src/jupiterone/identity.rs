//! Who a key belongs to, and what instance an id names: reading only, over GraphQL.
//!
//! An Integration API key may upload and may not read (`facts/jupiterone.md` §1.9): that it cannot answer is an answer.

use serde_json::{Value, json};

use super::{
    JupiterOneClient,
    error::{ErrorKind, JupiterOneError},
    wire::Call,
};
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

const ACCOUNT: &str = "query { iamGetAccount { accountId accountName accountSubdomain } }";
/// A question in JupiterOne's own language. As its public clients send it; not seen on a live account.
const J1QL: &str = "query ($query: String!) { queryV1(query: $query) { type data } }";
const INSTANCE: &str = "query ($id: String!) { integrationInstance(id: $id) { id name accountId \
    integrationDefinition { name integrationType } } }";

impl JupiterOneClient {
    /// Asks who the key is, and for an instance what it is.
    ///
    /// # Errors
    ///
    /// Where the service was not reached, or refused the key or the account altogether (401).
    pub async fn identify(&self, destination: &Destination) -> Result<Identity, JupiterOneError> {
        let account = match self.graphql(&json!({ "query": ACCOUNT })).await? {
            Ok(data) => data,
            Err(problem) => return Ok(Identity::CannotRead(problem)),
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let found = &account["iamGetAccount"];
        let instance = match destination {
            Destination::Scope(_) => None,
            Destination::Instance(id) => {
                let query = json!({ "query": INSTANCE, "variables": { "id": id.trim() } });
                Some(self.graphql(&query).await?.and_then(|data| instance(&data, id)))
            }
        };
        Ok(Identity::Account { id: text(&found["accountId"]), name: text(&found["accountName"]), instance })
    }

    /// How many entities of a type the account holds; the problem where the key may not ask, or the answer says nothing.
    ///
    /// # Errors
    ///
    /// As [`JupiterOneClient::identify`].
    pub async fn count(&self, entity_type: &str) -> Result<Result<u64, Problem>, JupiterOneError> {
        debug_assert!(entity_type.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{entity_type}");
        let query = format!("FIND {entity_type} AS found RETURN count(found) AS many");
        let answer = self.graphql(&json!({ "query": J1QL, "variables": { "query": query } })).await?;
        Ok(answer.and_then(|data| {
            // A table of one row and one column, whatever its name.
            let row = data.pointer("/queryV1/data/0").and_then(Value::as_object);
            let many = row.and_then(|row| row.values().find_map(Value::as_u64));
            many.ok_or_else(|| Problem::new("JupiterOne did not count").code("unexpected_shape"))
        }))
    }

    /// One query: its data, or the errors in it.
    async fn graphql(&self, query: &Value) -> Result<Result<Value, Problem>, JupiterOneError> {
        let call = Call::post("asking JupiterOne", "/graphql".to_owned(), query.to_string().into());
        let answer = match self.call(call).await {
            Ok(answer) => answer,
            // 403 and its like: the key is known, and may not read.
            Err(error) if error.kind() == ErrorKind::Refused => return Ok(Err(error.problem())),
            Err(error) => return Err(error),
        };
        let errors = answer.body.get("errors").and_then(Value::as_array).filter(|e| !e.is_empty());
        if let Some(errors) = errors {
            let first = &errors[0];
            let code = first["extensions"]["code"].as_str().or(first["code"].as_str());
            return Ok(Err(Problem {
                code: code.map(str::to_owned),
                message: first["message"].as_str().map(|m| m.replace(self.key.expose(), "…")),
                ..Problem::new("JupiterOne did not let this key read")
            }));
        }
        match answer.body.get("data") {
            Some(data) if data.is_object() => Ok(Ok(data.clone())),
            _ => Err(answer.unreadable("no data")),
        }
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
