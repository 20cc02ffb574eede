//! The second naming, all the way: what JupiterOne then holds, and that previews foretell its jobs.

use std::collections::BTreeSet;

use serde_json::Value;
use tenantry::{
    domain::{guard::Guard, naming::Naming, preview::Changes},
    jobs::{self, JobError},
};
use tokio_util::sync::CancellationToken;

use crate::{
    stage::{Stage, Told},
    uploads::{held, is_job_of},
};

const NAMING: Naming = Naming::GraphMicrosoft365;

fn objects(stage: &Stage) -> Vec<Value> {
    held(stage).values().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_reference_s_shapes_arrive_and_previews_foretell_them() {
    let first = Stage::new("default", 200, 40).await.named(NAMING, Some("Ours"));
    first.collect().await;
    let preview = first.preview();
    assert_eq!(preview.counts().into_keys().collect::<BTreeSet<_>>(), NAMING.all_types().collect());
    is_job_of(&first.upload().await.unwrap(), &preview, "first");
    let all = objects(&first);
    let of = |name: &str| all.iter().filter(|o| o["_type"] == name).collect::<Vec<_>>();
    let [account] = of("microsoft_365_account")[..] else { panic!("one account") };
    assert_eq!(account["_key"], format!("microsoft_365_account-{}", first.demo.jupiterone_instance));
    assert_eq!(account["displayName"], "Ours");
    assert_eq!(of("azure_user").len() as u64, preview.counts()["azure_user"]);
    assert_eq!(of("azure_group_member").len(), 0);
    let mapped = of("azure_group_has_member");
    let kinds: BTreeSet<&str> = mapped.iter().map(|o| o["memberType"].as_str().unwrap()).collect();
    for kind in ["user", "group", "device", "orgContact", "servicePrincipal"] {
        assert!(kinds.contains(format!("#microsoft.graph.{kind}").as_str()), "{kind}: {kinds:?}");
    }
    // What a membership says of a user is what the user says.
    for edge in mapped.iter().filter(|o| o["memberType"] == "#microsoft.graph.user") {
        let target = &edge["_mapping"]["targetEntity"];
        let user = all.iter().find(|o| o["_key"] == target["_key"]).expect("a user that is sent");
        assert_eq!(target["jobTitle"], user["jobTitle"]);
        // Where there is no name, her own stands in for it; of a far end nothing is made up.
        let (told, own) = (&target["displayName"], &user["displayName"]);
        assert!(told == own || told.is_null() && *own == user["username"], "{edge}");
    }
    let again = first.preview();
    assert!(again.changes.values().all(Changes::is_nothing), "{:?}", again.changes);

    let second = first.another_day("default", 3).await.named(NAMING, Some("Ours"));
    second.collect().await;
    let preview = second.preview();
    assert!(preview.total().change > 0 && preview.total().create > 0, "{:?}", preview.changes);
    is_job_of(&second.upload().await.unwrap(), &preview, "second");
    // Under another naming the target is another's: nothing is sent without a word.
    let other = second.named(Naming::ActiveDirectory, None);
    let ready = jobs::prepare_upload(&other.settings()).unwrap();
    assert!(
        ready.preview.guards.iter().any(|guard| matches!(guard, Guard::TargetChange { .. })),
        "{:?}",
        ready.preview.guards
    );
    // And that preview says what it would come to: all is created, changed or deleted anew, by their own names.
    let changes = &ready.preview.changes;
    assert_eq!(changes["microsoft_365_account"].delete, 1);
    assert_eq!(changes["active_directory_account"].create, 1);
    assert_eq!(changes["active_directory_user"].change, ready.preview.counts()["active_directory_user"]);
}

#[tokio::test(start_paused = true)]
async fn the_instance_s_name_is_asked_for_where_the_key_can_tell_it() {
    let stage = Stage::new("user-key", 60, 10).await.named(NAMING, None);
    stage.collect().await;
    let missing = jobs::preview(&stage.settings()).unwrap_err();
    assert!(matches!(&missing, JobError::Usage(_)), "{missing:?}");
    assert!(missing.problem().summary.contains("--jupiterone-instance-name"), "{missing}");
    let context = stage.context(&Told::default(), &CancellationToken::new());
    let named = jobs::named(&context).await.unwrap();
    assert_eq!(named.instance_name.as_deref(), Some("Microsoft 365 (tenantry)"));
    jobs::preview(&named).unwrap();

    // An integration's key cannot tell, and the words say what can be done.
    let stage = Stage::new("default", 60, 10).await.named(NAMING, None);
    let context = stage.context(&Told::default(), &CancellationToken::new());
    let error = jobs::named(&context).await.unwrap_err();
    assert!(matches!(&error, JobError::Unfit(_)), "{error:?}");
    let problem = error.problem();
    assert_eq!(problem.code.as_deref(), Some("instance_name"));
    assert!(problem.hint.unwrap().contains("--jupiterone-instance-name"));
    // Nobody is asked under a naming that needs none, nor where somebody has said it.
    let asked = stage.demo.requests().len();
    for stage in
        [stage.named(Naming::ActiveDirectory, None), Stage::new("default", 60, 10).await.named(NAMING, Some("x"))]
    {
        let before = stage.demo.requests().len();
        jobs::named(&stage.context(&Told::default(), &CancellationToken::new())).await.unwrap();
        assert_eq!(stage.demo.requests().len(), before);
    }
    assert!(asked > 0);
}
