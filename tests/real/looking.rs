//! What is asked of a store: `list`, `show`, `members`, `groups`, `why`, `tree`, `diff`, with the real binary, held against the
//! tenant that the seed defines. The server is gone by then: none of it makes a request.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    process::Stdio,
};

use serde_json::Value;

use crate::{
    journey::Truth,
    program::{Done, Home, Served},
};

const SIZE: [&str; 6] = ["--users", "160", "--groups", "60", "--seed", "7"];

/// A store, and nobody who would answer a request.
struct Store {
    home: Home,
    tenant: String,
}

impl Store {
    /// Collects once, and once more after each change of the tenant.
    fn collected(args: &[&str], runs: u32) -> Self {
        let home = Home::new();
        let served = Served::start(&home, args);
        for run in 0..runs {
            if run > 0 {
                served.advance();
            }
            let collect = served.run(&home, &["collect"]);
            assert!([0, 3].contains(&collect.code), "{}", collect.stderr);
        }
        Self { tenant: served.text("tenant_id").to_owned(), home }
    }

    fn ask(&self, args: &[&str]) -> Done {
        let mut command = self.home.tenantry();
        command.args(args).args(["--tenant-id", &self.tenant]);
        Done::of(&command.output().unwrap())
    }

    /// The objects of one event.
    fn lines(&self, event: &str, args: &[&str]) -> Vec<Value> {
        let done = self.ask(&[args, &["--json"]].concat()).expect(0);
        assert_eq!(done.finished()["status"], "complete");
        done.json.iter().filter(|line| line["event"] == event).cloned().collect()
    }

    fn rows(&self, args: &[&str]) -> Vec<Value> {
        self.lines("row", args)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    let ids: BTreeSet<_> = rows.iter().map(|row| text(&row["id"])).collect();
    assert_eq!(ids.len(), rows.len(), "each once");
    ids
}

/// The edges of the tenant, walked without our code.
struct Edges {
    down: BTreeMap<String, BTreeSet<String>>,
    up: BTreeMap<String, BTreeSet<String>>,
}

impl Edges {
    fn of(truth: &Truth) -> Self {
        let (mut down, mut up) = (BTreeMap::<_, BTreeSet<_>>::new(), BTreeMap::<_, BTreeSet<_>>::new());
        for (group, member) in &truth.members {
            down.entry(group.clone()).or_default().insert(member.clone());
            up.entry(member.clone()).or_default().insert(group.clone());
        }
        Self { down, up }
    }

    /// How far all is that lies behind, the beginning left out.
    fn behind(edges: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeMap<String, u64> {
        let (mut far, mut here) = (BTreeMap::new(), BTreeSet::from([from.to_owned()]));
        for depth in 1.. {
            let next: BTreeSet<String> = here.iter().filter_map(|node| edges.get(node)).flatten().cloned().collect();
            here = next.into_iter().filter(|node| node != from && !far.contains_key(node)).collect();
            if here.is_empty() {
                break;
            }
            far.extend(here.iter().map(|node| (node.clone(), depth)));
        }
        far
    }

    /// The length of a shortest way, and how many there are: by trying all of each length.
    fn ways(&self, group: &str, object: &str) -> Option<(u64, u64)> {
        let mut ends = BTreeMap::from([(group.to_owned(), 1)]);
        for length in 1..20 {
            let mut next = BTreeMap::<String, u64>::new();
            for (node, count) in &ends {
                for member in self.down.get(node).into_iter().flatten() {
                    *next.entry(member.clone()).or_default() += count;
                }
            }
            if let Some(count) = next.get(object) {
                return Some((length, *count));
            }
            ends = next;
        }
        None
    }
}

#[test]
fn lists_are_what_the_tenant_is() {
    let store = Store::collected(&SIZE, 1);
    let truth = Truth::write(&store.home, &SIZE, 0);
    let keys = |of: &BTreeMap<String, Value>| of.keys().cloned().collect::<BTreeSet<_>>();
    for (list, want) in
        [("users", keys(&truth.users)), ("groups", keys(&truth.groups)), ("members", keys(&truth.others))]
    {
        assert_eq!(ids(&store.rows(&["list", list])), want, "{list}");
    }
    assert_eq!(ids(&store.rows(&["list", "accounts"])), BTreeSet::from([text(&truth.organization["id"])]));

    let edges = store.rows(&["list", "edges"]);
    let ends: BTreeSet<_> = edges.iter().map(|row| (text(&row["from_id"]), text(&row["id"]))).collect();
    assert_eq!(ends.len(), edges.len(), "each once");
    let account = text(&truth.organization["id"]);
    let of_account = truth.users.keys().chain(truth.groups.keys()).map(|id| (account.clone(), id.clone()));
    assert_eq!(ends, truth.members.iter().cloned().chain(of_account).collect());

    // The largest first, and no more than asked for.
    let sizes = Edges::of(&truth).down.values().map(BTreeSet::len).collect::<Vec<_>>();
    let mut want: Vec<_> = sizes.iter().map(|size| *size as u64).collect();
    want.sort_unstable_by(|a, b| b.cmp(a));
    let largest = store.rows(&["list", "groups", "--sort", "-members,name", "--limit", "10"]);
    let got: Vec<_> = largest.iter().map(|row| row["members"].as_u64().unwrap()).collect();
    assert_eq!(got, want[..10]);

    // Filters.
    let guests = |user: &&Value| user["userType"] == "Guest";
    let want: BTreeSet<_> = truth.users.values().filter(guests).map(|user| text(&user["id"])).collect();
    assert!(!want.is_empty());
    assert_eq!(ids(&store.rows(&["list", "users", "--filter", "type:guest"])), want);
    let in_none = |id: &&String| !truth.members.iter().any(|(_, member)| member == *id);
    let want: BTreeSet<_> = truth.users.keys().filter(in_none).cloned().collect();
    assert_eq!(ids(&store.rows(&["list", "users", "--filter", "groups:0"])), want);
    let wrong = store.ask(&["list", "users", "--filter", "shoe:42"]).expect(2);
    assert!(wrong.stderr.contains("shoe") && wrong.stdout.is_empty(), "{}{}", wrong.stderr, wrong.stdout);

    // For spreadsheets and for people.
    let csv = store.ask(&["list", "users", "--csv", "--columns", "name,id"]).expect(0).stdout;
    assert_eq!(csv.lines().count(), truth.users.len() + 1);
    assert_eq!(csv.lines().next(), Some("name,id"));
    let table = store.ask(&["list", "users"]).expect(0);
    assert_eq!(table.stdout.lines().count(), truth.users.len() + 1);
    assert!(table.stdout.lines().all(|line| !line.chars().any(char::is_control)), "{:?}", table.stdout);
    assert!(table.stderr.contains(&format!("{} rows", truth.users.len())), "{}", table.stderr);

    let runs = store.lines("run", &["list", "runs"]);
    assert_eq!((runs.len(), &runs[0]["id"], &runs[0]["status"]), (1, &1.into(), &"complete".into()));
}

#[test]
fn whoever_is_in_a_group_is_found_with_its_ways() {
    let store = Store::collected(&SIZE, 1);
    let truth = Truth::write(&store.home, &SIZE, 0);
    let edges = Edges::of(&truth);

    // Groups of groups, the self-nested, those in a cycle, and the one of everybody.
    let holds_groups = |id: &&String| edges.down[*id].iter().any(|member| truth.groups.contains_key(member));
    let mut groups: Vec<&String> = edges.down.keys().filter(holds_groups).collect();
    groups.extend(edges.down.iter().max_by_key(|(_, members)| members.len()).map(|(id, _)| id));
    let in_cycle: BTreeSet<_> = truth
        .groups
        .keys()
        .filter(|id| edges.down.get(*id).is_some_and(|below| below.contains(*id)) || edges.ways(id, id).is_some())
        .cloned()
        .collect();
    assert!(groups.len() > 5 && in_cycle.len() > 3, "a tenant worth the test: {groups:?} {in_cycle:?}");
    assert_eq!(ids(&store.rows(&["list", "groups", "--filter", "in:cycle"])), in_cycle);
    for group in groups {
        let direct = ids(&store.rows(&["members", group]));
        assert_eq!(direct, edges.down[group], "direct members of {group}");
        let rows = store.rows(&["members", group, "--effective"]);
        let far: BTreeMap<_, _> = rows.iter().map(|row| (text(&row["id"]), row["depth"].as_u64().unwrap())).collect();
        assert_eq!(far.len(), rows.len(), "each once");
        assert_eq!(far, Edges::behind(&edges.down, group), "effective members of {group}");
    }

    // A user and a device in many ways.
    let most = |of: &BTreeMap<String, Value>| {
        let ups = of.keys().map(|id| (Edges::behind(&edges.up, id).len(), id.clone()));
        ups.max().unwrap().1
    };
    for object in [most(&truth.users), most(&truth.others), in_cycle.first().unwrap().clone()] {
        let direct = edges.up.get(&object).cloned().unwrap_or_default();
        assert_eq!(ids(&store.rows(&["groups", &object])), direct, "groups of {object}");
        let above = Edges::behind(&edges.up, &object);
        let rows = store.rows(&["groups", &object, "--effective"]);
        let far: BTreeMap<_, _> = rows.iter().map(|row| (text(&row["id"]), row["depth"].as_u64().unwrap())).collect();
        assert_eq!(far, above, "all groups of {object}");
        let elsewhere = truth.groups.keys().find(|id| !above.contains_key(*id)).unwrap();
        for group in above.keys().chain([elsewhere, &object]).filter(|id| truth.groups.contains_key(*id)) {
            let done = store.ask(&["why", &object, group, "--json"]).expect(0);
            let why = done.json.iter().find(|line| line["event"] == "why").unwrap();
            let got = why["length"].as_u64().map(|length| (length, text(&why["count"]).parse().unwrap()));
            assert_eq!(got, edges.ways(group, &object), "{object} in {group}");
            let ways: Vec<_> = done.json.iter().filter(|line| line["event"] == "way").collect();
            assert_eq!(ways.len() as u64, got.map_or(0, |(_, count): (u64, u64)| count.min(100)));
            for way in ways {
                let ids: Vec<_> = way["ids"].as_array().unwrap().iter().map(text).collect();
                assert_eq!([&ids[0], &ids[ids.len() - 1]], [group, &object]);
                assert!(ids.windows(2).all(|pair| edges.down[&pair[0]].contains(&pair[1])), "{ids:?}");
            }
        }
    }
}

#[test]
fn what_is_around_an_object_is_drawn() {
    let store = Store::collected(&SIZE, 1);
    let truth = Truth::write(&store.home, &SIZE, 0);
    let edges = Edges::of(&truth);
    let near = |far: &BTreeMap<String, u64>, depth| -> BTreeSet<String> {
        far.iter().filter(|(_, far)| **far <= depth).map(|(id, _)| id.clone()).collect()
    };
    // Groups in a cycle, the one of everybody, those whose names are hostile, and a user.
    let hostile = |group: &&Value| group["displayName"].as_str().is_some_and(|name| name.chars().any(char::is_control));
    let mut objects: Vec<String> =
        ids(&store.rows(&["list", "groups", "--filter", "in:cycle"])).into_iter().take(2).collect();
    objects.extend(edges.down.iter().max_by_key(|(_, members)| members.len()).map(|(id, _)| id.clone()));
    objects.extend(truth.groups.values().find(hostile).map(|group| text(&group["id"])));
    objects.extend(truth.users.keys().max_by_key(|id| Edges::behind(&edges.up, id).len()).cloned());
    assert_eq!(objects.len(), 5, "a tenant worth the test");
    for id in &objects {
        let is_group = truth.groups.contains_key(id);
        let (up, down) = (Edges::behind(&edges.up, id), Edges::behind(&edges.down, id));
        for depth in [1, 2, 9] {
            let tree = store.ask(&["tree", id, "--depth", &depth.to_string(), "--limit", "5000", "--json"]).expect(0);
            let found: BTreeSet<String> =
                tree.json.iter().filter(|line| line["event"] == "object").map(|line| text(&line["id"])).collect();
            let (above, below) = (near(&up, depth), near(&down, depth));
            let head = tree.json.iter().find(|line| line["event"] == "tree").unwrap();
            assert_eq!(head["groups"]["within"], above.len(), "{head}");
            let is_whole = above.len() == up.len() && below.len() == down.len();
            assert_eq!(tree.finished()["left_out"].as_array().unwrap().is_empty(), is_whole, "{id}, {depth} deep");
            assert_eq!(head["members"]["within"].as_u64(), is_group.then_some(below.len() as u64), "{head}");
            let want: BTreeSet<String> = above.into_iter().chain(below).chain([id.clone()]).collect();
            assert_eq!(found, want, "around {id}, {depth} deep");
            for edge in tree.json.iter().filter(|line| line["event"] == "membership") {
                assert!(edges.down[&text(&edge["from_id"])].contains(&text(&edge["id"])), "{edge}");
            }
        }
        // With little room what is left out is counted, in every format.
        assert!(up.len() + down.len() > 2, "an object worth the test: {id}");
        let words = store.ask(&["tree", id, "--limit", "3", "--depth", "99"]).expect(0).stdout;
        assert!(words.contains(id) && words.contains("Left out: "), "{words}");
        assert!(words.chars().all(|c| c == '\n' || !c.is_control()), "{words:?}");
        for (format, begins) in [("mermaid", "%% "), ("dot", "// "), ("graphml", "<?xml ")] {
            let drawn = store.ask(&["graph", id, "--limit", "3", "--depth", "99", "--format", format]).expect(0);
            assert!(drawn.stdout.starts_with(begins) && drawn.stdout.contains("Left out: "), "{}", drawn.stdout);
            assert!(drawn.stderr.contains("Left out: "), "{}", drawn.stderr);
        }
        let xml = store.ask(&["tree", id, "--format", "graphml"]).expect(0).stdout;
        let xml = roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}\n{xml}"));
        let ids: BTreeSet<&str> = xml
            .descendants()
            .filter(|data| data.attribute("key") == Some("directory_id"))
            .filter_map(|data| data.text())
            .collect();
        assert!(ids.contains(id.as_str()) && ids.len() > 1, "{ids:?}");
    }
    let user = objects.last().unwrap();
    let none = store.ask(&["tree", user, "--down", "--json"]).expect(2).finished()["error"].clone();
    assert_eq!(none["code"], "no_group", "{none}");
    let account =
        store.ask(&["tree", &text(&truth.organization["id"]), "--json"]).expect(2).finished()["error"].clone();
    assert_eq!(account["code"], "no_tree", "{account}");
}

#[test]
fn objects_go_by_every_name_that_people_have_for_them() {
    let store = Store::collected(&SIZE, 1);
    let truth = Truth::write(&store.home, &SIZE, 0);
    let with_mail = |user: &&Value| user["mail"].is_string() && user["displayName"].is_string();
    let user = truth.users.values().find(with_mail).unwrap();
    let id = text(&user["id"]);
    for name in [id.clone(), id.to_uppercase(), text(&user["userPrincipalName"]).to_uppercase(), text(&user["mail"])] {
        let shown = store.lines("object", &["show", &name]);
        assert_eq!((&shown[0]["id"], &shown[0]["raw"]["jobTitle"]), (&user["id"], &user["jobTitle"]), "{name}");
        assert_eq!(shown[0]["entity"]["_type"], "active_directory_user");
    }
    let page = store.ask(&["show", &id]).expect(0).stdout;
    for words in ["Sign-in name", &text(&user["userPrincipalName"]), "Directly in", "active_directory_user"] {
        assert!(page.contains(words), "{words} in\n{page}");
    }

    let (group, name) = truth.any_group();
    let members = store.ask(&["members", &name]);
    assert!(members.stdout.contains(&name) && members.code == 0, "{}", members.stderr);
    assert_eq!(ids(&store.rows(&["members", &name])), Edges::of(&truth).down.get(&group).cloned().unwrap_or_default());

    // What fits several, what fits nothing, and what is no group.
    let mut names = BTreeMap::<String, Vec<String>>::new();
    for (id, object) in truth.users.iter().chain(&truth.groups).filter(|(_, object)| object["displayName"].is_string())
    {
        names.entry(text(&object["displayName"])).or_default().push(id.clone());
    }
    if let Some((name, all)) = names.iter().find(|(_, all)| all.len() > 1) {
        let several = store.ask(&["show", name]).expect(2);
        assert!(all.iter().all(|id| several.stderr.contains(id)), "{}", several.stderr);
        assert!(several.stdout.is_empty());
    }
    let nothing = store.ask(&["show", "No Such Object", "--json"]).expect(2);
    assert_eq!(nothing.finished()["error"]["code"], "no_such_object");
    let no_group = store.ask(&["members", &id, "--json"]).expect(2);
    assert_eq!(no_group.finished()["error"]["code"], "no_group");
    let no_run = store.ask(&["show", &id, "--run", "9", "--json"]).expect(2);
    assert_eq!(no_run.finished()["error"]["code"], "no_such_run");
    let alone = store.ask(&["diff", "--json"]).expect(2);
    assert_eq!(alone.finished()["error"]["code"], "no_run");
}

#[test]
fn what_changed_between_two_runs_is_told() {
    let store = Store::collected(&SIZE, 2);
    let (before, now) = (Truth::write(&store.home, &SIZE, 0), Truth::write(&store.home, &SIZE, 1));
    let all = |truth: &Truth| truth.ids().collect::<BTreeSet<_>>();
    let objects = |change: &str| {
        let rows = store.lines("object", &["diff", "--only", "objects", "--filter", &format!("change:{change}")]);
        ids(&rows)
    };
    assert_eq!(objects("came"), all(&now).difference(&all(&before)).cloned().collect());
    assert_eq!(objects("went"), all(&before).difference(&all(&now)).cloned().collect());
    let memberships = |change: &str| -> BTreeSet<(String, String)> {
        let rows = store
            .lines("membership", &["diff", "1", "2", "--only", "memberships", "--filter", &format!("change:{change}")]);
        rows.iter().map(|row| (text(&row["from_id"]), text(&row["id"]))).collect()
    };
    let account = text(&now.organization["id"]);
    let ours = |pairs: BTreeSet<(String, String)>| pairs.into_iter().filter(|(from, _)| *from != account).collect();
    let (came, went): (BTreeSet<_>, BTreeSet<_>) = (ours(memberships("came")), ours(memberships("went")));
    assert_eq!(came, now.members.difference(&before.members).cloned().collect());
    assert_eq!(went, before.members.difference(&now.members).cloned().collect());
    assert!(!came.is_empty() && !went.is_empty());

    // What became of one object.
    let changed = store.lines("object", &["diff", "--only", "objects", "--filter", "change:changed type:user"]);
    let shown = store.lines("object", &["show", changed[0]["id"].as_str().unwrap()]);
    let latest = &shown[0]["history"][0];
    assert_eq!((&latest["run"], &latest["fields"]), (&2.into(), &changed[0]["fields"]));
    assert!(!changed[0]["fields"].as_array().unwrap().is_empty());

    let words = store.ask(&["diff"]).expect(0).stdout;
    assert!(words.starts_with("From run 1 of ") && words.contains("active_directory_user_group_has_user"), "{words}");
    // For spreadsheets as well: one line more than there are differences.
    let differences = store.lines("object", &["diff"]).len() + store.lines("membership", &["diff"]).len();
    let sheet = store.ask(&["diff", "--csv"]).expect(0).stdout;
    assert!(sheet.starts_with("change,from,name,login,type,kind,id,from_id,edge,what"), "{sheet}");
    assert_eq!(sheet.lines().count(), differences + 1);
    let odd = store.ask(&["diff", "--filter", "chnge:came", "--json"]).expect(2).finished()["error"].clone();
    assert!(odd["code"] == "filter" && !odd.to_string().contains("searched"), "{odd}");
    // Runs are filtered as well, and are in one order.
    let runs = store.lines("run", &["list", "runs", "--filter", "changes"]);
    assert_eq!(runs.iter().map(|run| run["id"].as_i64().unwrap()).collect::<Vec<_>>(), [2]);
    let sorted = store.ask(&["list", "runs", "--sort", "name"]).expect(2).stderr;
    assert!(sorted.contains("list runs takes no --sort") && sorted.contains("--filter and --limit choose"), "{sorted}");
    // An earlier run is looked at as it was.
    assert_eq!(ids(&store.rows(&["list", "users", "--run", "1"])), before.users.keys().cloned().collect());
}

#[test]
fn what_is_not_whole_is_always_said() {
    let args = [&["--scenario", "hidden-groups"][..], &SIZE].concat();
    let store = Store::collected(&args, 1);
    let list = store.ask(&["list", "groups", "--filter", "is:hidden", "--json"]).expect(3);
    let hidden: Vec<_> = list.json.iter().filter(|line| line["event"] == "row").collect();
    assert!(!hidden.is_empty() && hidden.iter().all(|row| row["incomplete"] == "hidden"), "{hidden:?}");
    assert_eq!(list.finished()["incomplete"].as_array().unwrap().len(), hidden.len());
    assert_eq!(list.finished()["status"], "partial");
    assert!(list.stderr.contains("incomplete:"), "{}", list.stderr);
    let tree = store.ask(&["tree", &text(&hidden[0]["id"])]).expect(3);
    assert!(
        tree.stdout.contains("Not all members are known of") && tree.stderr.contains("incomplete:"),
        "{}",
        tree.stdout
    );

    // Nobody can say who is not in a group that hides its members.
    let group = text(&hidden[0]["id"]);
    let user = text(&store.ask(&["list", "users", "--limit", "1", "--json"]).expect(3).json[0]["id"]);
    let why = store.ask(&["why", &user, &group]).expect(3);
    assert!(why.stdout.contains("not certain"), "{}", why.stdout);
    let members = store.ask(&["members", &group]).expect(3);
    assert!(members.stdout.contains("Not all members of it are known: hidden"), "{}", members.stdout);
}

#[test]
fn whoever_stops_reading_ends_it_in_peace() {
    let store = Store::collected(&["--users", "3000", "--groups", "40", "--seed", "7"], 1);
    let mut command = store.home.tenantry();
    command.args(["list", "edges", "--tenant-id", &store.tenant]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut few = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut few).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
