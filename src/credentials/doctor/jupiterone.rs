//! The checks that JupiterOne answers, as far as the key may ask: whose it is, which instance an upload would replace,
//! and whether the account holds the same people already.

use std::time::Duration;

use super::{DoctorInput, JupiterOneInput, Seen, Sheet, reach::Reached};
use crate::{
    credentials::{advice::explain, shapes},
    domain::{
        check::{Check, CheckId, Offer},
        kind::EntityKind,
        problem::Problem,
        secret::Secret,
        target::{Destination, Filled, Instance},
        text::grouped,
    },
    jupiterone::{ErrorKind, Identity, JupiterOneClient, JupiterOneConfig, JupiterOneError, Patience},
};

const KEY: CheckId = CheckId::JupiterOneKey;
const INSTANCE: CheckId = CheckId::JupiterOneInstance;
const PEOPLE: CheckId = CheckId::JupiterOnePeople;

/// A person waits for this.
const PATIENCE: Patience = Patience { total: Duration::from_secs(10), attempt: Duration::from_secs(10) };

pub(super) async fn checks(input: &DoctorInput, reached: &Reached, sheet: &mut Sheet) {
    let Some(given) = &input.jupiterone else {
        for id in [KEY, INSTANCE, PEOPLE] {
            sheet.add(Check::cannot(
                id,
                Problem::new("JupiterOne is put off: no account is configured")
                    .code("put_off")
                    .hint("Add it in the wizard when you want to upload."),
            ));
        }
        return;
    };
    if let Some(host) = reached.unreachable_jupiterone() {
        return sheet.skip(&[KEY, INSTANCE, PEOPLE], &format!("{host} cannot be reached"));
    }
    let client = match client(input, given) {
        Ok(client) => client,
        Err(problem) => {
            sheet.add(Check::failed(KEY, problem));
            return sheet.skip(&[INSTANCE, PEOPLE], "nothing was sent to JupiterOne");
        }
    };
    let account = given.target.account.trim();
    match client.identify(&given.target.destination).await {
        Ok(Identity::Account { id: Some(theirs), .. }) if !theirs.eq_ignore_ascii_case(account) => {
            sheet.add(Check::failed(
                KEY,
                Problem::new(format!("the key belongs to account {theirs}, not {account}"))
                    .code("other_account")
                    .hint("Copy the account id from JupiterOne: Settings, Account Management."),
            ));
            sheet.skip(&[INSTANCE, PEOPLE], "the key is another account's");
        }
        Ok(Identity::Account { name, instance, .. }) => {
            sheet.add(Check::ok(KEY, format!("account {}", name.as_deref().unwrap_or(account))));
            sheet.add(of_instance(instance, given));
            sheet.add(people(&client, given).await);
        }
        Ok(Identity::CannotRead(problem)) => cannot_read(&problem, given, sheet),
        Err(error) => {
            sheet.add(Check::failed(KEY, refused(&error)));
            sheet.skip(&[INSTANCE, PEOPLE], "JupiterOne did not take the key");
        }
    }
}

fn client(input: &DoctorInput, given: &JupiterOneInput) -> Result<JupiterOneClient, Problem> {
    let target = &given.target;
    let account = shapes::check_account(&target.account)?;
    if let Destination::Instance(instance) = &target.destination {
        shapes::check_instance(instance)?;
    }
    let key = match &given.key {
        Some(key) => shapes::check_key(key.expose())?,
        None => {
            return Err(Problem::new(format!("there is no API key for JupiterOne account {account}"))
                .code("no_secret")
                .hint("Create one in the instance's API Keys, then add it in the wizard."));
        }
    };
    made(input, given, account, key)
}

fn made(
    input: &DoctorInput,
    given: &JupiterOneInput,
    account: String,
    key: Secret,
) -> Result<JupiterOneClient, Problem> {
    let config = JupiterOneConfig { origin: given.target.origin.clone(), account, net: input.net.clone() };
    JupiterOneClient::new(config, key).map(|client| client.with_patience(PATIENCE))
}

fn refused(error: &JupiterOneError) -> Problem {
    let mut problem = error.problem();
    if error.kind() == ErrorKind::Unauthorized {
        problem.hint =
            Some("Check the account id and the region, or create a new key in the instance's API Keys.".to_owned());
    }
    explain(problem)
}

/// An Integration API key "cannot be used to read the graph" (`facts/jupiterone.md` §1.9).
fn cannot_read(problem: &Problem, given: &JupiterOneInput, sheet: &mut Sheet) {
    let theirs = |summary: String, hint: &str| Problem {
        code: problem.code.clone(),
        status: problem.status,
        message: problem.message.clone(),
        request_id: problem.request_id.clone(),
        ..Problem::new(summary).hint(hint)
    };
    sheet.add(Check::cannot(
        KEY,
        theirs(
            "the key may not read, so that it could not be checked".to_owned(),
            "This is no fault: an Integration API key may only upload. The first upload shows whether it works.",
        ),
    ));
    sheet.add(match &given.target.destination {
        Destination::Scope(name) => Check::ok(INSTANCE, format!("none: scope {name}")),
        // Its key reaches no other instance, so that nothing else can be overwritten.
        Destination::Instance(id) => Check::cannot(
            INSTANCE,
            theirs(
                format!("what instance {id} is cannot be read with this key"),
                "This is no fault. In JupiterOne, see that it is the custom instance made for this tenant, and that the \
                 key comes from its own API Keys.",
            ),
        ),
    });
    sheet.add(Check::cannot(
        PEOPLE,
        theirs(
            "whether the account already holds these people cannot be read with this key".to_owned(),
            "This is no fault. In JupiterOne, ask: FIND azure_user. If it answers, another integration brings the same \
             people, and they will exist twice.",
        ),
    ));
}

fn of_instance(instance: Option<Result<Instance, Problem>>, given: &JupiterOneInput) -> Check {
    match (instance, &given.target.destination) {
        (Some(Err(problem)), _) => Check::failed(INSTANCE, explain(problem)),
        (Some(Ok(instance)), _) if instance.is_managed_microsoft() => Check::failed(INSTANCE, managed(&instance.name)),
        (Some(Ok(instance)), _) if instance.filled() == Filled::ByItsIntegration => {
            Check::failed(INSTANCE, instance.refusal())
        }
        (Some(Ok(instance)), _) => {
            let kind = instance.integration_type.or(instance.definition);
            let named = match &kind {
                Some(kind) => format!("`{}` of type {kind}", instance.name),
                None => format!("`{}`", instance.name),
            };
            match given.seen {
                Seen::Ours => Check::ok(INSTANCE, named),
                Seen::Never => Check {
                    found: Some(named.clone()),
                    ..Check::warning(INSTANCE, unconfirmed(&named))
                        .offering(Offer::ConfirmInstance { name: instance.name, kind })
                },
            }
        }
        (None, Destination::Scope(name)) => Check::ok(INSTANCE, format!("none: scope {name}")),
        (None, Destination::Instance(id)) => Check::ok(INSTANCE, id.clone()),
    }
}

/// An instance that exists, and that this tenant never filled: a wrong one would lose what another integration put there.
fn unconfirmed(named: &str) -> Problem {
    Problem::new(format!("nothing was uploaded from here to instance {named} yet, and an upload replaces all it holds"))
        .code("instance_unconfirmed")
        .hint(
            "Make sure that it is the custom instance made for this tenant: what another integration put there would be \
             deleted. The first upload asks once more.",
        )
}

/// Why an instance of the managed integration is no target.
fn managed(name: &str) -> Problem {
    Problem::new(format!("the instance `{name}` is filled by JupiterOne's own Microsoft 365 integration"))
        .code("managed_instance")
        .hint(
            "An upload would delete its devices and policies. Create a custom instance: Integrations, Custom Definition, \
             Custom instance.",
        )
}

/// What JupiterOne's own integration calls a user (`facts/jupiterone.md` §2.6).
const THEIR_USER: &str = "azure_user";

async fn people(client: &JupiterOneClient, given: &JupiterOneInput) -> Check {
    match client.count(THEIR_USER).await {
        Ok(Ok(0)) => Check::ok(PEOPLE, format!("no {THEIR_USER} in the account")),
        // Its own uploads are among them.
        Ok(Ok(many)) if given.naming.entity_type(EntityKind::User) == THEIR_USER && given.seen == Seen::Ours => {
            Check::ok(PEOPLE, format!("{} {THEIR_USER} in the account, with those of this tenant", grouped(many)))
        }
        Ok(Ok(many)) => {
            let ours = given.naming.entity_type(EntityKind::User);
            let hint = match ours == THEIR_USER {
                true => format!(
                    "After an upload these people exist twice, both times as {THEIR_USER}: questions find them twice, too. \
                     With --naming active-directory they are told apart."
                ),
                false => format!(
                    "After an upload these people exist twice, as {THEIR_USER} and as {ours}. Nothing of the other \
                     integration is changed; questions written for {THEIR_USER} go on to find its entities only."
                ),
            };
            Check::warning(
                PEOPLE,
                Problem::new(format!(
                    "the account already holds {} {THEIR_USER} entities: another integration brings Microsoft 365 people",
                    grouped(many)
                ))
                .code("people_twice")
                .hint(hint),
            )
        }
        Ok(Err(problem)) => Check::cannot(
            PEOPLE,
            Problem {
                summary: "whether the account already holds these people could not be read".to_owned(),
                ..problem
            }
            .hint("This is no fault. In JupiterOne, ask: FIND azure_user. If it answers, people will exist twice."),
        ),
        Err(error) => Check::cannot(PEOPLE, refused(&error)),
    }
}
