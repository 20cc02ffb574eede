//! What a naming needs of the target: the instance's name, said by somebody or told by JupiterOne. Only ever reads.

use super::{Context, JobError, jupiterone};
use crate::{
    domain::{
        problem::Problem,
        target::{Destination, Instance, Target},
        text::visible,
    },
    jupiterone::{Identity, Patience},
    profile::Settings,
};

/// The settings with the instance's name in them, where their naming needs one. Nothing is asked where somebody said it, or
/// where no instance is configured: then the settings say what is missing.
///
/// # Errors
///
/// Where the key cannot tell: the words say how to give the name instead.
pub async fn named(context: &Context) -> Result<Settings, JobError> {
    let mut settings = context.settings.clone();
    let Some(target) = settings.target().filter(|target| matches!(target.destination, Destination::Instance(_))) else {
        return Ok(settings);
    };
    if !settings.lacks_instance_name() {
        return Ok(settings);
    }
    let why = match context.secrets.jupiterone_key {
        Some(_) => match told(context, &target).await? {
            Ok(name) => {
                settings.instance_name = Some(name);
                return Ok(settings);
            }
            Err(why) => why,
        },
        None => format!("no API key is known for {target}"),
    };
    let naming = settings.naming();
    let mut problem = Problem::new(format!("the naming {naming} needs the name of the instance, and nobody told it"))
        .code("instance_name")
        .hint("Give it with --jupiterone-instance-name, or keep it: tenantry profile edit --jupiterone-instance-name NAME. JupiterOne shows it where the instance is configured.");
    problem.message = Some(visible(&why).into_owned());
    Err(JobError::Unfit(Box::new(problem)))
}

/// The name as JupiterOne tells it, or why it does not.
async fn told(context: &Context, target: &Target) -> Result<Result<String, String>, JobError> {
    let client = jupiterone(context, target)?.with_patience(Patience::QUESTION);
    let told = tokio::select! {
        biased;
        () = context.cancel.cancelled() => {
            return Err(JobError::Interrupted(Box::new(Problem::new("it was cancelled").code("cancelled"))));
        }
        told = client.identify(&target.destination) => told,
    };
    match told {
        Ok(Identity::Account { instance: Some(Ok(Instance { name, .. })), .. }) if !name.trim().is_empty() => {
            Ok(Ok(name))
        }
        Ok(Identity::Account { instance: Some(Err(problem)), .. }) => Err(JobError::Unfit(Box::new(problem))),
        Ok(Identity::Account { .. }) => Ok(Err("JupiterOne told no name".to_owned())),
        Ok(Identity::CannotRead(problem)) => Ok(Err(problem.line())),
        Err(error) => Ok(Err(error.problem().line())),
    }
}
