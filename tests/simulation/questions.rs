//! The ten questions that the browser is there for, each asked with keys of the tenant that `tenantry demo` serves, and
//! answered by what the seed says of it. The README's table is held against what the keys are and cost.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use tenantry::{
    app::{
        Model, Place,
        browse::{Face, Item, Pane, Shows},
        key::Key,
    },
    demo::{self, Latency},
    domain::{explore::Change, kind::EntityKind, view::Row},
};

use crate::{screen::Screen, stage::Stage, truth::Truth};

/// What an average typist needs for a key (Card, Moran and Newell), and what a question may take in all.
const MILLISECONDS_A_KEY: usize = 280;
const AT_MOST: usize = 10_000;

/// A person before the overview of a tenant that was read, who asks one question.
struct Person {
    screen: Screen,
    keys: usize,
}

impl Person {
    async fn at(stage: &Stage) -> Self {
        let mut screen = Screen::read(stage, (120, 36));
        screen.until("the overview", |m| m.place == Place::Dashboard && m.dashboard.glance.ready().is_some()).await;
        Self { screen, keys: 0 }
    }

    /// One key, and what it shows.
    async fn press(&mut self, key: &str) {
        self.keys += 1;
        self.screen.press(key);
        self.screen.settle().await;
    }

    async fn types(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                ' ' => self.press("space").await,
                letter => self.press(&letter.to_string()).await,
            }
        }
    }

    /// Keys by their names; all else is typed, names for what they stand for.
    async fn takes(&mut self, steps: &str, names: &[(&str, &str)]) {
        let mut typed = false;
        for step in steps.split_whitespace() {
            let name = names.iter().find(|(name, _)| *name == step).map(|(_, text)| *text);
            let is_key = name.is_none() && Key::parse(step).is_some();
            if is_key {
                self.press(step).await;
            } else {
                if typed {
                    self.press("space").await;
                }
                self.types(name.unwrap_or(step)).await;
            }
            typed = !is_key;
        }
    }

    fn model(&self) -> &Model {
        self.screen.model()
    }

    /// The whole list on the screen, which scrolling through is reading and no question any more.
    async fn listed(&mut self) -> Vec<Item> {
        let total = self.model().browse.view().window.total.expect("a list");
        self.screen.press("home");
        self.screen.settle().await;
        let mut all = BTreeMap::new();
        loop {
            let window = &self.model().browse.view().window;
            all.extend((window.offset..).zip(window.rows.iter().cloned()));
            if window.cursor + 1 >= total {
                break;
            }
            self.screen.press("pagedown");
            self.screen.settle().await;
        }
        assert_eq!(all.len() as u64, total, "{}", self.screen.raw());
        self.screen.shows(&[&format!("{total}")]);
        all.into_values().collect()
    }

    async fn rows(&mut self) -> Vec<Row> {
        let row = |item: Item| match item {
            Item::Row(row) => row,
            other => panic!("{other:?} is no row"),
        };
        self.listed().await.into_iter().map(row).collect()
    }

    async fn ids(&mut self) -> BTreeSet<String> {
        self.rows().await.into_iter().map(|row| row.id).collect()
    }
}

/// The tenant as the seed has it.
struct Tenant {
    before: Truth,
    now: Truth,
    /// Whole objects by their ids, as Graph knows them.
    users: BTreeMap<String, Map<String, Value>>,
    groups: BTreeMap<String, Map<String, Value>>,
}

impl Tenant {
    fn of(stage: &Stage, steps: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        demo::write_truth(dir.path(), &stage.config, steps).unwrap();
        let objects = |file: &str| {
            let text = std::fs::read_to_string(dir.path().join(file)).unwrap();
            let object = |line: &str| serde_json::from_str::<Map<String, Value>>(line).unwrap();
            text.lines().map(object).map(|o| (o["id"].as_str().unwrap().to_owned(), o)).collect()
        };
        let (users, groups) = (objects("users.ndjson"), objects("groups.ndjson"));
        Self { before: stage.truth(steps.saturating_sub(1)), now: stage.truth(steps), users, groups }
    }

    fn members(&self, group: &str) -> BTreeSet<&str> {
        let first = (group.to_owned(), String::new());
        self.now.members.range(first..).take_while(|(g, _)| g == group).map(|(_, member)| member.as_str()).collect()
    }

    fn size(&self, group: &str) -> u64 {
        self.members(group).len() as u64
    }

    /// Everybody in a group over any number of groups, by how many edges it takes; itself, where it is in a cycle.
    fn reach<'a>(&'a self, group: &'a str) -> BTreeMap<&'a str, u32> {
        let mut reached = BTreeMap::new();
        let (mut level, mut depth) = (BTreeSet::from([group]), 0);
        while !level.is_empty() {
            depth += 1;
            let next: BTreeSet<&str> = level.iter().flat_map(|group| self.members(group)).collect();
            level = next.into_iter().filter(|member| !reached.contains_key(member)).collect();
            reached.extend(level.iter().map(|member| (*member, depth)));
        }
        reached
    }

    /// All ways of so many edges from a group to a member.
    fn ways<'a>(&'a self, group: &'a str, member: &str, length: u32) -> BTreeSet<Vec<&'a str>> {
        if length == 0 {
            return if group == member { BTreeSet::from([vec![group]]) } else { BTreeSet::new() };
        }
        let below = self.members(group).into_iter().flat_map(|next| self.ways(next, member, length - 1));
        below.map(|way| std::iter::once(group).chain(way).collect()).collect()
    }

    fn groups_where(&self, holds: impl Fn(&str) -> bool) -> BTreeSet<String> {
        self.groups.keys().filter(|group| holds(group)).cloned().collect()
    }

    /// What a person types to find this one: the beginning of its name, as far as no other has all its words.
    fn typed(objects: &BTreeMap<String, Map<String, Value>>, id: &str) -> Option<String> {
        let name = |object: &Map<String, Value>| object["displayName"].as_str().unwrap_or_default().to_lowercase();
        let own = name(&objects[id]);
        if !own.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ') {
            return None;
        }
        let is_like = |typed: &str, name: &str| typed.split(' ').all(|word| name.contains(word));
        let prefixes = (3..=own.len()).map(|len| own[..len].trim_end());
        let only = |typed: &&str| objects.values().filter(|object| is_like(typed, &name(object))).count() == 1;
        prefixes.into_iter().find(only).map(str::to_owned)
    }

    /// A group that holds somebody over two others, and a user who is in it that way alone; both can be typed.
    fn nested(&self) -> (&str, &str) {
        for group in self.groups.keys().filter(|id| Self::typed(&self.groups, id).is_some()) {
            let reach = self.reach(group);
            let user = |(id, depth): (&&str, &u32)| {
                *depth >= 3 && self.users.contains_key(*id) && Self::typed(&self.users, id).is_some()
            };
            if let Some((user, _)) = reach.iter().find(|(id, depth)| user((*id, *depth))) {
                return (group, user);
            }
        }
        panic!("the tenant has groups in groups in groups")
    }
}

/// The README's row of a question, once it is answered.
struct Answered {
    question: &'static str,
    steps: &'static str,
    stands: &'static str,
    keys: usize,
}

impl Answered {
    fn row(&self) -> String {
        let Self { question, steps, stands, keys } = self;
        format!("| {question} | `{steps}` | {keys} | {stands} |")
    }
}

async fn who_is_in_this_group(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    let (group, user) = tenant.nested();
    let steps = "3 tab / GROUP enter right t";
    person.takes(steps, &[("GROUP", &Tenant::typed(&tenant.groups, group).unwrap())]).await;
    let keys = person.keys;
    let reach = tenant.reach(group);
    let rows = person.rows().await;
    let listed: BTreeMap<&str, u32> = rows.iter().map(|row| (row.id.as_str(), row.depth.unwrap())).collect();
    let mut want = reach.clone();
    want.remove(group);
    assert_eq!(listed, want);
    // Through what: beside the list, of the selected one.
    person.screen.press("home");
    let at = rows.iter().position(|row| row.id == user).unwrap();
    for _ in 0..at {
        person.screen.press("down");
    }
    person.screen.settle().await;
    let brief = &person.model().browse.brief;
    assert_eq!(brief.of, Some((group.to_owned(), user.to_owned())));
    let why = &brief.found.ready().expect("its ways").why;
    assert_eq!(why.length, Some(reach[user]));
    let stands = "everybody, with how many groups lie between; through which, beside the selected one";
    Answered { question: "who is in this group, through what", steps, stands, keys }
}

async fn why_is_this_user_in_it(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    let (group, user) = tenant.nested();
    let (group_s, user_s) =
        (Tenant::typed(&tenant.groups, group).unwrap(), Tenant::typed(&tenant.users, user).unwrap());
    let steps = "3 / USER enter w GROUP enter";
    person.takes(steps, &[("USER", &user_s), ("GROUP", &group_s)]).await;
    let Shows::Why(reasons) = &person.model().browse.view().shows else { panic!("{}", person.screen.raw()) };
    assert_eq!((reasons.ends.group.id.as_str(), reasons.ends.member.id.as_str()), (group, user));
    let why = reasons.why().expect("the ways");
    let length = tenant.reach(group)[user];
    let want = tenant.ways(group, user, length);
    let step = |at: &u32| why.steps[*at as usize].id.as_str();
    let ways: BTreeSet<Vec<&str>> = why.ways.iter().map(|way| way.iter().map(step).collect()).collect();
    assert_eq!((why.length, &why.count, &ways), (Some(length), &want.len().to_string(), &want));
    let names: Vec<&str> = why.steps.iter().map(|step| step.name.as_str()).collect();
    person.screen.shows(&names);
    let stands = "every shortest way as a tree; `n` for one after the other, `x` for what a removal would change";
    Answered { question: "why is this user in that group", steps, stands, keys: person.keys }
}

async fn which_groups_are_empty(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    let steps = "3 tab / is:empty enter";
    person.takes(steps, &[]).await;
    let keys = person.keys;
    // Who is in the recycle bin is in no group, though one may still name her.
    let want = tenant.groups_where(|group| tenant.size(group) == 0);
    assert!(want.len() > 2, "{want:?}");
    assert_eq!(person.ids().await, want);
    Answered { question: "which groups are empty", steps, stands: "the list; its number in the corner", keys }
}

async fn which_guests_can_have_roles(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    let steps = "3 tab tab tab / type:guest fromrole:true enter";
    person.takes(steps, &[]).await;
    let keys = person.keys;
    let is_guest = |id: &String| tenant.users.get(id).is_some_and(|user| user["userType"] == "Guest");
    let has_roles = |id: &String| tenant.groups[id]["isAssignableToRole"] == true;
    let want: BTreeSet<(String, String)> =
        tenant.now.members.iter().filter(|(group, member)| has_roles(group) && is_guest(member)).cloned().collect();
    assert!(!want.is_empty(), "a tenant worth the question");
    let rows = person.rows().await;
    let listed: BTreeSet<_> = rows.into_iter().map(|row| (row.edge.unwrap().from_id, row.id)).collect();
    assert_eq!(listed, want);
    let stands = "one line for each guest and group";
    Answered { question: "which guests sit in role-assignable groups", steps, stands, keys }
}

async fn which_groups_are_in_a_cycle(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    let steps = "3 tab / in:cycle enter";
    person.takes(steps, &[]).await;
    let keys = person.keys;
    let want = tenant.groups_where(|group| tenant.reach(group).contains_key(group));
    assert!(want.len() > 2, "{want:?}");
    assert_eq!(person.ids().await, want);
    person.screen.shows(&["∞"]);
    Answered {
        question: "which groups are in a cycle",
        steps,
        stands: "the list, each with its `∞`; `w` walks round",
        keys,
    }
}

async fn the_ten_largest_groups(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    // From wherever one is.
    person.screen.press("3");
    person.screen.settle().await;
    let steps = "o";
    person.takes(steps, &[]).await;
    let largest = person.model().dashboard.glance.ready().unwrap().largest.clone();
    let mut sizes: Vec<u64> = tenant.groups.keys().map(|group| tenant.size(group)).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(largest.iter().map(|(_, size)| *size).collect::<Vec<_>>(), sizes[..10]);
    for (group, size) in &largest {
        assert_eq!(tenant.size(&group.id), *size, "{}", group.name);
        let begin: String = group.name.chars().take(12).collect();
        person.screen.shows(&[&begin]);
    }
    let stands = "beside the steps of the overview; enter opens one";
    Answered { question: "the ten largest groups", steps, stands, keys: person.keys }
}

async fn what_changed(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    let steps = "3 tab tab tab tab";
    person.takes(steps, &[]).await;
    let keys = person.keys;
    let mut objects: BTreeMap<Change, BTreeSet<String>> = BTreeMap::new();
    let mut edges: BTreeMap<Change, BTreeSet<(String, String)>> = BTreeMap::new();
    for item in person.listed().await {
        let Item::Diff(row) = item else { panic!("{item:?}") };
        let new = match row.edge {
            Some(edge) => edges.entry(row.change).or_default().insert((edge.from_id, row.id)),
            None => objects.entry(row.change).or_default().insert(row.id),
        };
        assert!(new, "twice");
    }
    let (before, now) = (&tenant.before, &tenant.now);
    let keyed = |truth: &Truth| -> BTreeMap<String, Value> {
        // The account's key is not its id; nothing about it changes.
        [EntityKind::User, EntityKind::Group, EntityKind::Member].into_iter().flat_map(|k| truth.of_kind(k)).collect()
    };
    let (old, new) = (keyed(before), keyed(now));
    let only = |a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>| -> BTreeSet<String> {
        a.keys().filter(|key| !b.contains_key(*key)).cloned().collect()
    };
    let changed = new.iter().filter(|(key, object)| old.get(*key).is_some_and(|was| was != *object));
    let want = BTreeMap::from([
        (Change::Came, only(&new, &old)),
        (Change::Changed, changed.map(|(key, _)| key.clone()).collect()),
        (Change::Went, only(&old, &new)),
    ]);
    assert!(want.values().all(|some| !some.is_empty()), "{want:?}");
    assert_eq!(objects, want);
    let want = BTreeMap::from([
        (Change::Came, now.members.difference(&before.members).cloned().collect::<BTreeSet<_>>()),
        (Change::Went, before.members.difference(&now.members).cloned().collect()),
    ]);
    assert_eq!(edges, want);
    let stands = "what came, changed and went, with what is different";
    Answered { question: "what changed since the last run", steps, stands, keys }
}

/// Of a tenant whose app may not see hidden memberships, which the demo's is not.
async fn which_memberships_are_missing() -> Answered {
    let stage = Stage::open("hidden-groups", 300, 60, 1, Latency::Scenario).await;
    stage.collect().await;
    let tenant = Tenant::of(&stage, 0);
    let mut person = Person::at(&stage).await;
    let steps = "3 backtab backtab";
    person.takes(steps, &[]).await;
    let keys = person.keys;
    let want = tenant.groups_where(|group| tenant.groups[group]["visibility"] == "HiddenMembership");
    assert!(want.len() > 1, "{want:?}");
    let about = |item: Item| match item {
        Item::Finding(finding) => finding.id,
        other => panic!("{other:?} is no finding"),
    };
    let found: BTreeSet<String> = person.listed().await.into_iter().filter_map(about).collect();
    assert_eq!(found, want);
    // The list of groups knows them as well.
    let mut person = Person::at(&stage).await;
    person.takes("3 tab / is:incomplete enter", &[]).await;
    assert_eq!(person.ids().await, want);
    let stands = "each with why, what it means and what to do; `is:incomplete` leaves them of the groups";
    Answered { question: "which memberships could not be read", steps, stands, keys }
}

async fn which_users_belong_to_nothing(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    let steps = "3 / in:nothing enter";
    person.takes(steps, &[]).await;
    let keys = person.keys;
    let mut groups: BTreeMap<&str, u64> = tenant.users.keys().map(|user| (user.as_str(), 0)).collect();
    for (_, member) in &tenant.now.members {
        groups.entry(member).and_modify(|count| *count += 1);
    }
    let in_at_most = |n| -> BTreeSet<String> {
        groups.iter().filter(|(_, count)| **count <= n).map(|(user, _)| (*user).to_owned()).collect()
    };
    // The accounts of programs.
    assert!(in_at_most(0).len() > 2);
    assert_eq!(person.ids().await, in_at_most(0));
    // And who is in hardly any group but everybody's.
    assert!(in_at_most(2).len() > in_at_most(0).len());
    person.takes("/ ctrl-u groups:<3 enter", &[]).await;
    assert_eq!(person.ids().await, in_at_most(2));
    let stands = "the list; `groups:<3` for who is in hardly any";
    Answered { question: "which users belong to nothing", steps, stands, keys }
}

async fn what_will_be_uploaded(stage: &Stage, tenant: &Tenant) -> Answered {
    let mut person = Person::at(stage).await;
    let (_, user) = tenant.nested();
    let steps = "3 / USER enter enter tab tab";
    person.takes(steps, &[("USER", &Tenant::typed(&tenant.users, user).unwrap())]).await;
    let open = person.model().browse.open().expect("an object");
    assert_eq!((open.id.as_str(), open.face), (user, Face::Upload));
    let Pane::Ready(detail) = &person.model().browse.detail else { panic!("{}", person.screen.raw()) };
    assert_eq!(detail.entity, tenant.now.of_kind(EntityKind::User)[user]);
    let groups: BTreeSet<_> =
        open.up.ready().expect("its edges").rows.iter().map(|row| row.edge.clone().unwrap().from_id).collect();
    let want: BTreeSet<_> = tenant.now.members.iter().filter(|(_, m)| m == user).map(|(g, _)| g.clone()).collect();
    assert_eq!(groups, want);
    person.screen.shows(&["active_directory_user", user]);
    let stands = "each property and edge, with what the data model says of it";
    Answered { question: "what will be uploaded for this user", steps, stands, keys: person.keys }
}

#[tokio::test(start_paused = true)]
async fn ten_questions_take_under_ten_seconds_of_keys() {
    let stage = Stage::open("default", 2_000, 300, 1, Latency::Scenario).await;
    stage.collect().await;
    stage.demo.advance();
    stage.collect().await;
    let tenant = Tenant::of(&stage, 1);
    let all = [
        who_is_in_this_group(&stage, &tenant).await,
        why_is_this_user_in_it(&stage, &tenant).await,
        which_groups_are_empty(&stage, &tenant).await,
        which_guests_can_have_roles(&stage, &tenant).await,
        which_groups_are_in_a_cycle(&stage, &tenant).await,
        the_ten_largest_groups(&stage, &tenant).await,
        what_changed(&stage, &tenant).await,
        which_memberships_are_missing().await,
        which_users_belong_to_nothing(&stage, &tenant).await,
        what_will_be_uploaded(&stage, &tenant).await,
    ];
    let readme = include_str!("../../README.md");
    for answered in &all {
        let time = answered.keys * MILLISECONDS_A_KEY;
        assert!(time < AT_MOST, "{} takes {time} ms", answered.question);
    }
    let missing: Vec<String> = all.iter().map(Answered::row).filter(|row| !readme.contains(row)).collect();
    assert!(missing.is_empty(), "the README lacks:\n{}", missing.join("\n"));
}
