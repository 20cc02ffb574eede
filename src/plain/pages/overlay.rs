//! What lies over a screen: questions, typed confirmations, things to choose from.

use super::{
    super::page::{Part, Rows},
    preview::figures,
};
use crate::{
    app::{
        Kind, Model,
        browse::{
            columns::Layout,
            copy, facets,
            popup::{Popup as Over, columns_in_order},
        },
        export, ingest,
        overlay::{AskPhase, Overlay, Question},
        profiles::{Asked as Trusting, INSTANCE_NAME, PURGE, Popup, TRUST},
        upload::Asked,
        views::{RemovalPlan, StoreFate},
    },
    domain::{
        export::ExportFormat,
        filter::{FIELDS, OPERATORS},
        near::Drawing,
        text::grouped,
    },
};

pub fn part(model: &Model, overlay: &Overlay) -> Part {
    match overlay {
        // These are found by typing on a screen; here words do it.
        Overlay::Help(_) | Overlay::Palette(_) => Part::titled("Commands"),
        Overlay::Told { title, lines, .. } => {
            let mut part = Part::titled(*title);
            lines.iter().for_each(|line| part.lines.say(line));
            part
        }
        Overlay::Ask(question, phase) => ask(model, *question, *phase),
        Overlay::How { .. } => {
            let mut part = Part::titled("How to read");
            part.rows = ingest::choices(model)
                .into_iter()
                .map(|how| ingest::words(model, how))
                .map(|(title, words)| format!("{title}: {words}"))
                .collect();
            part.kind = Rows::Popup;
            part
        }
        Overlay::Export { .. } => {
            let mut part = Part::titled("Write everything that an upload sends to files in the current directory");
            let choices = ExportFormat::ALL.into_iter().map(export::words);
            part.rows = choices.map(|(title, words)| format!("{title}: {words}")).collect();
            part.kind = Rows::Popup;
            part
        }
        Overlay::Type { asked, .. } => confirm(model, asked),
        Overlay::Browse(popup) => over_list(model, *popup),
        Overlay::Profile(popup) => profile(popup),
    }
}

/// That the word which was typed was not the one.
pub fn refused(model: &Model) -> Option<&'static str> {
    match model.overlays.last()? {
        Overlay::Type { wrong: true, .. } => Some("FAILED: not the word. Nothing was sent."),
        Overlay::Profile(Popup::Remove { wrong: true, .. }) => Some("FAILED: not the word; nothing removed."),
        Overlay::Profile(Popup::Trust(asked)) if asked.wrong => Some("FAILED: not the word; nothing is confirmed."),
        _ => None,
    }
}

fn ask(model: &Model, question: Question, phase: AskPhase) -> Part {
    let (title, words) = question.words(model);
    let mut part = Part::titled(title);
    part.lines.say(words);
    if question == Question::Quit {
        let at_stake = model.jobs.values().map(|job| job.kind).filter(|kind: &Kind| kind.is_at_stake());
        at_stake.for_each(|kind| part.lines.fact("Still running", kind.words()));
    }
    if phase == AskPhase::Waiting {
        part.lines.say("Stopping.");
    }
    part
}

fn confirm(model: &Model, asked: &[Asked]) -> Part {
    let mut part = Part::titled("Upload to JupiterOne: your word");
    if let Some(preview) = model.comparison.ready() {
        part.lines.fact("To", preview.target.as_ref().map(ToString::to_string).unwrap_or_default());
        part.lines.fact("It would be", figures(preview.total()));
    }
    if let Some(now) = asked.first() {
        now.why.iter().for_each(|why| part.lines.say(format!("NEEDS YOU: {why}")));
        part.field = Some(match asked.len() {
            1 => format!("Type {} to start the upload; until then nothing is sent.", now.word),
            more => {
                format!("Type {} to go on; {} more after it, and nothing is sent before the last.", now.word, more - 1)
            }
        });
    }
    part
}

fn over_list(model: &Model, popup: Over) -> Part {
    let view = model.browse.view();
    let layout = Layout::of(&view.shows);
    let (title, rows): (String, Vec<String>) = match popup {
        Over::Sort { .. } => {
            let sort = layout.map(|layout| model.browse.sort(layout)).unwrap_or_default();
            let line = |column| {
                let how = sort.iter().enumerate().find(|(_, by)| by.column == column);
                let how = how
                    .map(|(n, by)| format!(" ({}, {})", n + 1, if by.descending { "descending" } else { "ascending" }));
                format!("{}{}", column.title(), how.unwrap_or_default())
            };
            let columns = layout.map(Layout::offers).unwrap_or_default();
            ("Sort by".to_owned(), columns.into_iter().map(line).collect())
        }
        Over::Columns { .. } => {
            let shown = layout.map(|layout| model.browse.columns(layout)).unwrap_or_default();
            let all = layout.map(|layout| columns_in_order(model, layout)).unwrap_or_default();
            let line = |column: crate::domain::column::Column| {
                format!("{}, {}", column.title(), if shown.contains(&column) { "shown" } else { "not shown" })
            };
            ("Columns".to_owned(), all.into_iter().map(line).collect())
        }
        Over::Facets { .. } => {
            let line = |facet| {
                let chosen = if facets::is_chosen(model, facet) { ", chosen" } else { "" };
                format!("{}, {}{chosen}", facet.title, grouped(facet.count))
            };
            ("Facets: how many rows have which trait".to_owned(), model.browse.facets.all.iter().map(line).collect())
        }
        Over::Copy { .. } => {
            let offers = copy::offers(model).into_iter();
            ("What is to be said, to be copied".to_owned(), offers.map(|offer| offer.title).collect())
        }
        Over::Export { .. } => {
            let rows = view.window.total.map(grouped).unwrap_or_default();
            let forms = copy::FORMS.iter().map(|(_, title)| (*title).to_owned());
            (format!("Write {rows} rows to a file"), forms.collect())
        }
        Over::Draw { .. } => {
            let drawings = Drawing::ALL.iter().map(|drawing| drawing.title().to_owned());
            ("Draw it in a file".to_owned(), drawings.collect())
        }
        Over::Words { .. } => {
            let mut part = Part::titled(format!("What the filter of {} understands", view.scope().plural()));
            OPERATORS.iter().for_each(|(example, what)| part.lines.fact(example, what));
            for field in FIELDS.iter().filter(|field| field.is_of(view.scope())) {
                let values =
                    if field.values.is_empty() { String::new() } else { format!(" ({})", field.values.join(", ")) };
                part.lines.fact(field.example, format!("{}{values}", field.what));
            }
            return part;
        }
    };
    let mut part = Part { rows, kind: Rows::Popup, ..Part::titled(title) };
    if let (Over::Facets { .. }, Some(problem)) = (popup, &model.browse.facets.problem) {
        part.lines.failed(problem);
    }
    part
}

fn profile(popup: &Popup) -> Part {
    match popup {
        Popup::Working(words) => {
            let mut part = Part::titled("Profiles");
            part.lines.say(words);
            part.lines.say("A keyring may be asking you something.");
            part
        }
        Popup::Rename { name, .. } => {
            let mut part = Part::titled(format!("Another name for profile {name}"));
            part.lines.say("Letters, digits, - _ and . Its secrets, its store and what you confirmed stay with it.");
            part.field = Some("Type the new name.".to_owned());
            part
        }
        Popup::InstanceName { why, .. } => {
            let mut part = Part::titled("The name of the JupiterOne instance");
            part.lines.say(INSTANCE_NAME);
            if !why.is_empty() {
                part.lines.fact("Why JupiterOne did not tell it", why);
            }
            part.field = Some("Type the instance's name; it is kept in the profile.".to_owned());
            part
        }
        Popup::Remove { plan, word, .. } => remove(plan, word.is_some()),
        Popup::Trust(asked) => trust(asked),
    }
}

fn remove(plan: &RemovalPlan, purges: bool) -> Part {
    let mut part = Part::titled(format!("Remove profile {}?", plan.name));
    let lines = &mut part.lines;
    lines.fact("This goes", format!("the profile's file {}", plan.file));
    plan.secrets.iter().for_each(|secret| lines.fact("This goes", format!("the {secret}")));
    plan.shared
        .iter()
        .for_each(|secret| lines.fact("This stays", format!("the {secret}, which another profile may need")));
    match &plan.store {
        StoreFate::Own(path) if purges => lines.fact(
            "This goes",
            format!(
                "the store {path}: all runs of the tenant, and what its targets are believed to hold, so that the next \
                 upload will be a first one"
            ),
        ),
        StoreFate::Own(path) => lines.fact("This stays", format!("the store {path}")),
        StoreFate::Shared(other) => {
            lines.fact("This stays", format!("the store: profile {other} may use the same tenant"));
        }
        StoreFate::None => {}
    }
    part.field = purges.then(|| format!("Type {PURGE} to remove all of it."));
    part
}

fn trust(asked: &Trusting) -> Part {
    let mut part = Part::titled(format!("May profile {} be used?", asked.name));
    part.lines.say(match asked.changed {
        true => "These values changed while you looked. This is what the profile says now; nobody has confirmed it.",
        false => {
            "This profile decides where secrets go, or what is run. Nobody has confirmed that on this machine, or it \
             changed since. Nothing of the profile has been used."
        }
    });
    for value in &asked.values {
        part.lines.say(format!("NEEDS YOU: {}: {}", value.member, value.value));
        part.lines.say(format!("It {}.", value.meaning));
    }
    part.field = Some(format!("Type {TRUST} to confirm these values."));
    part
}
