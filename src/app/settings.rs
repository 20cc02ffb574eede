//! What is kept of the screens from one session to the next: how they look, the mouse, the keys, the columns and order of
//! each list.
//!
//! Pure: a text in, settings and what is wrong with the text out ([`read`]); a text and what has changed in, a text out
//! ([`written`]). What is not understood is told with its line and stays in the file; nothing in it stops the program.

mod read;
mod written;

use std::collections::BTreeMap;

pub use self::{
    read::{Read, read},
    written::written,
};
use super::{
    Fx, Model,
    browse::columns::{Chosen, Layouts},
    keymap::KeyMap,
    msg::{Effect, Kind, Work},
    views::{Look, Mode, Signs, Theme},
};

/// What somebody chose; `None`: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    pub theme: Option<Theme>,
    pub signs: Option<Signs>,
    pub mouse: Option<bool>,
    pub layouts: Layouts,
}

/// How the screens begin, by all that has a say in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    pub look: Look,
    pub mouse: bool,
    pub keys: KeyMap,
    pub layouts: Layouts,
    /// What is wrong with the file of settings, for people.
    pub told: Vec<String>,
    /// The session is recorded to this file.
    pub record: Option<std::path::PathBuf>,
}

impl Settings {
    /// As the screens are now.
    pub(super) fn of(model: &Model) -> Self {
        Self {
            theme: Some(model.look.theme),
            signs: Some(model.look.signs),
            mouse: Some(model.mouse),
            layouts: model.browse.layouts.clone(),
        }
    }

    fn is_of(&self, model: &Model) -> bool {
        self.theme == Some(model.look.theme)
            && self.signs == Some(model.look.signs)
            && self.mouse == Some(model.mouse)
            && self.layouts == model.browse.layouts
    }

    /// What is different in `now`. A list that is as usual again is among it, empty.
    fn changed(&self, now: &Self) -> Self {
        let usual = Chosen::default();
        let lists = self.layouts.keys().chain(now.layouts.keys());
        let layouts: BTreeMap<_, _> = lists
            .map(|list| (*list, now.layouts.get(list).unwrap_or(&usual), self.layouts.get(list).unwrap_or(&usual)))
            .filter(|(_, now, before)| now != before)
            .map(|(list, now, _)| (list, now.clone()))
            .collect();
        Self {
            theme: now.theme.filter(|_| now.theme != self.theme),
            signs: now.signs.filter(|_| now.signs != self.signs),
            mouse: now.mouse.filter(|_| now.mouse != self.mouse),
            layouts,
        }
    }
}

/// Has what a person changed on the screen written down. A demo keeps nothing.
pub(super) fn keep(model: &mut Model, fx: &mut Fx) {
    // One after the other, so that the last word is the last that is written.
    if model.kept.is_of(model) || model.jobs.values().any(|job| job.kind == Kind::Keep) {
        return;
    }
    let now = Settings::of(model);
    let changed = model.kept.changed(&now);
    model.kept = now;
    if model.mode == Mode::Real && changed != Settings::default() {
        model.start(Work::Keep(Box::new(changed)), fx);
    }
}

/// The next look, at once.
pub(super) fn next_theme(model: &mut Model) {
    let at = Theme::ALL.iter().position(|theme| *theme == model.look.theme).unwrap_or(0);
    model.look.theme = Theme::ALL[(at + 1) % Theme::ALL.len()];
    model.say(format!("Colours: {}.", model.look.theme.words()));
}

pub(super) fn other_signs(model: &mut Model) {
    model.look.signs = match model.look.signs {
        Signs::Unicode => Signs::Ascii,
        Signs::Ascii => Signs::Unicode,
    };
}

pub(super) fn switch_mouse(model: &mut Model, fx: &mut Fx) {
    model.mouse = !model.mouse;
    fx.push(Effect::Mouse(model.mouse));
    model.say(match model.mouse {
        true => "Mouse on: wheel, rows, tabs, heads and keys. Shift (or Option) and drag still selects text.",
        false => "Mouse off: the terminal selects text again.",
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::browse::columns::Layout,
        domain::column::{Column, Sort},
    };

    #[test]
    fn only_what_has_changed_is_kept() {
        let sorted = Chosen { columns: None, sort: vec![Sort { column: Column::Members, descending: true }] };
        let before = Settings { theme: Some(Theme::Terminal), mouse: Some(false), ..Settings::default() };
        let now = Settings {
            theme: Some(Theme::Light),
            mouse: Some(false),
            layouts: Layouts::from([(Layout::Groups, sorted.clone()), (Layout::Users, Chosen::default())]),
            ..Settings::default()
        };
        let changed = before.changed(&now);
        let groups = Layouts::from([(Layout::Groups, sorted)]);
        assert_eq!(changed, Settings { theme: Some(Theme::Light), layouts: groups, ..Settings::default() });
        let back = now.changed(&before).layouts;
        assert_eq!(back, Layouts::from([(Layout::Groups, Chosen::default())]), "as usual again is a change too");
    }
}
