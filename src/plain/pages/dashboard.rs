//! The overview: the tenant, and how each step stands.

use super::super::page::{Part, Rows};
use crate::{
    app::{
        Model, Sign, Step,
        dashboard::{self, Section, Spot},
        ingest::IngestPhase,
    },
    domain::{
        completeness::RunStatus,
        text::{ago, counted, grouped},
    },
};

pub fn part(model: &Model) -> Part {
    let name = model.overview.profile.as_ref().map_or("", |profile| profile.title());
    let mut part = Part::titled(format!("Overview of {name}"));
    let lines = &mut part.lines;
    if let Some(profile) = &model.overview.profile {
        lines.fact("Tenant", format!("{}, {}", profile.tenant, profile.cloud.title()));
        match &profile.target {
            Some(target) => lines.fact("Target", target.to_string()),
            None => lines.fact("Target", "none yet; JupiterOne can be connected under credentials"),
        }
    }
    if let Some((credential, expiry)) = model.ending()
        && let Some(words) = expiry.words()
    {
        lines.say(format!("NEEDS YOU: the {} {words}. renew makes a new one.", credential.kind.words()));
    }
    if let Some(store) = &model.overview.store {
        lines.fact("Store", if store.temporary { "temporary: it goes when you quit" } else { &store.path });
        if let Some(pid) = store.held_by {
            lines.say(format!("Process {pid} is writing to it; you can browse meanwhile."));
        }
    }
    if let Some(problem) = &model.trouble {
        lines.failed(problem);
    }
    rows(model, &mut part);
    part
}

/// The steps with the totals; or another part, once somebody went there.
fn rows(model: &Model, part: &mut Part) {
    let sections = dashboard::sections(model);
    let chosen = dashboard::chosen(model);
    let of = |section: &&Section| section.entries.iter().any(|entry| entry.spot == chosen);
    let is_first = |of: dashboard::Part| matches!(of, dashboard::Part::Steps | dashboard::Part::Totals);
    let here = sections.iter().find(of).map_or(dashboard::Part::Steps, |section| section.part);
    let is_shown = |of: dashboard::Part| if is_first(here) { is_first(of) } else { of == here };
    let before =
        sections.iter().take_while(|section| !is_shown(section.part)).map(|section| section.entries.len()).sum();
    part.about_rows = Some(match is_first(here) {
        true => "The steps, and what was read; a number opens it:".to_owned(),
        false => format!("{}; a number opens the list:", lead(here)),
    });
    part.rows = sections
        .into_iter()
        .filter(|section| is_shown(section.part))
        .flat_map(|section| section.entries)
        .map(|entry| match entry.spot {
            Spot::Step(step) => format!("{}: {}, {}", step.title(), sign(model.sign(step)), says(model, step)),
            _ => format!("{}, {}", entry.title, grouped(entry.count)),
        })
        .collect();
    part.kind = Rows::Moves { first: before };
}

/// What lines of this part count.
const fn lead(of: dashboard::Part) -> &'static str {
    match of {
        dashboard::Part::Steps | dashboard::Part::Totals => "What was read",
        dashboard::Part::Users => "Users",
        dashboard::Part::Groups => "Groups",
        dashboard::Part::Sizes => "Groups by direct members",
        dashboard::Part::Depths => "Groups by levels of groups below",
        dashboard::Part::Largest => "Largest groups",
    }
}

/// A sign in words.
const fn sign(sign: Sign) -> &'static str {
    match sign {
        Sign::Done => "OK",
        // What is here is what comes next.
        Sign::Here | Sign::ToCome => "TO DO",
        Sign::NeedsYou => "NEEDS YOU",
        Sign::Failed => "FAILED",
        Sign::Incomplete => "INCOMPLETE",
        Sign::Retrying => "RETRYING",
        Sign::Paused => "PAUSED",
    }
}

fn says(model: &Model, step: Step) -> String {
    let store = model.overview.store.as_ref();
    match step {
        Step::Credentials => "change or check them".to_owned(),
        Step::Ingest => match (&model.ingest.phase, model.shown()) {
            (IngestPhase::Running(_), _) => "the directory is being read".to_owned(),
            (_, None) => "read the directory for the first time".to_owned(),
            (_, Some(run)) => {
                let how = match run.status {
                    RunStatus::Running => "being read".to_owned(),
                    RunStatus::Complete => "complete".to_owned(),
                    RunStatus::Partial if run.open_gaps() == 0 => "complete but for accepted gaps".to_owned(),
                    RunStatus::Partial => counted(run.open_gaps(), "gap"),
                    RunStatus::Failed => "failed".to_owned(),
                    RunStatus::Interrupted => "cut off before its end".to_owned(),
                    RunStatus::Scoped => "a selection only".to_owned(),
                };
                let on = if model.cut_off().is_some() { "; the next one goes on with it" } else { "" };
                format!("run {}, {}, {how}{on}", run.id, ago(model.now, run.last_at()))
            }
        },
        Step::Browse => match store.map(|s| &s.totals) {
            Some(t) if t.users + t.groups > 0 => {
                format!("{}, {}, {}", counted(t.users, "user"), counted(t.groups, "group"), counted(t.edges, "edge"))
            }
            _ => "nothing read yet".to_owned(),
        },
        Step::Preview if store.is_some_and(|s| s.finished.is_some()) => {
            "what an upload would change; sends nothing".to_owned()
        }
        Step::Preview => "after a finished run".to_owned(),
        Step::Upload => match store.and_then(|s| s.uploaded) {
            Some(uploaded) if uploaded.in_doubt => {
                format!("in doubt ({}); the next upload settles it", ago(model.now, uploaded.at))
            }
            Some(uploaded) => format!("uploaded {}", ago(model.now, uploaded.at)),
            None => "never yet to this target".to_owned(),
        },
    }
}
