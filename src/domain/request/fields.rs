//! What a filter finds in requests.

use std::borrow::Cow;

use super::Request;
use crate::domain::filter::{Field, Fields, Flag, IsId, Value};

impl Fields for Request {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        let ids = |item: &super::Item| item.request_id.clone();
        enough(&self.target(), IsId::No)
            || self.code.as_deref().is_some_and(|code| enough(code, IsId::No))
            || self.status.is_some_and(|status| enough(&status.to_string(), IsId::No))
            || enough(self.service.as_str(), IsId::No)
            || [&self.request_id, &self.client_request_id].into_iter().flatten().any(|id| enough(id, IsId::Yes))
            || self.items.iter().any(|item| {
                enough(&item.target(), IsId::No)
                    || item.code.as_deref().is_some_and(|code| enough(code, IsId::No))
                    || ids(item).is_some_and(|id| enough(&id, IsId::Yes))
            })
    }

    /// Of a batch with items that failed, the first of these says status and code: that is what somebody looks for.
    fn value(&self, field: Field) -> Value<'_> {
        let number = |n: Option<u64>| n.map_or(Value::Nothing, Value::Number);
        let text = |text: Option<&str>| text.map_or(Value::Nothing, |t| Value::Text(Cow::Owned(t.to_owned())));
        let failed = || self.items.iter().find(|item| item.status.is_some_and(|status| status != 200));
        match field {
            Field::Status => {
                let of_item = failed().filter(|_| self.is_good()).and_then(|item| item.status);
                number(of_item.or(self.status).map(u64::from))
            }
            Field::Code => text(self.code.as_deref().or_else(|| failed()?.code.as_deref())),
            Field::Method => text(Some(&self.method)),
            Field::Path => {
                let items = self.items.iter().map(super::Item::target);
                Value::Text(Cow::Owned(std::iter::once(self.target()).chain(items).collect::<Vec<_>>().join(" ")))
            }
            Field::Milliseconds => Value::Number(self.ms.into()),
            Field::Units => number(self.units),
            Field::Retries => {
                let of_items = self.items.iter().map(|item| item.attempt).max().unwrap_or(1);
                Value::Number(u64::from(self.attempt.max(of_items).saturating_sub(1)))
            }
            Field::Id => text(self.request_id.as_deref().or(self.client_request_id.as_deref())),
            _ => Value::Nothing,
        }
    }

    fn is(&self, _: Flag) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use url::Url;

    use super::*;
    use crate::domain::{
        filter::{Scope, parse},
        request::{Item, Service},
    };

    #[test]
    fn requests_are_found_by_what_people_look_for() {
        let url = Url::parse("https://graph.microsoft.com/v1.0/$batch").unwrap();
        let mut batch = Request::new(Timestamp::UNIX_EPOCH, Service::Graph, "POST", &url);
        batch.status = Some(200);
        batch.ms = 1_200;
        batch.units = Some(12);
        batch.request_id = Some("93b6f17e-1111-2222-3333-444444444444".to_owned());
        let item = |path: &str, status, code: Option<&str>, attempt| Item {
            id: "1".to_owned(),
            path: path.to_owned(),
            query: "$top=999".to_owned(),
            status: Some(status),
            code: code.map(str::to_owned),
            units: None,
            request_id: None,
            retry_after: None,
            attempt,
        };
        batch.items =
            vec![item("/groups/a/members", 200, None, 1), item("/groups/b/owners", 429, Some("TooManyRequests"), 3)];
        let check = |filter: &str, want: bool| {
            let (parsed, complaints) = parse(filter, Scope::Requests);
            assert!(complaints.is_empty(), "{filter}: {complaints:?}");
            assert_eq!(parsed.matches(&batch), want, "{filter}");
        };
        check("status:429", true);
        check("status:200", false);
        check("status:>=400 ms:>1000", true);
        check("path:members", true);
        check("path:owners code:toomany", true);
        check("path:devices", false);
        check("units:>12", false);
        check("units:>10 retries:>1", true);
        check("method:post", true);
        check("method:get", false);
        check("id:93b6f17e", true);
        check("93b6f17e", true);
        check("graph $batch", true);
        check("!status:429", false);
    }
}
