//! The profiles, one a row.

use super::super::page::{Part, Rows};
use crate::{
    app::{Model, views::ProfileRow},
    domain::text::{ago, counted},
};

pub fn part(model: &Model) -> Part {
    let mut part = Part::titled("Profiles");
    if let Some(problem) = &model.profiles.problem {
        part.lines.failed(problem);
    }
    model.profiles.notes.iter().for_each(|note| part.lines.say(format!("NEEDS YOU: {note}")));
    match model.profiles.rows.as_deref() {
        None => part.lines.say("One moment: looking for profiles."),
        Some([]) => part.lines.say("There is none yet."),
        Some(rows) => {
            part.lines.say("A profile's number switches to it. With a word behind it: edit-profile, rename-profile, default-profile, remove-profile; such as 1 edit-profile.");
            part.rows = rows.iter().map(|row| line(model, row)).collect();
            part.kind = Rows::Profiles;
        }
    }
    part
}

fn line(model: &Model, row: &ProfileRow) -> String {
    let mut out = vec![row.name.clone()];
    if model.is_at_work(&row.name) {
        out.push("in use now".to_owned());
    }
    if row.is_default {
        out.push("used where none is named".to_owned());
    }
    match &row.about {
        Err(problem) => out.push(format!("FAILED: {}", problem.line())),
        Ok(about) => {
            if about.unconfirmed > 0 {
                out.push("NEEDS YOU: not confirmed on this machine".to_owned());
            }
            let view = &about.view;
            out.push(format!("tenant {}", view.title()));
            out.push(about.kept.clone());
            if let Some(ends) = view.credential.expiry(model.now).words() {
                out.push(format!("NEEDS YOU: {} {ends}", view.credential.kind.words()));
            }
            match &view.target {
                Some(target) => out.push(format!("to {target}")),
                None => out.push("no target yet".to_owned()),
            }
            if let Some(run) = &about.last_run {
                let gaps = match run.open_gaps() {
                    0 => String::new(),
                    gaps => format!(" with {}", counted(gaps, "gap")),
                };
                out.push(format!("last run {}, {}{gaps}", ago(model.now, run.last_at()), run.status.as_str()));
            }
        }
    }
    out.retain(|part| !part.is_empty());
    out.join(", ")
}
