//! A selection for a quick look: some groups, their members whole, and the names of those members.
//!
//! It says nothing about anything else, so that it is never the ground for a deletion: nothing is closed for not being
//! in it, and no link for changes is taken.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::{
    Stop,
    engine::{Engine, Head, id_key, is_bare},
    members::GroupRef,
    plan::Step,
};
use crate::{
    domain::{
        completeness::Collection,
        kind::{EntityKind, kind_of_odata_type},
        progress::Level,
        properties,
        reading::{GroupPick, Scope},
        text,
    },
    graph::{Get, GraphError, MOST_IDS, segment, text_literal},
    store::{ListEnd, PageWrite, Resolution, Unresolved},
};

/// The largest page that the service gives.
const PAGE: u32 = 999;

impl Engine {
    pub(super) async fn selection(&self, scope: &Scope) -> Result<(), Stop> {
        for collection in [Collection::Users, Collection::Groups, Collection::Memberships] {
            self.watch.begin(collection);
        }
        let mut refused = None;
        let (groups, users) = match scope {
            Scope::Groups(picks) => (self.picked(picks, &mut refused).await?, 0),
            Scope::Sample(n) => {
                let users = self.first(&Step::Users, EntityKind::User, *n).await?;
                (self.first(&Step::Groups, EntityKind::Group, *n).await?, users.len())
            }
        };
        if groups.is_empty() && users == 0 {
            return Err(refused.map_or(Stop::NothingFound, Stop::Selection));
        }
        self.watch.held(Collection::Groups, groups.len() as u64);
        self.watch.total(Collection::Memberships, groups.len() as u64);
        let (many, read) = (groups.len() as u64, self.watch.done_of(Collection::Users));
        Box::pin(self.members_of(groups)).await?;
        Box::pin(self.end_selected_casts()).await?;
        Box::pin(self.names()).await?;
        let line =
            format!("{} and {} of the selection read", text::counted(many, "group"), text::counted(read, "user"));
        self.watch.log(Level::Info, line, None);
        for collection in [Collection::Users, Collection::Groups, Collection::Memberships] {
            // As with changes: what was not named is as it was.
            self.end(collection, self.watch.done_of(collection), ListEnd::COMPLETE, true).await?;
        }
        Ok(())
    }

    /// The groups that a person named, each once. What the service refused is told, and the first of it kept.
    async fn picked(&self, picks: &[GroupPick], refused: &mut Option<GraphError>) -> Result<Vec<GroupRef>, Stop> {
        let mut known = HashSet::new();
        let mut groups = Vec::new();
        for pick in picks {
            let (get, what) = request(pick);
            let found = match self.objects_of(get, pick).await {
                Ok(found) => found,
                Err(error) => {
                    self.still_there(&error).await?;
                    self.warn(&what, &error);
                    refused.get_or_insert(error);
                    continue;
                }
            };
            if found.is_empty() {
                self.watch.log(Level::Warning, format!("there is no {what}"), None);
            }
            groups.extend(self.keep_some(found, EntityKind::Group, &mut known).await?);
        }
        Ok(groups)
    }

    async fn objects_of(&self, get: Get, pick: &GroupPick) -> Result<Vec<Box<RawValue>>, GraphError> {
        if let GroupPick::Id(_) = pick {
            return match self.client.fetch::<Box<RawValue>>(&get).await {
                Ok(raw) => Ok(vec![raw]),
                Err(error) if error.is_gone() => Ok(Vec::new()),
                Err(error) => Err(error),
            };
        }
        match self.first_of(get.clone(), usize::MAX).await {
            // Some tenants take no advanced queries, and most filters need none.
            Err(error) if error.is_unsupported() => {
                let plain = get.path().replace("&$count=true", "");
                self.first_of(Get::new(&plain), usize::MAX).await.map_err(|_| error)
            }
            other => other,
        }
    }

    /// The first objects of a list, as the service lists them.
    async fn first(&self, step: &Step, kind: EntityKind, many: u32) -> Result<Vec<GroupRef>, Stop> {
        let path = step.get(&[]).path().replace("$top=999", &format!("$top={}", many.clamp(1, PAGE)));
        match self.first_of(Get::new(&path), many as usize).await {
            Ok(found) => self.keep_some(found, kind, &mut HashSet::new()).await,
            Err(error) => {
                self.still_there(&error).await?;
                self.warn(if kind == EntityKind::Group { "groups" } else { "users" }, &error);
                Ok(Vec::new())
            }
        }
    }

    async fn first_of(&self, get: Get, most: usize) -> Result<Vec<Box<RawValue>>, GraphError> {
        let mut pages = self.client.pages(get);
        let mut objects = Vec::new();
        while objects.len() < most
            && let Some(page) = pages.next().await?
        {
            objects.extend(page.objects);
        }
        objects.truncate(most);
        Ok(objects)
    }

    /// Writes objects of one kind; those that are new, as groups. Users are counted.
    async fn keep_some(
        &self,
        found: Vec<Box<RawValue>>,
        kind: EntityKind,
        known: &mut HashSet<u128>,
    ) -> Result<Vec<GroupRef>, Stop> {
        let mut page = PageWrite::default();
        let mut groups = Vec::new();
        for raw in found {
            let Some(head) = Head::of(&raw) else { continue };
            if known.insert(id_key(&head.id)) {
                groups.push(GroupRef::of(&head.id, &raw));
                page.objects.push(head.object(kind, super::engine::default_type(kind), raw));
            }
        }
        if kind == EntityKind::User {
            self.watch.held(Collection::Users, page.objects.len() as u64);
        }
        self.keeper.keep(page).await?;
        Ok(groups)
    }

    /// What the members are called, of whatever kind they are.
    async fn names(&self) -> Result<(), Stop> {
        let mut asked = HashSet::new();
        let todo: Vec<Unresolved> = self.keeper.unresolved().await?;
        let todo: Vec<Unresolved> = todo.into_iter().filter(|one| asked.insert(id_key(&one.id))).collect();
        for some in todo.chunks(MOST_IDS) {
            let ids: Vec<&str> = some.iter().map(|one| one.id.as_str()).collect();
            let objects = match self.client.by_ids(&ids, &select_of_all()).await {
                Ok(objects) => objects,
                Err(error) => {
                    self.still_there(&error).await?;
                    self.warn("the names of members", &error);
                    Vec::new()
                }
            };
            let mut page = PageWrite::default();
            let mut named = HashSet::new();
            for raw in objects {
                let Some(head) = Head::of(&raw) else { continue };
                let Some(one) = some.iter().find(|one| one.id == head.id) else { continue };
                let odata_type = head.odata_type.clone().unwrap_or_else(|| one.odata_type.clone());
                if !is_bare(&raw) && named.insert(one.id.as_str()) {
                    page.objects.push(head.object(kind_of_odata_type(&odata_type), &odata_type, raw));
                }
            }
            let users = page.objects.iter().filter(|o| o.kind == EntityKind::User).count() as u64;
            self.watch.held(Collection::Users, self.watch.done_of(Collection::Users) + users);
            page.resolutions = some
                .iter()
                .filter(|one| !named.contains(one.id.as_str()))
                .map(|one| Resolution::Unreadable { id: one.id.clone(), odata_type: one.odata_type.clone() })
                .collect();
            self.keeper.keep(page).await?;
        }
        Ok(())
    }
}

/// The request for a pick, and what it is called.
fn request(pick: &GroupPick) -> (Get, String) {
    let list = |filter: &str| {
        format!("/v1.0/groups?$select={}&$filter={filter}&$count=true&$top={PAGE}", Step::Groups.select())
    };
    match pick {
        GroupPick::Id(id) => (Step::MissingGroup.get(&[id]), format!("group {id}")),
        GroupPick::Name(name) => {
            let get = Get::new(&list(&format!("displayName eq {}", text_literal(name))));
            (get.eventual(), format!("group named \"{}\"", text::visible(name)))
        }
        // As it is: what it means is between the person and the service.
        GroupPick::Filter(filter) => {
            (Get::new(&list(&segment(filter))).eventual(), format!("group with {}", text::visible(filter)))
        }
    }
}

/// One `$select` for objects of any kind: names that a kind lacks are ignored (facts: graph.md §5).
fn select_of_all() -> String {
    let all = [EntityKind::User, EntityKind::Group, EntityKind::Member].map(properties::select).join(",");
    let mut fields: Vec<&str> = all.split(',').collect();
    fields.sort_unstable();
    fields.dedup();
    fields.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_are_requests() {
        let check = |pick: &str, want: &str, eventual: bool| {
            let (get, _) = request(&GroupPick::parse(pick));
            assert!(get.path().contains(want), "{}", get.path());
            assert_eq!(get.is_eventual(), eventual, "{pick}");
        };
        check("c2f798fd-f95d-4623-8824-63aec21fffff", "/groups/c2f798fd-f95d-4623-8824-63aec21fffff?$select=", false);
        check("O'Neill & Co", "$filter=displayName%20eq%20'O%27%27Neill%20%26%20Co'&$count=true", true);
        check("startswith(displayName,'a&b')", "$filter=startswith%28displayName%2C%27a%26b%27%29&$count", true);
        assert!(select_of_all().contains("groupTypes") && select_of_all().contains("deviceId"));
    }
}
