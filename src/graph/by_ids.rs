//! `getByIds`: many objects of any kind by their ids. A read, although the service wants it as a POST.

use serde_json::{json, value::RawValue};
use tokio_util::bytes::Bytes;

use super::{
    GraphClient, decode,
    error::GraphError,
    page,
    send::{self, Call},
};

/// How many ids one request may name; with more, the service refuses it.
pub const MOST_IDS: usize = 1_000;

impl GraphClient {
    /// The objects of these ids, as many as the service answers: **an id without an answer is unknown, not gone**, and
    /// an object may come with less than was selected (facts: graph.md §1.2, §8.3). One request for each
    /// [`MOST_IDS`] ids.
    ///
    /// # Errors
    ///
    /// As Graph refuses; the documented permission is `Directory.Read.All` alone.
    pub async fn by_ids(&self, ids: &[&str], select: &str) -> Result<Vec<Box<RawValue>>, GraphError> {
        let mut objects = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MOST_IDS) {
            let url = self.sender.graph.join(&format!("/v1.0/directoryObjects/getByIds?$select={select}"));
            let call = Call {
                what: format!("reading {} objects by their ids", ids.len()),
                units: self.sender.prices.of(&url),
                url,
                body: Some(json!({ "ids": ids }).to_string()),
                contents: Vec::new(),
                eventual: false,
                priced: true,
                accept: send::JSON,
            };
            let decode = |body: &Bytes| decode::json::<page::Body<Box<RawValue>>>(body);
            let body = self.sender.call(&call, self.patience, decode).await?.value;
            objects.extend(page::Page::of(body).objects);
        }
        Ok(objects)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::graph::stub::{Stub, TestClock, answer};

    #[tokio::test(start_paused = true)]
    async fn a_thousand_ids_a_request() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let found =
            |id: &str| answer(200, json!({ "value": [{ "@odata.type": "#microsoft.graph.device", "id": id }] }));
        stub.on("/v1.0/directoryObjects/getByIds?$select=id,displayName", [found("1"), found("2")]);
        let ids: Vec<String> = (0..1_001).map(|i| format!("id{i}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let client = stub.client(&clock);
        let objects = client.by_ids(&ids, "id,displayName").await.unwrap();
        assert_eq!(objects.len(), 2, "what is not answered is left out");
        let sizes: Vec<usize> = stub.seen().iter().map(|s| s.json()["ids"].as_array().map(Vec::len).unwrap()).collect();
        assert_eq!(sizes, [1_000, 1]);
        assert_eq!(stub.seen()[1].json()["ids"][0], Value::from("id1000"));
        assert_eq!(client.wire().resource_units, 4);
    }
}
