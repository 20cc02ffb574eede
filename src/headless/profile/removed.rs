//! `tenantry profile remove`: the profile, its secrets, and on demand the tenant's store.

use std::sync::Arc;

use crate::{
    credentials::{OsVault, Vault},
    domain::{
        clock::{Clock, SystemClock},
        problem::Problem,
    },
    headless::{
        output::Output,
        session::{can_ask, confirmed, paths, usage},
    },
    jobs::{self, JobError},
    profile::{Profiles, Settings, TenantRef, manage},
};

pub async fn remove(name: &str, purge: bool, yes: bool) -> Result<(), JobError> {
    let paths = paths()?;
    let output = Output::new(false);
    let settings = Settings::of_profile(name, &Profiles::new(&paths).load(name)?, &paths)?;
    let others = manage::needed_by_others(&paths, name)?;
    for (_, error) in &others.unread {
        output.say(format!("warning: {error}"));
    }
    let same_tenant = others.of_tenant(settings.tenant.as_ref()).map(str::to_owned);
    let purged = match (purge, &same_tenant) {
        (true, None) => Some(purged(&settings, yes, &output).await?),
        _ => None,
    };
    let vault: Arc<dyn Vault> = Arc::new(OsVault);
    let removed = manage::remove(&paths, &vault, name).await?;
    for problem in &removed.problems {
        output.say(format!("warning: {}", problem.line()));
    }
    let secrets = match (removed.others.unread.is_empty(), removed.problems.is_empty()) {
        (false, _) => "but not its secrets, which another profile may need",
        (true, false) => "but maybe not its secrets",
        (true, true) => "and its secrets",
    };
    let store = match (purged, purge, same_tenant) {
        (Some(true), ..) => "the store is deleted".to_owned(),
        (Some(false), ..) => "there was no store".to_owned(),
        (None, true, Some(other)) => format!("the store is kept: profile {other} may use the same tenant"),
        _ => "the store is kept".to_owned(),
    };
    output.say(format!("removed profile {name}, {secrets}; {store}"));
    Ok(())
}

/// Deletes the tenant's store, once that is confirmed. Comes before anything else goes, so that a refusal leaves all as
/// it was.
async fn purged(settings: &Settings, yes: bool, output: &Output) -> Result<bool, JobError> {
    let Some(tenant) = settings.tenant.as_ref().and_then(TenantRef::id) else {
        return Err(usage(
            "tenant ID for the store",
            "the profile names its tenant by a domain; delete the store by hand, `tenantry info` shows where stores are",
        ));
    };
    let store = settings.paths.store(tenant);
    let unconfirmed = |problem: Problem| JobError::Guard(Box::new(problem.code("not_confirmed")));
    if !yes && !can_ask() {
        return Err(unconfirmed(
            Problem::new("deleting a store without a terminal needs --yes")
                .hint("It holds all runs of the tenant, and what its targets are believed to hold."),
        ));
    }
    if !yes {
        output.say(format!(
            "{} holds all runs of the tenant, and what its targets are believed to hold: the next upload will be a first one",
            store.display()
        ));
        if !confirmed("purge", "delete it, anything else to leave everything as it is", output).await {
            return Err(unconfirmed(Problem::new("not confirmed: nothing was deleted")));
        }
    }
    jobs::remove_store(settings, tenant, SystemClock.now())
}
