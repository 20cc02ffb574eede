//! The one table of commands: the key bar, the help, the palette and the dispatch all come from it, so that none of them
//! can lie. The rows are in [`table`], the keys that a person gave them in [`super::keymap`].

pub mod table;

pub use self::table::COMMANDS;

use super::{
    Focus, Model, Step,
    key::{Code, Key},
    list::Move,
    steps::Way,
    views::Signs,
};

/// What a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Leave,
    Suspend,
    Redraw,
    Help,
    /// Every command of the screen, found by typing.
    Palette,
    /// The next colours.
    Theme,
    /// The other set of signs.
    Signs,
    /// On, or off.
    Mouse,
    Quit,
    Back,
    Overview,
    Profiles,
    Go(Step),
    /// The one thing that comes next here.
    Continue,
    NextField,
    PreviousField,
    Choose(i8),
    Take(Way),
    CheckNow,
    Fix,
    SwitchCloud,
    TakeCertificate,
    ConfirmInstance,
    GoOnAnyway,
    Later,
    CopyLink,
    CopyMessage,
    CopyScript,
    WriteScript,
    OtherShell,
    CopyProblem,
    FillRight,
    DemoConsent,
    FillWrong,
    ReadAgain,
    /// The requests of a run.
    Requests,
    ReadAll,
    HowToRead,
    DropRun,
    Hold(bool),
    /// Go on with the job that is open, or abort it after all.
    OpenJob,
    SendAgain,
    Cancel,
    Move(Move),
    Tab(i8),
    Filter,
    /// The word that is being typed goes on as it is shown.
    Complete,
    /// The filter's language.
    Words,
    Facets,
    Sort,
    Columns,
    /// What can be copied of a list.
    Copy,
    Export,
    /// What is different between two runs.
    Compare,
    /// What an upload of this run would do.
    PreviewRun,
    /// An upload object by object.
    Objects,
    /// Keeps the preview as a plan.
    KeepPlan,
    /// The newest run instead of an older one.
    Newest,
    /// What JupiterOne holds now instead of what it is believed to hold, and back.
    Live,
    /// Switches the chosen line of a popup on or off.
    Toggle,
    /// Moves the chosen line of a popup.
    Shift(i8),
    /// As it was before anything was chosen.
    Usual,
    Members,
    Groups,
    /// From the direct ones to all, and back.
    Reach,
    /// Why is this in that group?
    Why,
    /// Another face of what is open.
    Face(i8),
    /// The next of the ways, or the one before.
    Way(i8),
    /// Other columns of a list that has no room for all.
    Pan(i8),
    /// Who would be lost with the selected edge.
    Lost,
    /// What is around an object.
    Around,
    /// What hangs below the selected line is hidden, or shown again.
    Fold,
    FoldAll,
    /// One edge further, or less far.
    Deepen(i8),
    /// For another program.
    Draw,
    /// What is shown, as text.
    CopyThis,
    CopyId,
    Refresh,
    /// The other names under which the tenant is sent.
    Names,
    Advance,
    NewProfile,
    EditProfile,
    DefaultProfile,
    RenameProfile,
    RemoveProfile,
    /// With its store.
    PurgeProfile,
    /// A new secret or certificate, before the old one ends.
    Renew,
    Yes,
    No,
}

/// Where a command belongs: the chapters of the help, and of the sample of a key map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    Popups,
    Wizard,
    Profiles,
    Overview,
    Ingest,
    Browse,
    Preview,
    Upload,
    Lists,
    Everywhere,
}

impl Group {
    pub const ALL: [Self; 10] = [
        Self::Popups,
        Self::Wizard,
        Self::Profiles,
        Self::Overview,
        Self::Ingest,
        Self::Browse,
        Self::Preview,
        Self::Upload,
        Self::Lists,
        Self::Everywhere,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Popups => "Popups",
            Self::Wizard => "Credentials",
            Self::Profiles => "Profiles",
            Self::Overview => "Overview",
            Self::Ingest => "Ingest",
            Self::Browse => "Browse",
            Self::Preview => "Preview",
            Self::Upload => "Upload",
            Self::Lists => "Lists and pages",
            Self::Everywhere => "Everywhere",
        }
    }

    /// Whether commands of both can be there at once.
    pub fn meets(self, other: Self) -> bool {
        let general = |group| matches!(group, Self::Lists | Self::Everywhere);
        self == other || general(self) || general(other)
    }
}

/// A row of the table.
pub struct Command {
    /// What a key map calls it, and the palette; the rows of one word do the same thing in different places.
    pub word: &'static str,
    pub group: Group,
    pub action: Action,
    /// Unless the person gave it others. The first that the focus lets through is the one shown.
    pub keys: &'static [&'static str],
    /// For the key bar; empty: only in the help and the palette.
    pub label: &'static str,
    /// For the help.
    pub help: &'static str,
    pub here: fn(&Model) -> bool,
}

/// A command that is there here and now.
pub struct Offer {
    pub command: &'static Command,
    /// Its place in [`COMMANDS`].
    pub place: usize,
    /// That do it, the usual one first.
    pub keys: Vec<Key>,
    /// That would do it if a field did not take them.
    pub taken: Vec<Key>,
}

impl Focus {
    /// Whether a field takes this key before any command sees it.
    pub const fn takes(self, key: Key) -> bool {
        match self {
            Self::Commands => false,
            // A choice is moved by arrows; letters stay free for nothing, lest a letter meant as text do something.
            Self::Choice => key.is_for_fields() && !matches!(key.code, Code::Left | Code::Right | Code::Char(' ')),
            Self::Text | Self::Secret => key.is_for_fields(),
        }
    }
}

/// What is there here and now, in the table's order; of one action only the first.
///
/// A key is the command's that the person gave it to, else of the first in the table.
pub fn offers(model: &Model) -> Vec<Offer> {
    let focus = model.focus();
    let mut out: Vec<Offer> = Vec::new();
    let mut claimed: Vec<Key> = Vec::new();
    for (place, command) in COMMANDS.iter().enumerate().filter(|(_, c)| (c.here)(model)) {
        out.push(Offer { command, place, keys: Vec::new(), taken: Vec::new() });
    }
    for own in [true, false] {
        for offer in out.iter_mut().filter(|offer| model.keys.is_own(offer.command.word) == own) {
            for key in model.keys.of(offer.command.word) {
                if claimed.contains(key) {
                    continue;
                }
                claimed.push(*key);
                if focus.takes(*key) { &mut offer.taken } else { &mut offer.keys }.push(*key);
            }
        }
    }
    let first = |n: usize| out[..n].iter().all(|before| before.command.action != out[n].command.action);
    let keep: Vec<bool> = (0..out.len()).map(|n| !out[n].keys.is_empty() || first(n)).collect();
    let mut keep = keep.into_iter();
    out.retain(|_| keep.next().unwrap_or(true));
    out
}

/// What `key` does here and now.
pub fn lookup(model: &Model, key: Key) -> Option<Action> {
    offers(model).into_iter().find(|offer| offer.keys.contains(&key)).map(|offer| offer.command.action)
}

/// A key as it is shown on this terminal.
pub fn shown(model: &Model, key: Key) -> String {
    match model.look.signs {
        Signs::Unicode => key.shown(),
        Signs::Ascii => key.spelled(),
    }
}

/// What commands are called by in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Called {
    #[default]
    ByKeys,
    /// There are no keys.
    ByWords,
}

/// How a text on the screen names the key of a word: its first key, or how the palette finds it if it has none.
pub fn named(model: &Model, word: &str) -> String {
    if model.called == Called::ByWords {
        return word.to_owned();
    }
    model.keys.of(word).first().map_or_else(|| format!(": {word}"), |key| shown(model, *key))
}

/// A text in which `{word}` stands for the key of that word.
pub fn with_keys(model: &Model, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, word, after)) =
        rest.split_once('{').and_then(|(before, tail)| tail.split_once('}').map(|(word, after)| (before, word, after)))
    {
        out.push_str(before);
        out.push_str(&named(model, word));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_key_of_the_table_can_be_read() {
        for command in COMMANDS {
            assert!(!command.help.is_empty(), "{}", command.word);
            assert!(command.word.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", command.word);
            for key in command.keys {
                assert!(Key::parse(key).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn a_word_has_one_set_of_keys() {
        let mut keys: BTreeMap<&str, &[&str]> = BTreeMap::new();
        for command in COMMANDS {
            assert_eq!(*keys.entry(command.word).or_insert(command.keys), command.keys, "{}", command.word);
        }
    }

    #[test]
    fn a_text_field_takes_every_letter_and_leaves_the_rest() {
        let check = |key: &str, taken: bool| {
            let key = Key::parse(key).unwrap();
            assert_eq!((Focus::Text.takes(key), Focus::Secret.takes(key)), (taken, taken), "{key:?}");
            assert!(!Focus::Commands.takes(key));
        };
        for key in ["q", "?", "1", "/", "space", "backspace", "left", "home", "ctrl-u"] {
            check(key, true);
        }
        for key in ["enter", "esc", "tab", "ctrl-c", "ctrl-g", "ctrl-r", "f1", "f2", "up", "pageup"] {
            check(key, false);
        }
    }
}
