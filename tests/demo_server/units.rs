//! Throttling by resource units, on a clock that stands still unless told.

use std::time::Duration;

use serde_json::{Value, json};
use tenantry::demo::{self, DemoConfig, Latency};

use super::client::{Asker, config, id};

async fn asker(scenario: &str, users: u32) -> Asker {
    let config = DemoConfig { latency: Latency::Fixed(Duration::ZERO), ..config(scenario, users, 60) };
    Asker::of(demo::start(config).await.unwrap()).await
}

fn batch_of_members(group: &str, low: bool) -> Value {
    let item = |n: u32| {
        let mut item = json!({ "id": n.to_string(), "method": "GET", "url": format!("/groups/{group}/members") });
        if low {
            item["headers"] = json!({ "x-ms-throttle-priority": "low" });
        }
        item
    };
    json!({ "requests": (0..20).map(item).collect::<Vec<_>>() })
}

#[tokio::test(start_paused = true)]
async fn the_quota_is_a_bucket_of_units_and_only_what_exceeds_is_refused() {
    let asker = asker("tight-quota", 60).await;
    let group = id(&asker.get("/groups?$top=2&$select=id").await.ok().json()["value"][1]);
    // One unit is gone; a batch of these costs sixty.
    let body = batch_of_members(&group, false);
    let mut told = false;
    for round in 0..58 {
        let reply = asker.post("/$batch", body.clone()).await.ok().json();
        for item in reply["responses"].as_array().unwrap() {
            assert_eq!(item["status"], json!(200), "{round}");
            assert_eq!(item["headers"]["x-ms-resource-unit"], json!("3"));
            let share = item["headers"]["x-ms-throttle-limit-percentage"].as_str();
            told |= share.is_some();
            assert!(share.is_none_or(|s| (0.8..=1.0).contains(&s.parse::<f64>().unwrap())));
        }
    }
    assert!(told);
    // 1 + 3,480 are used: six of the twenty fit into the 19 that are left.
    let reply = asker.post("/$batch", body.clone()).await.ok().json();
    let (good, refused): (Vec<&Value>, Vec<&Value>) =
        reply["responses"].as_array().unwrap().iter().partition(|i| i["status"] == json!(200));
    assert_eq!((good.len(), refused.len()), (6, 14));
    for item in &refused {
        assert_eq!(item["body"]["error"]["code"], json!("TooManyRequests"));
        // Two units at 350 a second, less what has passed already.
        let wait: f64 = item["headers"]["Retry-After"].as_str().unwrap().parse().unwrap();
        assert!((0.001..=0.006).contains(&wait), "{wait}");
        assert_eq!(item["headers"]["x-ms-throttle-information"], json!("ResourceUnitLimitExceeded"));
        assert!(item["headers"]["x-ms-throttle-scope"].as_str().unwrap().starts_with("Tenant_Application/ReadWrite/"));
        assert!(item["headers"].get("x-ms-resource-unit").is_none());
        assert!(item["headers"]["x-ms-throttle-limit-percentage"].as_str().unwrap().parse::<f64>().unwrap() >= 1.0);
    }
    let alone = asker.get(&format!("/groups/{group}/members")).await;
    alone.refused(429, "TooManyRequests");
    assert!(alone.headers["retry-after"].parse::<f64>().unwrap() <= 0.006);
    assert_eq!(alone.json()["error"]["innerError"]["status"], json!("429"));
    tokio::time::advance(Duration::from_millis(6)).await;
    asker.get(&format!("/groups/{group}/members")).await.ok();
    // What is refused is not billed.
    assert_eq!(asker.demo.totals(demo::Service::Graph).resource_units, 1 + 58 * 60 + 18 + 3);
}

#[tokio::test(start_paused = true)]
async fn low_priority_goes_first() {
    let asker = asker("tight-quota", 60).await;
    let group = id(&asker.get("/groups?$top=2&$select=id").await.ok().json()["value"][1]);
    let mut refused = 0;
    for _ in 0..48 {
        let reply = asker.post("/$batch", batch_of_members(&group, true)).await.ok().json();
        refused += reply["responses"].as_array().unwrap().iter().filter(|i| i["status"] == json!(429)).count();
    }
    // 80 % of 3,500 are 2,800 units: 933 of these 960.
    assert_eq!(refused, 27);
    asker.get(&format!("/groups/{group}/members")).await.ok();
}

#[tokio::test(start_paused = true)]
async fn who_asks_when_users_signed_in_may_do_so_five_times_in_ten_seconds() {
    let asker = asker("sign-ins", 1_200).await;
    let path = "/users?$select=id,signInActivity&$top=999";
    for round in 0..3 {
        for _ in 0..5 {
            let page = asker.get(path).await.ok().json();
            let users = page["value"].as_array().unwrap();
            assert_eq!(users.len(), 500, "pages are shorter");
            let signed_in = users.iter().filter(|u| u.get("signInActivity").is_some()).count();
            assert!((300..490).contains(&signed_in), "{signed_in}");
            assert!(users.iter().all(|u| u.get("signInActivity").is_none_or(Value::is_object)));
        }
        asker.get(path).await.refused(429, "TooManyRequests");
        asker.get("/users?$select=id").await.ok();
        assert!(round < 3);
        tokio::time::advance(Duration::from_secs(10)).await;
    }
}
