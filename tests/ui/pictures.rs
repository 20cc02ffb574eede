//! Which screens there are, and that each has pictures: every place, popup and list, by matches that a new one does not
//! pass; and what the themes make of a screen.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::{buffer::Buffer, style::Style};
use tenantry::{
    app::{
        Model, Place,
        browse::{Face, Popup, Shape, Shows},
        overlay::{AskPhase, Overlay, Question},
        profiles,
        steps::WizardStep,
        views::{Look, Signs, Theme},
    },
    domain::view::List,
};

use super::{
    fake::text,
    screens::{draw, states},
};

/// What is on the screen, in a word or two.
fn shown(model: &Model) -> String {
    match model.overlays.last() {
        Some(overlay) => format!("popup: {}", popup(overlay)),
        None => match model.place {
            Place::Wizard => page(model.wizard.step).to_owned(),
            Place::Dashboard => "dashboard".to_owned(),
            Place::Profiles => "profiles".to_owned(),
            Place::Ingest => "ingest".to_owned(),
            Place::Preview => "preview".to_owned(),
            Place::Upload => "upload".to_owned(),
            Place::Browse if model.browse.run.is_none() => "browse: nothing".to_owned(),
            Place::Browse if model.browse.filtering && !matches!(model.browse.view().shows, Shows::Pick(_)) => {
                "browse: filter".to_owned()
            }
            Place::Browse => format!("browse: {}", view(&model.browse.view().shows)),
        },
    }
}

const fn page(step: WizardStep) -> &'static str {
    match step {
        WizardStep::Welcome => "wizard: welcome",
        WizardStep::OpenCenter => "wizard: open the centre",
        WizardStep::Register => "wizard: register",
        WizardStep::CopyIds => "wizard: ids",
        WizardStep::Credential => "wizard: credential",
        WizardStep::Permission => "wizard: permission",
        WizardStep::Consent => "wizard: consent",
        WizardStep::App => "wizard: app",
        WizardStep::Script => "wizard: script",
        WizardStep::Line => "wizard: line",
        WizardStep::Everything => "wizard: one form",
        WizardStep::Check => "wizard: check",
        WizardStep::Waiting => "wizard: waiting",
        WizardStep::Instance => "wizard: instance",
        WizardStep::JupiterOne => "wizard: JupiterOne",
        WizardStep::Save => "wizard: save",
    }
}

fn popup(overlay: &Overlay) -> &'static str {
    match overlay {
        Overlay::Help(_) => "help",
        Overlay::Palette(_) => "palette",
        Overlay::Told { .. } => "told",
        Overlay::Ask(_, AskPhase::Waiting) => "stopping",
        Overlay::Ask(Question::CancelCollect, _) => "cancel reading",
        Overlay::Ask(Question::CancelUpload, _) => "cancel upload",
        Overlay::Ask(Question::DropRun(_), _) => "drop a run",
        Overlay::Ask(Question::DropKey(_), _) => "drop a key",
        Overlay::Ask(Question::Quit, _) => "quit",
        Overlay::How { .. } => "how to read",
        Overlay::Export { .. } => "export everything",
        Overlay::Type { .. } => "word of an upload",
        Overlay::Browse(Popup::Sort { .. }) => "sort",
        Overlay::Browse(Popup::Columns { .. }) => "columns",
        Overlay::Browse(Popup::Facets { .. }) => "facets",
        Overlay::Browse(Popup::Copy { .. }) => "copy",
        Overlay::Browse(Popup::Export { .. }) => "export",
        Overlay::Browse(Popup::Draw { .. }) => "draw",
        Overlay::Browse(Popup::Words { .. }) => "language of filters",
        Overlay::Profile(profiles::Popup::Working(_)) => "profiles at work",
        Overlay::Profile(profiles::Popup::Rename { .. }) => "rename",
        Overlay::Profile(profiles::Popup::InstanceName { .. }) => "instance name",
        Overlay::Profile(profiles::Popup::Remove { word: None, .. }) => "remove",
        Overlay::Profile(profiles::Popup::Remove { word: Some(_), .. }) => "purge",
        Overlay::Profile(profiles::Popup::Trust(_)) => "trust",
    }
}

fn view(shows: &Shows) -> &'static str {
    match shows {
        Shows::List(List::Accounts) => "accounts",
        Shows::List(List::Users) => "users",
        Shows::List(List::Groups) => "groups",
        Shows::List(List::Members) => "group members",
        Shows::List(List::Edges) => "edges",
        Shows::MembersOf(_) => "members of",
        Shows::GroupsOf(_) => "groups of",
        Shows::AllMembersOf(_) => "all members of",
        Shows::AllGroupsOf(_) => "all groups of",
        Shows::Pick(_) => "pick",
        Shows::Changes(_) => "changes",
        Shows::Runs => "runs",
        Shows::Problems => "problems",
        Shows::Requests(_) => "requests",
        Shows::Planned(_) => "object by object",
        Shows::One(..) => "one line",
        Shows::Object(open) => match open.face {
            Face::Properties => "properties",
            Face::Graph => "Graph's JSON",
            Face::Upload => "as uploaded",
            Face::History => "history",
        },
        Shows::Near(_) => "neighbourhood",
        Shows::Why(reasons) if reasons.lost.is_some() => "without an edge",
        Shows::Why(reasons) => match reasons.shape {
            Shape::Tree => "ways as a tree",
            Shape::Way(_) => "one way",
        },
    }
}

/// All that there is.
const ALL: &[&str] = &[
    "wizard: welcome",
    "wizard: open the centre",
    "wizard: register",
    "wizard: ids",
    "wizard: credential",
    "wizard: permission",
    "wizard: consent",
    "wizard: app",
    "wizard: script",
    "wizard: line",
    "wizard: one form",
    "wizard: check",
    "wizard: waiting",
    "wizard: instance",
    "wizard: JupiterOne",
    "wizard: save",
    "dashboard",
    "profiles",
    "ingest",
    "preview",
    "upload",
    "browse: nothing",
    "browse: filter",
    "browse: accounts",
    "browse: users",
    "browse: groups",
    "browse: group members",
    "browse: edges",
    "browse: members of",
    "browse: groups of",
    "browse: all members of",
    "browse: all groups of",
    "browse: pick",
    "browse: changes",
    "browse: runs",
    "browse: problems",
    "browse: requests",
    "browse: object by object",
    "browse: one line",
    "browse: properties",
    "browse: Graph's JSON",
    "browse: as uploaded",
    "browse: history",
    "browse: without an edge",
    "browse: ways as a tree",
    "browse: one way",
    "browse: neighbourhood",
    "popup: help",
    "popup: palette",
    "popup: told",
    "popup: stopping",
    "popup: cancel reading",
    "popup: cancel upload",
    "popup: drop a run",
    "popup: drop a key",
    "popup: quit",
    "popup: how to read",
    "popup: export everything",
    "popup: word of an upload",
    "popup: sort",
    "popup: columns",
    "popup: facets",
    "popup: copy",
    "popup: export",
    "popup: draw",
    "popup: language of filters",
    "popup: profiles at work",
    "popup: rename",
    "popup: instance name",
    "popup: remove",
    "popup: purge",
    "popup: trust",
];

/// Every state has its pictures at three sizes, and is held against itself without colours (`super::screens`).
#[test]
fn every_screen_has_pictures() {
    let have: BTreeSet<String> = states().iter().map(|(_, model)| shown(model)).collect();
    let want: BTreeSet<String> = ALL.iter().map(|name| (*name).to_owned()).collect();
    let lacking: Vec<_> = want.difference(&have).collect();
    let unknown: Vec<_> = have.difference(&want).collect();
    assert!(lacking.is_empty() && unknown.is_empty(), "without a picture: {lacking:?}; not in the list: {unknown:?}");
}

/// The text, and below it for each cell which style it has, with what these are.
fn styled(buffer: &Buffer) -> String {
    let mut styles: BTreeMap<String, char> = BTreeMap::new();
    let mut letters = ('a'..='z').chain('A'..='Z');
    let mut below = String::new();
    for line in buffer.content.chunks(usize::from(buffer.area.width)) {
        let mut row = String::new();
        for cell in line {
            let style = cell.style();
            let plain = Style { underline_color: None, ..style };
            let letter = match plain == plain_style() {
                true => '.',
                false => {
                    let words = format!("{:?} on {:?} {:?}", style.fg.unwrap(), style.bg.unwrap(), style.add_modifier);
                    *styles.entry(words).or_insert_with(|| letters.next().unwrap())
                }
            };
            row.push(letter);
        }
        below.push_str(row.trim_end_matches('.'));
        below.push('\n');
    }
    let legend: String = styles.iter().map(|(words, letter)| format!("{letter} {words}\n")).collect();
    format!("{}\n{below}\n{legend}", text(buffer))
}

fn plain_style() -> Style {
    Style { underline_color: None, ..ratatui::buffer::Cell::default().style() }
}

#[test]
fn themes_as_people_see_them() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    let all = states();
    for (theme, name) in [
        (Theme::Terminal, "browse_14_facets"),
        (Theme::Dark, "browse_21_problems"),
        (Theme::Light, "ingest_4_partial"),
        (Theme::HighContrast, "browse_17_changes"),
        (Theme::None, "wizard_9_check_failed"),
    ] {
        let mut model = all.iter().find(|(of, _)| *of == name).unwrap().1.clone();
        model.look = Look { theme, signs: Signs::Unicode };
        insta::assert_snapshot!(format!("theme_{theme:?}").to_lowercase(), styled(&draw(&model, 80, 24)));
    }
}
