//! The pace against services that count and refuse as documented (facts: graph.md §1), on a clock that stands still
//! while nobody waits.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use super::*;
use crate::graph::{
    Batch, Get,
    stub::{Answer, Seen, Stub, TestClock, answer},
};

/// How the service counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// A bucket that holds ten seconds' worth, and is full at the beginning.
    Bucket,
    /// What was spent in the last ten seconds.
    Window,
    /// Refuses by the bucket, and tells of the last ten seconds.
    Both,
}

/// What it tells beside refusing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    Everything,
    Nothing,
    /// Only that a fraction of a second would have been enough to wait.
    ShortWaits,
}

/// A service with a quota of its own.
struct Service {
    counts: Counts,
    tells: Tells,
    quota: f64,
    used: f64,
    at: Instant,
    spent: VecDeque<(Instant, f64)>,
    /// The sum of `spent`.
    recent: f64,
    total: u64,
    asked: usize,
    refused: Vec<Instant>,
}

impl Service {
    fn new(counts: Counts, tells: Tells, quota: u64) -> Self {
        Self {
            counts,
            tells,
            quota: quota as f64,
            used: 0.0,
            at: Instant::now(),
            spent: VecDeque::new(),
            recent: 0.0,
            total: 0,
            asked: 0,
            refused: Vec::new(),
        }
    }

    /// Whether a request may pass, and the part of the limit that is used then.
    fn charge(&mut self, units: u64) -> (bool, f64) {
        let now = Instant::now();
        self.asked += 1;
        let back = now.duration_since(self.at).as_secs_f64() * self.quota / 10.0;
        self.at = now;
        self.used = (self.used - back).max(0.0);
        while let Some((at, units)) = self.spent.front()
            && now.duration_since(*at) >= Duration::from_secs(10)
        {
            self.recent -= units;
            self.spent.pop_front();
        }
        let units = units as f64;
        let used = if self.counts == Counts::Window { self.recent } else { self.used };
        if used + units > self.quota {
            self.refused.push(now);
            return (false, 1.2);
        }
        self.used += units;
        self.recent += units;
        self.spent.push_back((now, units));
        self.total += units as u64;
        let told = if self.counts == Counts::Bucket { self.used } else { self.recent };
        (true, (told / self.quota).min(1.8))
    }

    /// Status, headers and body of one read.
    fn read(&mut self, url: &str) -> (u16, Vec<(&'static str, String)>, Value) {
        let units = match url {
            _ if url.contains("/transitiveMembers") => 4,
            _ if url.contains("/members") => 2,
            _ => 1,
        };
        let (passes, used) = self.charge(units);
        let mut headers = Vec::new();
        if self.tells == Tells::Everything {
            if used > 0.8 {
                headers.push(("x-ms-throttle-limit-percentage", format!("{used:.2}")));
            }
            if passes {
                headers.push(("x-ms-resource-unit", units.to_string()));
            }
        }
        if passes {
            return (200, headers, json!({ "value": [] }));
        }
        let wait = if self.tells == Tells::ShortWaits { "0.02" } else { "10" };
        headers.push(("Retry-After", wait.to_owned()));
        (429, headers, json!({ "error": { "code": "TooManyRequests", "message": "Please retry again later." } }))
    }

    fn answer(&mut self, seen: &Seen) -> Answer {
        if !seen.path.ends_with("/$batch") {
            let (status, headers, body) = self.read(&seen.path);
            return Answer { headers, ..answer(status, body) };
        }
        let requests = seen.json()["requests"].take();
        let responses: Vec<Value> = requests
            .as_array()
            .unwrap()
            .iter()
            .map(|request| {
                let (status, headers, body) = self.read(request["url"].as_str().unwrap());
                let headers: serde_json::Map<_, _> =
                    headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
                json!({ "id": request["id"], "status": status, "headers": headers, "body": body })
            })
            .collect();
        answer(200, json!({ "responses": responses }))
    }
}

/// What reading came to.
#[derive(Debug)]
struct Came {
    asked: usize,
    /// Seconds after the beginning.
    refused: Vec<f64>,
    seconds: f64,
    /// Spent, as a part of what the quota gives in that time.
    throughput: f64,
    seen: Option<u64>,
}

/// Two members' lists for one expansion: one or two units each.
fn mixed(i: usize) -> String {
    match i % 3 {
        0 => format!("/v1.0/groups?$select=id&$filter=id in ('{i}')&$expand=members($select=id)"),
        _ => format!("/v1.0/groups/{i}/members?$select=id&$top=999"),
    }
}

/// Four units each, so that a long run takes fewer of them.
fn costly(i: usize) -> String {
    format!("/v1.0/groups/{i}/transitiveMembers?$select=id")
}

/// Reads batches of twenty, twelve at once, until `units` are spent.
async fn read(service: Service, latency: u64, told: u64, units: u64, url: fn(usize) -> String) -> Came {
    let stub = Stub::start().await;
    stub.latency(Duration::from_millis(latency));
    let service = Arc::new(Mutex::new(service));
    let model = Arc::clone(&service);
    stub.handle(move |seen| Some(model.lock().unwrap().answer(seen)));
    let client = stub.client(&TestClock::new("2026-11-22T10:00:00Z"));
    client.set_quota(told);
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let worker = async || {
        while service.lock().unwrap().total < units {
            let from = next.fetch_add(20, Ordering::Relaxed);
            let batch = Batch::split((from..from + 20).map(|i| Get::new(&url(i)))).remove(0);
            let replies = client.batch(&batch).await.unwrap();
            assert!(replies.iter().all(Result::is_ok));
        }
    };
    futures::future::join_all((0..12).map(|_| worker())).await;
    let seconds = began.elapsed().as_secs_f64();
    let service = service.lock().unwrap();
    let refused: Vec<f64> = service.refused.iter().map(|at| at.duration_since(began).as_secs_f64()).collect();
    let wire = client.wire();
    assert_eq!((wire.refused as usize, wire.in_flight), (refused.len(), 0));
    assert_eq!(wire.resource_units, service.total);
    let throughput = service.total as f64 / seconds / (service.quota / 10.0);
    Came { asked: service.asked, refused, seconds, throughput, seen: client.seen_quota() }
}

/// A quota of 3,500 taken for one of 8,000.
async fn check_refusals(counts: Counts, latency: u64) {
    let came = read(Service::new(counts, Tells::Everything, 3_500), latency, 8_000, 20_000, mixed).await;
    assert!(came.refused.len() * 100 < came.asked, "{came:?}");
    assert!(came.throughput > 0.7, "{came:?}");
    let seen = came.seen.unwrap();
    assert!((3_400..5_000).contains(&seen), "{came:?}");
}

#[tokio::test(start_paused = true)]
async fn fewer_than_one_in_a_hundred_is_refused() {
    check_refusals(Counts::Bucket, 0).await;
}

#[tokio::test(start_paused = true)]
async fn fewer_than_one_in_a_hundred_is_refused_at_50_ms() {
    check_refusals(Counts::Bucket, 50).await;
}

#[tokio::test(start_paused = true)]
async fn fewer_than_one_in_a_hundred_is_refused_at_250_ms() {
    check_refusals(Counts::Bucket, 250).await;
}

#[tokio::test(start_paused = true)]
async fn fewer_than_one_in_a_hundred_is_refused_by_a_window() {
    check_refusals(Counts::Window, 50).await;
}

#[tokio::test(start_paused = true)]
async fn fewer_than_one_in_a_hundred_is_refused_by_both() {
    check_refusals(Counts::Both, 50).await;
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_known_is_kept_and_nearly_used_up() {
    for counts in [Counts::Bucket, Counts::Window] {
        let came = read(Service::new(counts, Tells::Everything, 3_500), 50, 3_500, 20_000, costly).await;
        assert!(came.refused.is_empty(), "{came:?}");
        assert!((0.78..0.84).contains(&came.throughput), "{came:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_tells_nothing_but_no_is_understood_too() {
    for (counts, tells) in
        [(Counts::Bucket, Tells::Nothing), (Counts::Window, Tells::Nothing), (Counts::Bucket, Tells::ShortWaits)]
    {
        let came = read(Service::new(counts, tells, 3_500), 50, 8_000, 40_000, costly).await;
        let late = came.refused.iter().filter(|at| **at > came.seconds / 2.0).count();
        assert!(!came.refused.is_empty() && late * 200 < came.asked, "{counts:?} {tells:?}: {late} of {came:?}");
        assert!(came.throughput > 0.7, "{counts:?} {tells:?}: {came:?}");
        assert!((3_400..5_000).contains(&came.seen.unwrap()), "{counts:?} {tells:?}: {came:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn to_count_on_far_too_much_is_seen_soon() {
    for counts in [Counts::Bucket, Counts::Window] {
        let came = read(Service::new(counts, Tells::Everything, 3_500), 50, 1_000_000_000, 20_000, mixed).await;
        assert!(came.refused.len() * 20 < came.asked, "{counts:?}: {came:?}");
        assert!(came.throughput > 0.6, "{counts:?}: {came:?}");
        assert!((3_400..6_000).contains(&came.seen.unwrap()), "{counts:?}: {came:?}");
    }
    // With nothing to slow down for, there is no wait, and nothing is learned.
    let came =
        read(Service::new(Counts::Bucket, Tells::Everything, 100_000_000), 0, 1_000_000_000, 20_000, mixed).await;
    assert!(came.refused.is_empty() && came.seconds < 0.01 && came.seen.is_none(), "{came:?}");
}

/// Takes units one after the other for `seconds`; how many there were in each second.
async fn spent(pace: &Pace, seconds: u64, units: u64) -> Vec<u64> {
    let began = Instant::now();
    let mut spent = vec![0; seconds as usize + 1];
    loop {
        pace.reserve(units).await.sent();
        match spent.get_mut(began.elapsed().as_secs() as usize) {
            Some(second) => *second += units,
            None => return spent,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn units_are_spread_over_the_seconds() {
    let check = async |gentle: bool, quota: Option<u64>, want: u64| {
        let pace = Pace::new(gentle);
        if let Some(quota) = quota {
            pace.set_quota(quota);
        }
        assert_eq!(pace.standing().pace_10s, want * 10);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let spent = spent(&pace, 5, 4).await;
        assert!((want..=want * 2 + 8).contains(&spent[0]), "a second's worth at once, after any time: {spent:?}");
        assert!(spent[1..5].iter().all(|n| n.abs_diff(want) <= 8), "{spent:?}");
    };
    check(false, None, 280).await;
    check(false, Some(8_000), 640).await;
    check(false, Some(5_000), 400).await;
    check(true, None, 140).await;
    check(true, Some(8_000), 320).await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_waits_in_order_and_who_leaves_takes_nothing() {
    let pace = Arc::new(Pace::new(false));
    pace.reserve(280).await.sent();
    let order = Arc::new(Mutex::new(Vec::new()));
    let waiter = |name: u64, units: u64| {
        let (pace, order) = (Arc::clone(&pace), Arc::clone(&order));
        tokio::spawn(async move {
            pace.reserve(units).await.sent();
            order.lock().unwrap().push(name);
        })
    };
    let mut waiters = Vec::new();
    for (name, units) in [(1, 140), (2, 280), (3, 1), (4, 1_000), (5, 1)] {
        waiters.push(waiter(name, units));
        tokio::task::yield_now().await;
    }
    waiters.remove(1).abort();
    let began = Instant::now();
    for waiter in waiters {
        waiter.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [1, 3, 4, 5]);
    // 140 and 1; then a full bucket for the one that costs more; then its debt and one more.
    let want = (140.0 + 1.0 + 280.0 + 720.0 + 1.0) / 280.0;
    assert!((began.elapsed().as_secs_f64() - want).abs() < 0.1, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_or_cost_less_is_given_back() {
    let pace = Pace::new(false);
    let is_free = async |units: u64| {
        let began = Instant::now();
        pace.reserve(units).await.sent();
        began.elapsed().is_zero()
    };
    drop(pace.reserve(280).await);
    assert!(is_free(200).await, "dropped");
    pace.correct(200, 50);
    assert!(is_free(230).await, "cheaper");
    pace.correct(10, 290);
    let began = Instant::now();
    pace.reserve(1).await.sent();
    assert!((began.elapsed().as_secs_f64() - 1.0).abs() < 0.05, "dearer");
    // One who waits hears of what comes free.
    pace.reserve(0).await.sent();
    let held = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        pace.correct(280, 0);
        Instant::now()
    };
    let (free, got) = tokio::join!(held, async {
        pace.reserve(270).await.sent();
        Instant::now()
    });
    assert_eq!(free, got);
}

#[tokio::test(start_paused = true)]
async fn it_slows_by_what_is_told_and_comes_back() {
    let pace = Pace::new(false);
    pace.set_quota(8_000);
    let stands = || pace.standing().pace_10s;
    pace.told(0.8, 6_000);
    assert_eq!((stands(), pace.seen_quota()), (6_400, None), "nothing yet to slow down for");
    pace.told(0.9, 3_150);
    let slowed = stands();
    assert!(slowed < 4_300, "{slowed}");
    assert_eq!((pace.seen_quota(), pace.standing().quota_10s), (Some(3_500), 3_500));
    assert_eq!(pace.standing().throttle_percentage, Some(0.9));
    pace.told(1.0, 3_150);
    assert_eq!(stands(), slowed, "once a second");
    tokio::time::advance(Duration::from_millis(1_001)).await;
    pace.told(1.0, 3_500);
    let slower = stands();
    assert!(slower < 2_900, "{slower}");
    tokio::time::advance(Duration::from_millis(1_001)).await;
    pace.told(0.95, 3_400);
    assert_eq!(stands(), slower, "it falls: enough");
    assert_eq!(pace.seen_quota(), Some(3_500), "the least of all");
    tokio::time::advance(Duration::from_secs(12)).await;
    assert_eq!(pace.standing().throttle_percentage, None, "that was long ago");
    assert_eq!(stands(), 2_800, "back to what is good");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!((2_900..3_200).contains(&stands()), "and slowly beyond: {}", stands());
    tokio::time::advance(Duration::from_secs(300)).await;
    assert_eq!(stands(), 6_400);
    // A larger quota does not make it forget.
    pace.told(1.2, 3_500);
    pace.set_quota(9_000);
    assert!(stands() < 3_300, "{}", stands());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_slows_once_for_all_that_were_sent_before_it() {
    let pace = Pace::new(false);
    pace.set_quota(8_000);
    let sent = Instant::now();
    tokio::time::advance(Duration::from_millis(100)).await;
    let ten = Duration::from_secs(10);
    pace.refused(sent, ten, true, 4_000);
    let slowed = pace.standing().pace_10s;
    assert_eq!((slowed, pace.seen_quota()), (3_200, Some(4_000)));
    tokio::time::advance(Duration::from_millis(100)).await;
    pace.refused(sent, ten, true, 4_000);
    tokio::time::advance(ten).await;
    assert_eq!(pace.standing().pace_10s, slowed, "the pause is no time to rise in");
    pace.refused(Instant::now(), ten, false, 300);
    assert_eq!(pace.standing().pace_10s, 2_240);
    assert_eq!(pace.seen_quota(), Some(4_000), "refused for another reason: that says nothing of the quota");
    pace.refused(Instant::now() + ten, ten, true, 20);
    assert_eq!(pace.seen_quota(), Some(4_000), "nor does a refusal after nearly nothing");
    for _ in 0..50 {
        tokio::time::advance(Duration::from_millis(10)).await;
        pace.refused(Instant::now(), ten, true, 20);
    }
    assert_eq!(pace.standing().pace_10s, 320, "but never to nothing");
}

#[test]
fn quotas() {
    let check = |users, want| assert_eq!(documented_quota(users), want, "{users}");
    check(49, 3_500);
    check(50, 5_000);
    check(500, 5_000);
    check(501, 8_000);
    assert_eq!((Pace::new(false).aim(8_000), Pace::new(true).aim(8_000), Pace::new(false).aim(0)), (6_400, 3_200, 1));
}
