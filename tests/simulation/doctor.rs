//! The doctor and the waiting for consent against the demo, end to end.

use std::time::Duration;

use jiff::Timestamp;
use tenantry::{
    demo::Service,
    domain::{
        check::{Check, CheckId, CheckStatus, Offer},
        ids::ClientId,
        progress::{ConsentTry, Event},
    },
    jobs::{self, JobError},
    profile::TenantRef,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::stage::{Stage, Told};

async fn doctor(stage: &Stage) -> Vec<Check> {
    jobs::doctor(&stage.context(&Told::default(), &CancellationToken::new())).await
}

fn of(checks: &[Check], id: CheckId) -> &Check {
    checks.iter().find(|c| c.id == id).unwrap()
}

fn code(check: &Check) -> Option<&str> {
    check.problem.as_ref()?.code.as_deref()
}

#[tokio::test(start_paused = true)]
async fn each_scenario_shows_where_it_hurts() {
    use CheckStatus::{CannotCheck, Failed, Ok, Warning};
    async fn check(scenario: &str, want: &[(CheckId, CheckStatus, &str)]) {
        let stage = Stage::new(scenario, 60, 12).await;
        let checks = doctor(&stage).await;
        assert_eq!(checks.iter().map(|c| c.id).collect::<Vec<_>>(), CheckId::ALL);
        for (id, status, words) in want {
            let found = of(&checks, *id);
            let told = found.found.as_deref().or(code(found)).unwrap_or_default();
            assert!(found.status == *status && told.contains(words), "{scenario}: {found:?}");
        }
        for failed in checks.iter().filter(|c| matches!(c.status, Failed | Warning)) {
            assert!(want.iter().any(|(id, ..)| *id == failed.id), "{scenario}: {failed:?}");
            assert!(failed.problem.as_ref().is_some_and(|p| p.hint.is_some()), "{failed:?}");
        }
        stage.check_manners();
        assert!(stage.asked(Service::JupiterOne).iter().all(|r| !r.path.contains("/synchronization")));
    }
    let (org, users, groups) = (CheckId::Organization, CheckId::Users, CheckId::Groups);
    let denied = "Authorization_RequestDenied";
    check(
        "default",
        &[
            (CheckId::Clock, Ok, "0 s"),
            (CheckId::Expiry, Ok, "the secret lasts until 2027-05-21"),
            (CheckId::Members, Ok, "allowed"),
            (CheckId::JupiterOneKey, CannotCheck, "FORBIDDEN"),
        ],
    )
    .await;
    check(
        "no-consent",
        &[
            (CheckId::Token, Ok, "Directory ingester"),
            (CheckId::Roles, Failed, "no_roles"),
            (CheckId::Expiry, CannotCheck, "expiry_unknown"),
            (org, Failed, denied),
            (users, Failed, denied),
            (groups, Failed, denied),
            (CheckId::Members, CannotCheck, "not_checked"),
        ],
    )
    .await;
    check("least-privilege", &[(CheckId::Roles, Ok, "GroupMember.Read.All")]).await;
    check("forbidden-users", &[(CheckId::Roles, Failed, "missing_roles"), (users, Failed, denied)]).await;
    check("forbidden-groups", &[(CheckId::Roles, Failed, "missing_roles"), (groups, Failed, denied)]).await;
    check("forbidden-organization", &[(CheckId::Roles, Failed, "missing_roles"), (org, Failed, denied)]).await;
    check("opaque-token", &[(CheckId::Roles, CannotCheck, "opaque_token"), (users, Ok, "allowed")]).await;
    check("clock-skew", &[(CheckId::Clock, Warning, "clock_skew")]).await;
    check(
        "people-twice",
        &[
            (CheckId::JupiterOneKey, Ok, "account "),
            (CheckId::JupiterOneInstance, Warning, "of type custom"),
            (CheckId::JupiterOnePeople, Warning, "people_twice"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_mistake_is_found_at_its_place() {
    let stage = Stage::new("default", 40, 8).await;
    for mistake in &stage.demo.mistakes {
        let mut context = stage.context(&Told::default(), &CancellationToken::new());
        context.settings.tenant = Some(TenantRef::parse(&mistake.tenant).unwrap());
        context.settings.client = Some(ClientId::parse(&mistake.client).unwrap());
        context.secrets.credential = Some(mistake.secret.clone().into());
        let checks = jobs::doctor(&context).await;
        let failed: Vec<_> = checks.iter().filter(|c| c.status == CheckStatus::Failed).collect();
        // A Secret ID is not even sent.
        let expected = if mistake.title.starts_with("Secret ID") { "secret_id_not_value" } else { &mistake.expect };
        assert!(failed.iter().any(|c| code(c) == Some(expected)), "{}: {failed:?}", mistake.title);
        assert!(failed.iter().all(|c| c.problem.as_ref().unwrap().hint.is_some()), "{failed:?}");
        assert!(!format!("{checks:?}").contains(mistake.secret.expose()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_asked_about_until_it_is_ours() {
    let stage = Stage::new("user-key", 40, 8).await;
    let before = doctor(&stage).await;
    let offer = of(&before, CheckId::JupiterOneInstance).offer.clone();
    let Some(Offer::ConfirmInstance { name, kind }) = offer else { panic!("{before:?}") };
    assert_eq!((name.as_str(), kind.as_deref()), ("Microsoft 365 (tenantry)", Some("custom")));
    stage.collect().await;
    stage.upload().await.unwrap();
    let after = doctor(&stage).await;
    assert_eq!(of(&after, CheckId::JupiterOneInstance).status, CheckStatus::Ok);
    assert_eq!(of(&after, CheckId::JupiterOnePeople).status, CheckStatus::Ok, "ours are no azure_user");
}

#[tokio::test(start_paused = true)]
async fn consent_that_comes_late_is_waited_for() {
    let stage = Stage::new("late-consent", 40, 8).await;
    let checks = doctor(&stage).await;
    assert_eq!(of(&checks, CheckId::Roles).offer, Some(Offer::AwaitConsent));
    let told = Told::default();
    let began = Instant::now();
    let context = stage.context(&told, &CancellationToken::new());
    let roles = jobs::consent(&context).await.unwrap();
    assert!(roles.contains(&"Directory.Read.All".to_owned()));
    assert_eq!(began.elapsed().as_secs(), 35, "the first look, and two more after 15 and 20 seconds");
    let looks: Vec<ConsentTry> = told
        .events()
        .into_iter()
        .filter_map(|e| if let Event::Consent(look) = e { Some(look) } else { None })
        .filter(|look| look.next_at.is_some())
        .collect();
    let begun: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
    let seconds = |at: Timestamp| at.duration_since(begun).as_secs();
    assert_eq!(looks.iter().map(|l| (l.tries, seconds(l.next_at.unwrap()))).collect::<Vec<_>>(), [(1, 15), (2, 35)]);
    assert_eq!(seconds(looks[1].until), 1_800);
    assert_eq!(of(&doctor(&stage).await, CheckId::Roles).status, CheckStatus::Ok, "and goes on");
    stage.check_manners();
}

#[tokio::test(start_paused = true)]
async fn consent_that_never_comes_and_waiting_that_is_called_off() {
    let stage = Stage::new("no-consent", 40, 8).await;
    let context = stage.context(&Told::default(), &CancellationToken::new());
    let problem = jobs::consent(&context).await.unwrap_err().problem();
    assert_eq!(problem.code.as_deref(), Some("consent_timeout"));
    assert!(problem.link.is_some_and(|link| link.contains("adminconsent")));
    let asked = stage.asked(Service::Login).len();
    assert!((20..=40).contains(&asked), "{asked} tokens in half an hour");

    let cancel = CancellationToken::new();
    let context = stage.context(&Told::default(), &cancel);
    let (ended, ()) = tokio::join!(jobs::consent(&context), async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        cancel.cancel();
    });
    assert!(matches!(ended, Err(JobError::Interrupted(_))));
}
