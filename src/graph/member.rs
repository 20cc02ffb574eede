//! A member as lists, expansions and changes of groups name it, and nothing more: pages of members are most of what a
//! run reads, so that no member keeps its JSON, nor owns the name of a well-known kind, nor its id if that is a GUID.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::domain::{ids::canonical, short_id::ShortId};

/// One member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct MemberItem {
    /// A GUID in lower case. Empty where the service gave none, or one that is no text.
    #[serde(deserialize_with = "text")]
    pub id: ShortId,
    /// `#microsoft.graph.user`; empty where the service named none.
    #[serde(rename = "@odata.type", deserialize_with = "kind")]
    pub odata_type: Cow<'static, str>,
    /// `@removed`: it is no member any more.
    #[serde(rename = "@removed", deserialize_with = "is_there")]
    pub is_removed: bool,
}

/// The kinds that members can have, most frequent first.
const KINDS: [&str; 5] = [
    "#microsoft.graph.user",
    "#microsoft.graph.group",
    "#microsoft.graph.device",
    "#microsoft.graph.servicePrincipal",
    "#microsoft.graph.orgContact",
];

fn text<'de, D: Deserializer<'de>>(json: D) -> Result<ShortId, D::Error> {
    json.deserialize_any(Text(|text: &str| ShortId::from(&*canonical(text)))).map(Option::unwrap_or_default)
}

fn kind<'de, D: Deserializer<'de>>(json: D) -> Result<Cow<'static, str>, D::Error> {
    let known = |text: &str| match KINDS.iter().find(|known| **known == text) {
        Some(known) => Cow::Borrowed(*known),
        None => Cow::Owned(text.to_owned()),
    };
    json.deserialize_any(Text(known)).map(Option::unwrap_or_default)
}

fn is_there<'de, D: Deserializer<'de>>(json: D) -> Result<bool, D::Error> {
    Option::<IgnoredAny>::deserialize(json).map(|there| there.is_some())
}

/// A text, or nothing, whatever else stands there: one odd member must not lose the page.
struct Text<F>(F);

impl<'de, T, F: FnOnce(&str) -> T> Visitor<'de> for Text<F> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some((self.0)(text)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_members_do_not_lose_the_page() {
        let check = |json: &str, id: &str, odata_type: &str, is_removed: bool| {
            let item: MemberItem = serde_json::from_str(json).unwrap();
            let want = MemberItem { id: id.into(), odata_type: odata_type.to_owned().into(), is_removed };
            assert_eq!(item, want, "{json}");
            item
        };
        let user = check(r##"{"@odata.type":"#microsoft.graph.user","id":"a"}"##, "a", "#microsoft.graph.user", false);
        assert!(matches!(user.odata_type, Cow::Borrowed(_)));
        check(r##"{"id":"a","@odata.type":"#microsoft.graph.agent"}"##, "a", "#microsoft.graph.agent", false);
        check(r#"{"id":"a\u0062","@odata.type":null,"displayName":{"x":[1]}}"#, "ab", "", false);
        check(r#"{"id":"a","@removed":{"reason":"deleted"}}"#, "a", "", true);
        check(r#"{"id":"a","@removed":null}"#, "a", "", false);
        for odd in ["7", "-7", "7.5", "true", "null", "[1,[2]]", r#"{"a":{"b":1}}"#] {
            check(&format!(r#"{{"id":{odd},"@odata.type":{odd}}}"#), "", "", false);
        }
        check("{}", "", "", false);
        let guid = "7D8DD474-6105-4B5A-A5E0-61AD96E8B5B6";
        check(&format!(r#"{{"id":"{guid}"}}"#), &guid.to_lowercase(), "", false);
        check(r#"{"id":"NoGuid"}"#, "NoGuid", "", false);
    }

    /// How quick a page of members is read: `cargo test --release --lib members_a_second -- --ignored --nocapture`.
    #[test]
    #[ignore = "a measurement"]
    fn members_a_second() {
        use crate::graph::decode;
        use serde_json::value::RawValue;

        #[derive(Deserialize)]
        #[serde(bound = "T: Deserialize<'de>")]
        struct Page<T> {
            value: Vec<T>,
        }
        let member = |i| {
            let id = format!("c2f798fd-f95d-4623-8824-63aec21f{i:04}");
            format!(r##"{{"@odata.type":"#microsoft.graph.user","id":"{id}"}}"##)
        };
        let page = format!(r#"{{"value":[{}]}}"#, (0..999).map(member).collect::<Vec<_>>().join(","));
        let measure = |what: &str, read: &dyn Fn() -> usize| {
            let began = std::time::Instant::now();
            let members: usize = (0..200).map(|_| read()).sum();
            let rate = members as f64 / began.elapsed().as_secs_f64();
            println!("{what}: {rate:.0} members a second");
        };
        let page = page.as_bytes();
        measure("each with its JSON, then by its parts", &|| {
            let page: Page<Box<RawValue>> = decode::json(page).unwrap();
            let item = |raw: Box<RawValue>| serde_json::from_str::<MemberItem>(raw.get()).unwrap();
            page.value.into_iter().map(item).filter(|m| !m.id.is_empty()).count()
        });
        measure("as members", &|| {
            let page: Page<MemberItem> = decode::json(page).unwrap();
            page.value.into_iter().filter(|m| !m.id.is_empty()).count()
        });
    }
}
