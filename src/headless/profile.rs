//! `tenantry profile`: profiles without a terminal UI.

mod gaps;
mod removed;
mod saved;
mod typed;

use serde_json::{Value, json};

use super::{
    expiry, info,
    output::{Exit, Output},
    session::{can_ask, confirmed, paths},
};
use crate::{
    cli::{self, Common},
    domain::{
        clock::{Clock, SystemClock},
        credential::Expiry,
        problem::Problem,
        text::visible,
    },
    jobs::JobError,
    profile::{
        Profiles, Settings, Untrusted, What,
        manage::{self, About, Listed},
        paths::Paths,
        trust,
    },
};

pub async fn run(common: &Common, command: cli::Profile) -> Exit {
    let result = match command {
        cli::Profile::Add { says, certificate, secrets_stdin } => {
            saved::add(common, &says, &certificate, secrets_stdin).await
        }
        cli::Profile::Edit(args) => saved::edit(common, args).await,
        cli::Profile::List(args) => list(&Output::new(args.json)),
        cli::Profile::Show { name, output } => show(common, name, &Output::new(output.json)),
        cli::Profile::Use { name } => use_by_default(&name),
        cli::Profile::Rename { name, to } => rename(&name, &to),
        cli::Profile::Trust { name, yes } => confirm(common, name, yes).await,
        cli::Profile::AcceptGaps { name, list, none } => gaps::accept(common, name, list, none),
        cli::Profile::Remove { name, purge, yes } => removed::remove(&name, purge, yes).await,
    };
    match result {
        Ok(()) => Exit::Done,
        Err(error) => Output::new(false).fail(&error),
    }
}

/// Without `--profile`, a new profile has this name.
const DEFAULT: &str = "default";

/// The profile that is meant: the one named, else the selected one.
fn chosen(common: &Common, name: Option<String>, paths: &Paths) -> Result<String, JobError> {
    match name.or_else(|| common.profile.clone()) {
        Some(name) => Ok(name),
        None => Ok(Settings::selected(paths)?.unwrap_or_else(|| DEFAULT.to_owned())),
    }
}

fn list(output: &Output) -> Result<(), JobError> {
    let paths = paths()?;
    let all = manage::listed(&paths, SystemClock.now())?;
    if all.is_empty() {
        output.say("no profiles yet; next: tenantry, or tenantry profile add");
    }
    if output.is_json() {
        for listed in &all {
            output.emit(&row(&Profiles::new(&paths), listed));
        }
        return Ok(());
    }
    let widest = all.iter().map(|listed| listed.name.len()).max().unwrap_or_default();
    let lines: String = all.iter().map(|listed| line(listed, widest)).collect();
    info::print(lines.as_bytes());
    all.iter().for_each(|listed| say_about(listed, output));
    Ok(())
}

/// A profile in one line; `*` marks the one that was chosen for good.
fn line(listed: &Listed, widest: usize) -> String {
    let mark = if listed.is_default { '*' } else { ' ' };
    let about = match &listed.about {
        Ok(About { profile, settings, .. }) => {
            let target = settings.target().map_or_else(|| "no target yet".to_owned(), |target| target.to_string());
            format!("{}  {}  {target}", profile.tenant_id, expiry::kind(settings))
        }
        Err(_) => "cannot be used".to_owned(),
    };
    format!("{mark} {:<widest$}  {}\n", listed.name, visible(&about))
}

/// What needs a person's hand.
fn say_about(listed: &Listed, output: &Output) {
    match &listed.about {
        Ok(about) => {
            if let Some(words) = expiry::words(&about.settings, expiry::kind(&about.settings), about.expiry) {
                output.say(words);
            }
            if !about.untrusted.is_empty() {
                say_untrusted(&listed.name, &about.untrusted, output);
                output.say(format!("  next: tenantry profile trust {}", listed.name));
            }
        }
        Err(error) => {
            output.say(format!("warning: {error}"));
            if let Some(hint) = error.refusal().and_then(|problem| problem.hint) {
                output.say(format!("  next: {hint}"));
            }
        }
    }
}

fn say_untrusted(name: &str, untrusted: &[Untrusted], output: &Output) {
    let problem = trust::problem(name, untrusted);
    output.say(&problem.summary);
    problem.message.iter().flat_map(|lines| lines.lines()).for_each(|line| output.say(format!("  {line}")));
}

/// A profile as a JSON line.
fn row(profiles: &Profiles, listed: &Listed) -> Value {
    let about = listed.about.as_ref().ok();
    json!({
        "event": "profile",
        "name": listed.name,
        "default": listed.is_default,
        "path": profiles.path(&listed.name),
        "tenant": about.map(|a| &a.profile.tenant_id),
        "client": about.map(|a| &a.profile.client_id),
        "cloud": about.map(|a| a.profile.cloud),
        "target": about.and_then(|a| a.settings.target()).map(|target| target.to_string()),
        "credential": about.map(|a| expiry::kind(&a.settings)),
        "expires": about.and_then(|a| a.settings.credential_expires),
        "expiry": about.map(|a| match a.expiry {
            Expiry::Fine => "fine",
            Expiry::Soon { .. } => "soon",
            Expiry::Ended => "ended",
        }),
        "untrusted": about.map(|a| &a.untrusted),
        "error": listed.about.as_ref().err().map(ToString::to_string),
    })
}

fn show(common: &Common, name: Option<String>, output: &Output) -> Result<(), JobError> {
    let paths = paths()?;
    let profiles = Profiles::new(&paths);
    let name = chosen(common, name, &paths)?;
    let profile = profiles.load(&name)?;
    let is_default = profiles.default()?.as_deref() == Some(name.as_str());
    let listed = Listed { about: manage::about(&profiles, &paths, &name, SystemClock.now()), name, is_default };
    if output.is_json() {
        let mut row = row(&profiles, &listed);
        row["profile"] = json!(profile);
        output.emit(&row);
        return Ok(());
    }
    let text = toml::to_string(&profile).map_err(|e| JobError::Failed(Box::new(Problem::new(e.to_string()))))?;
    let path = profiles.path(&listed.name);
    // Its values are text of whoever wrote it.
    let lines: String = text.lines().map(|line| format!("{}\n", visible(line))).collect();
    info::print(format!("# {}\n{lines}", path.display()).as_bytes());
    say_about(&listed, output);
    Ok(())
}

fn use_by_default(name: &str) -> Result<(), JobError> {
    Profiles::new(&paths()?).set_default(name)?;
    Output::new(false).say(format!("profile {name} is used from now on where none is named"));
    Ok(())
}

fn rename(name: &str, to: &str) -> Result<(), JobError> {
    Profiles::new(&paths()?).rename(name, to)?;
    Output::new(false).say(format!("profile {name} is called {to} now"));
    Ok(())
}

/// Shows what a profile may not decide by itself, and takes a person's word for it.
async fn confirm(common: &Common, name: Option<String>, yes: bool) -> Result<(), JobError> {
    let paths = paths()?;
    let profiles = Profiles::new(&paths);
    let name = chosen(common, name, &paths)?;
    let profile = profiles.load(&name)?;
    // What makes no sense needs no word.
    Settings::of_profile(&name, &profile, &paths)?;
    let untrusted = profiles.untrusted(&name, &profile)?;
    let output = Output::new(false);
    if untrusted.is_empty() {
        output.say(format!("profile {name} holds nothing that is not confirmed"));
        return Ok(());
    }
    let refused = |problem: Problem| JobError::Guard(Box::new(problem));
    if !yes && !can_ask() {
        let hint = format!("Without a terminal: tenantry profile trust {name} --yes");
        return Err(refused(trust::problem(&name, &untrusted).hint(hint)));
    }
    say_untrusted(&name, &untrusted, &output);
    if !yes && !confirmed("trust", "confirm these, anything else to leave the profile unused", &output).await {
        return Err(refused(Problem::new("not confirmed").code("not_confirmed")));
    }
    let seen: Vec<What> = untrusted.iter().map(|value| value.what).collect();
    profiles.trusted().confirm(&name, &profile, &seen).map_err(crate::profile::ProfileError::from)?;
    output.say(format!("confirmed on this machine; a change of these values in profile {name} asks again"));
    Ok(())
}
