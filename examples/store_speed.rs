//! How fast the store writes a large directory, and what it takes:
//! `cargo run --release --example store_speed [SCALE [first]]`.
//!
//! 500,000 users of a kilobyte each and 150,000 groups with 5.6 million memberships, times SCALE: read in full, read again
//! unchanged, then by changes; with `first`, read in full only. Only the store's own time counts, in seconds of the
//! processor and (in brackets) of the clock; what a thread of its own sorts for an index is in the clock's only.

use std::{fs, time::Instant};

use jiff::Timestamp;
use serde_json::value::RawValue;
use tenantry::{
    domain::{
        completeness::{Collection, RunStatus},
        ids::TenantId,
        kind::EntityKind,
        reading::RunKind,
    },
    store::{
        Checkpoint, ListEnd, MemberRef, MembersChange, MembersWrite, ObjectWrite, PageWrite, RunEnd, RunPlan, Via,
        Writer,
    },
};

const USER: &str = "#microsoft.graph.user";

fn guid(kind: u64, n: u64) -> String {
    let mix = |mut x: u64| {
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    let (a, b) = (mix(n * 2 + 1 + (kind << 40)), mix(n * 2 + 2 + (kind << 41)));
    uuid::Uuid::from_u64_pair(a, b).to_string()
}

/// The processor's nanoseconds of this thread.
fn processor() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

fn most_memory() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[derive(Default)]
struct Spent {
    processor: f64,
    clock: f64,
}

impl Spent {
    fn on<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (at, busy) = (Instant::now(), processor());
        let out = work();
        self.clock += at.elapsed().as_secs_f64();
        self.processor += (processor() - busy) as f64 / 1e9;
        out
    }

    fn take_off(&mut self, other: &Self) {
        self.clock -= other.clock;
        self.processor -= other.processor;
    }

    fn tell(&self, what: &str, n: u64, path: &std::path::Path) {
        let size =
            |ending: &str| fs::metadata(format!("{}{ending}", path.display())).map_or(0, |m| m.len() / 1_000_000);
        println!(
            "{what:<28} {:>7.2} s ({:>7.2})  {:>9.0}/s  peak {:>4} MB  file {:>4} MB + {} MB",
            self.processor,
            self.clock,
            n as f64 / self.processor.max(1e-9),
            most_memory(),
            size(""),
            size("-wal"),
        );
        // The peak of what comes next, not of all so far.
        fs::write("/proc/self/clear_refs", "5").ok();
    }
}

struct Tenant {
    users: u64,
    groups: u64,
}

impl Tenant {
    fn user(&self, n: u64) -> ObjectWrite {
        let id = guid(1, n);
        let raw = format!(
            r#"{{"id":"{id}","displayName":"User {n} Somebody","givenName":"User {n}","surname":"Somebody","userPrincipalName":"user{n}@contoso.onmicrosoft.com","mail":"user{n}@contoso.com","jobTitle":"Engineer {}","department":"Department {}","companyName":"Contoso Limited","employeeId":"{n}","mobilePhone":null,"businessPhones":["+1 555 {n}"],"officeLocation":"Building {}","preferredLanguage":"en-US","usageLocation":"US","userType":"Member","externalUserState":null,"accountEnabled":true,"createdDateTime":"2020-01-01T00:00:00Z","onPremisesSyncEnabled":null,"padding":"{}"}}"#,
            n % 50,
            n % 100,
            n % 30,
            "x".repeat(400)
        );
        ObjectWrite { kind: EntityKind::User, id, odata_type: USER.into(), raw: RawValue::from_string(raw).unwrap() }
    }

    fn group(&self, n: u64) -> ObjectWrite {
        let id = guid(2, n);
        let raw = format!(
            r#"{{"id":"{id}","displayName":"Group {n}","description":"All of group {n}","mailEnabled":false,"securityEnabled":true,"groupTypes":[],"createdDateTime":"2020-01-01T00:00:00Z","visibility":null,"mailNickname":"group{n}"}}"#
        );
        let odata_type = "#microsoft.graph.group".into();
        ObjectWrite { kind: EntityKind::Group, id, odata_type, raw: RawValue::from_string(raw).unwrap() }
    }

    /// One of everybody, one in ten of some hundreds, the others of a few.
    fn size(&self, group: u64) -> u64 {
        match group {
            0 => self.users,
            n if n.is_multiple_of(10) => 20 + (n * 7) % 500,
            n => n % 18,
        }
    }

    fn member(&self, group: u64, n: u64) -> MemberRef {
        let user = if group == 0 { n } else { (group.wrapping_mul(7919) + n * 104_729) % self.users };
        MemberRef { id: guid(1, user).into(), odata_type: USER.into() }
    }
}

fn ended(collection: Collection, delta: bool) -> PageWrite {
    let checkpoint =
        Checkpoint { collection, next_link: None, done: 0, total: None, end: Some(ListEnd::COMPLETE), delta };
    PageWrite { checkpoint: Some(checkpoint), ..PageWrite::default() }
}

/// Pages as a run hands them over: users, groups, members of these groups; then the users that are left.
fn pages(tenant: &Tenant, round: u64) -> impl Iterator<Item = PageWrite> + '_ {
    let users = (round * 999).min(tenant.users)..(round * 999 + 999).min(tenant.users);
    let groups = (round * 600).min(tenant.groups)..(round * 600 + 600).min(tenant.groups);
    let of_users = users.map(|n| tenant.user(n));
    let of_groups = groups.clone().map(|n| tenant.group(n));
    let objects = [
        PageWrite { objects: of_users.collect(), ..PageWrite::default() },
        PageWrite { objects: of_groups.collect(), ..PageWrite::default() },
    ];
    let list = move |group: u64, from: u64, to: u64| {
        let size = tenant.size(group);
        MembersWrite {
            group: guid(2, group),
            members: (from..to).map(|n| tenant.member(group, n)).collect(),
            end: (to == size).then_some(ListEnd::COMPLETE),
            reset: false,
            via: if size < 20 { Via::Expansion(u32::try_from(size).unwrap()) } else { Via::List },
        }
    };
    let (short, long): (Vec<u64>, Vec<u64>) = groups.partition(|group| tenant.size(*group) < 20);
    let short = short.into_iter().map(|group| list(group, 0, tenant.size(group))).collect();
    let long = long.into_iter().flat_map(move |group| {
        let size = tenant.size(group);
        (0..size.div_ceil(999)).map(move |slice| list(group, slice * 999, (slice * 999 + 999).min(size)))
    });
    let members = std::iter::once(short).chain(long.map(|list| vec![list]));
    let members = members.map(|members| PageWrite { members, ..PageWrite::default() });
    objects.into_iter().chain(members)
}

fn full(writer: &mut Writer, tenant: &Tenant, second: i64) -> u64 {
    let at = Timestamp::from_second(1_800_000_000 + second).unwrap();
    let run = writer.begin_run(at, &RunPlan::default()).unwrap();
    let edges = (0..tenant.groups).map(|group| tenant.size(group)).sum();
    let (of_members, of_users) = (tenant.groups.div_ceil(600), tenant.users.div_ceil(999));
    for (what, n, rounds) in [
        ("memberships and some users", edges, 0..of_members),
        ("other users", tenant.users.saturating_sub(of_members * 999), of_members..of_users),
    ] {
        let mut spent = Spent::default();
        let mut rounds = rounds.peekable();
        while rounds.peek().is_some() {
            // About what a run puts into one transaction.
            let mut some = rounds.by_ref().take(20).flat_map(|round| pages(tenant, round));
            let mut making = Spent::default();
            spent.on(|| writer.commit_all(run, std::iter::from_fn(|| making.on(|| some.next()))).unwrap());
            spent.take_off(&making);
        }
        spent.tell(what, n, writer.path());
    }
    for collection in Collection::ALL {
        writer.commit(run, &ended(collection, false)).unwrap();
    }
    let mut asking = Spent::default();
    let unresolved = asking.on(|| writer.unresolved(run).unwrap());
    asking.tell(&format!("unresolved: {}", unresolved.len()), edges, writer.path());
    finish(writer, run, at, edges);
    edges
}

fn finish(writer: &mut Writer, run: tenantry::domain::ids::RunId, at: Timestamp, edges: u64) {
    let end = RunEnd { status: RunStatus::Complete, finished_at: at, requests: 0, resource_units: 0, seconds: 0.0 };
    let mut spent = Spent::default();
    let info = spent.on(|| writer.finish_run(run, &end).unwrap());
    spent.tell(&format!("finish: {}, {} gaps", info.status.as_str(), info.gaps.len()), edges, writer.path());
}

fn main() {
    let scale: f64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(1.0);
    let tenant = Tenant { users: (500_000.0 * scale) as u64, groups: (150_000.0 * scale) as u64 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let id = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
    let mut writer = Writer::open(&path, &id, Timestamp::UNIX_EPOCH).unwrap();
    println!("a full run");
    let edges = full(&mut writer, &tenant, 0);
    if std::env::args().nth(2).as_deref() == Some("first") {
        return;
    }
    println!("the same again");
    full(&mut writer, &tenant, 100);

    println!("changes of 1,000 groups");
    let at = Timestamp::from_second(1_800_000_200).unwrap();
    let mut spent = Spent::default();
    let run = writer.begin_run(at, &RunPlan { kind: RunKind::Delta, plan: String::new() }).unwrap();
    let changes: Vec<MembersChange> = (1..1000.min(tenant.groups))
        .map(|n| MembersChange {
            group: guid(2, n),
            added: vec![MemberRef { id: guid(1, n).into(), odata_type: USER.into() }],
            removed: vec![tenant.member(n, 0).id.to_string()],
        })
        .collect();
    let n = changes.len() as u64 * 2;
    spent.on(|| writer.commit(run, &PageWrite { changes, ..PageWrite::default() }).unwrap());
    spent.tell("changes", n, &path);
    for collection in Collection::ALL {
        writer.commit(run, &ended(collection, true)).unwrap();
    }
    let mut asking = Spent::default();
    let to_read = asking.on(|| writer.groups_to_read(run).unwrap());
    asking.tell(&format!("groups to read: {}", to_read.len()), tenant.groups, &path);
    finish(&mut writer, run, at, edges);
    let mut pruning = Spent::default();
    pruning.on(|| writer.prune(1).unwrap());
    pruning.tell("prune", 2, &path);
}
