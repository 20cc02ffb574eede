//! `tenantry profile accept-gaps`: what a profile lets be missing.

use std::collections::BTreeMap;

use crate::{
    cli::Common,
    domain::{
        completeness::{AcceptedGap, Gap},
        text::{counted, grouped, visible},
    },
    headless::{
        info,
        output::Output,
        session::{paths, usage},
    },
    jobs::{self, JobError},
    profile::{Environment, Flags, Profiles, Settings},
};

/// Saves what the newest finished run lacks as accepted, lists what is accepted, or accepts nothing any more.
pub fn accept(common: &Common, name: Option<String>, list: bool, none: bool) -> Result<(), JobError> {
    let paths = paths()?;
    let profiles = Profiles::new(&paths);
    let named =
        Flags { profile: name.or_else(|| common.profile.clone()), store: common.store.clone(), ..Flags::default() };
    let settings = Settings::resolve(&named, &Environment::default(), &paths)?;
    let Some(name) = settings.profile.clone() else {
        return Err(usage("profile to keep them in", "make one with `tenantry profile add`, or run `tenantry`"));
    };
    let output = Output::new(false);
    let mut profile = profiles.load(&name)?;
    if list {
        let names = names(&settings);
        let line = |gap: &AcceptedGap| {
            let known = names.get(&gap.id).map(|name| format!("  {}", visible(name))).unwrap_or_default();
            format!("{:<10} {}{known}\n", gap.state.as_str(), gap.id)
        };
        info::print(profile.accepted_gaps.iter().map(line).collect::<String>().as_bytes());
        output.say(format!("profile {name} accepts {}", counted(profile.accepted_gaps.len() as u64, "gap")));
        return Ok(());
    }
    if none {
        profile.accepted_gaps.clear();
        profiles.save(&name, &profile)?;
        output.say(format!("profile {name} accepts no gaps any more"));
        return Ok(());
    }
    let run = jobs::finished(&settings)?;
    let gaps: Vec<&Gap> = run.gaps.iter().filter(|gap| !gap.state.is_whole()).collect();
    profile.accepted_gaps = gaps.iter().map(|gap| AcceptedGap::from(*gap)).collect();
    profile.accepted_gaps.sort();
    profiles.save(&name, &profile)?;
    if gaps.is_empty() {
        output.say(format!("run {} lacks nothing: profile {name} accepts no gaps", run.id));
        return Ok(());
    }
    for gap in gaps.iter().take(20) {
        output.say(format!("accepted: {} is {}", visible(&gap.name), gap.state.as_str()));
    }
    if gaps.len() > 20 {
        output.say(format!("accepted: and {} more", grouped(gaps.len() as u64 - 20)));
    }
    output.say(format!(
        "profile {name} accepts {} of run {}; only others, or other states of these, make exit status 3",
        counted(gaps.len() as u64, "gap"),
        run.id
    ));
    Ok(())
}

/// What the newest finished run calls what it lacks, as far as there is one.
fn names(settings: &Settings) -> BTreeMap<String, String> {
    let gaps = jobs::finished(settings).map(|run| run.gaps).unwrap_or_default();
    gaps.into_iter().map(|gap| (gap.id, gap.name)).collect()
}
