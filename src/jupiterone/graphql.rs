//! Questions to JupiterOne's GraphQL: reading, and nothing else, by type.
//!
//! What can be asked is a closed list of constant documents, none of which is a mutation; ids and cursors go as variables.
//! It is asked at the API's own origin (`/graphql`, as the official clients of node and go do), so that the key goes
//! nowhere else. Which of the documents' answers mean what is for who asks.

use serde_json::{Value, json};

use super::{
    JupiterOneClient,
    error::{ErrorKind, JupiterOneError},
    wire::Call,
};
use crate::domain::{problem::Problem, target::Destination};

/// All that can be asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question<'a> {
    /// Whose key it is.
    Account,
    /// What an integration instance is.
    Instance(&'a str),
    /// How many entities of a type the account holds. The type is one of ours.
    CountOf(&'static str),
    /// Something of what a destination holds.
    Held(Held, &'a Destination),
    /// The same, page by page.
    Page { of: Held, destination: &'a Destination, cursor: Option<&'a str>, manner: Manner },
}

/// What of a destination is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Entities,
    Relationships,
    CountEntities,
    CountRelationships,
}

/// How a page is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// In the answer itself.
    Inline,
    /// At an address that the answer names, once it is ready: for what takes longer than a request may.
    Deferred,
}

impl Manner {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "DISABLED",
            Self::Deferred => "FORCE",
        }
    }
}

const ACCOUNT: &str = "query { iamGetAccount { accountId accountName accountSubdomain } }";
const INSTANCE: &str = "query ($id: String!) { integrationInstance(id: $id) { id name accountId \
    integrationDefinition { name integrationType } } }";
/// A count in JupiterOne's own language: no more is asked than has to be.
const COUNT: &str = "query ($query: String!) { queryV1(query: $query) { type data } }";
/// Any other question in it, as its official clients send it (documented under "Entity and relationship
/// queries"; not seen on a live account).
const J1QL: &str = "query J1QL($query: String!, $variables: JSON, $cursor: String, $includeDeleted: Boolean, \
    $deferredResponse: DeferredResponseOption, $flags: QueryV1Flags) { \
    queryV1(query: $query, variables: $variables, cursor: $cursor, includeDeleted: $includeDeleted, \
    deferredResponse: $deferredResponse, flags: $flags) { type data url cursor } }";

impl Held {
    /// In JupiterOne's own language. `${owner}` is a variable of it.
    ///
    /// Relationships are found from the entities of the destination, so that one between two of them may be told twice.
    const fn j1ql(self, destination: &Destination) -> &'static str {
        match (self, destination) {
            (Self::Entities, Destination::Instance(_)) => "FIND * WITH _integrationInstanceId = ${owner} AS e",
            (Self::Entities, Destination::Scope(_)) => "FIND * WITH _scope = ${owner} AS e",
            (Self::CountEntities, Destination::Instance(_)) => {
                "FIND * WITH _integrationInstanceId = ${owner} AS e RETURN count(e) AS many"
            }
            (Self::CountEntities, Destination::Scope(_)) => {
                "FIND * WITH _scope = ${owner} AS e RETURN count(e) AS many"
            }
            (Self::Relationships, Destination::Instance(_)) => {
                "FIND * WITH _integrationInstanceId = ${owner} AS e THAT RELATES TO AS r * \
                 WHERE r._integrationInstanceId = ${owner} RETURN r._key, r._type, r._deleted"
            }
            (Self::Relationships, Destination::Scope(_)) => {
                "FIND * WITH _scope = ${owner} AS e THAT RELATES TO AS r * \
                 WHERE r._scope = ${owner} RETURN r._key, r._type, r._deleted"
            }
            (Self::CountRelationships, Destination::Instance(_)) => {
                "FIND * WITH _integrationInstanceId = ${owner} AS e THAT RELATES TO AS r * \
                 WHERE r._integrationInstanceId = ${owner} RETURN count(r) AS many"
            }
            (Self::CountRelationships, Destination::Scope(_)) => {
                "FIND * WITH _scope = ${owner} AS e THAT RELATES TO AS r * \
                 WHERE r._scope = ${owner} RETURN count(r) AS many"
            }
        }
    }
}

impl Question<'_> {
    fn body(self) -> Value {
        match self {
            Self::Account => json!({ "query": ACCOUNT }),
            Self::Instance(id) => json!({ "query": INSTANCE, "variables": { "id": id.trim() } }),
            Self::CountOf(name) => {
                let query = format!("FIND {name} AS found RETURN count(found) AS many");
                json!({ "query": COUNT, "variables": { "query": query } })
            }
            Self::Held(of, destination) => Self::held(of, destination, None, Manner::Inline),
            Self::Page { of, destination, cursor, manner } => Self::held(of, destination, cursor, manner),
        }
    }

    fn held(of: Held, destination: &Destination, cursor: Option<&str>, manner: Manner) -> Value {
        let (Destination::Instance(owner) | Destination::Scope(owner)) = destination;
        let mut variables = json!({
            "query": of.j1ql(destination),
            "variables": { "owner": owner.trim() },
            "includeDeleted": false,
            "deferredResponse": manner.as_str(),
            // Else no page is longer than 250, and pages are what the service counts.
            "flags": { "variableResultSize": true },
        });
        if let Some(cursor) = cursor {
            variables["cursor"] = json!(cursor);
        }
        json!({ "query": J1QL, "variables": variables })
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Held(..) | Self::Page { .. } => "reading what JupiterOne holds",
            _ => "asking JupiterOne",
        }
    }
}

impl JupiterOneClient {
    /// One question: its data, or the errors in it.
    ///
    /// # Errors
    ///
    /// Where the service was not reached, could not answer in time, or refused the key or the account altogether (401).
    pub(super) async fn ask(&self, question: Question<'_>) -> Result<Result<Value, Problem>, JupiterOneError> {
        let call = Call::question(question.what(), question.body().to_string().into());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every question there is, and none of them changes anything.
    #[test]
    fn nothing_but_queries_can_be_asked() {
        let destinations = [Destination::Instance("i".to_owned()), Destination::Scope("s\" OR 1=1".to_owned())];
        let held = [Held::Entities, Held::Relationships, Held::CountEntities, Held::CountRelationships];
        let mut all = vec![Question::Account, Question::Instance("i"), Question::CountOf("azure_user")];
        for destination in &destinations {
            for of in held {
                all.push(Question::Held(of, destination));
                for manner in [Manner::Inline, Manner::Deferred] {
                    all.push(Question::Page { of, destination, cursor: Some("c"), manner });
                }
            }
        }
        for question in all {
            let body = question.body();
            let document = body["query"].as_str().unwrap();
            assert!(document.starts_with("query ") && !document.contains("mutation"), "{document}");
            assert!([ACCOUNT, INSTANCE, COUNT, J1QL].contains(&document), "{document}");
            // What somebody typed is a variable, and never in the text of a question.
            let j1ql = body["variables"]["query"].as_str().unwrap_or_default();
            assert!(!j1ql.contains('"') && !j1ql.contains("OR 1=1"), "{j1ql}");
            assert_ne!(body["variables"]["includeDeleted"], json!(true));
        }
    }
}
