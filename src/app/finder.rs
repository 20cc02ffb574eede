//! Commands found by typing: what the palette and the help have in common.
//!
//! What there is is taken down when it is opened; whether a command is still there is asked once more before it runs.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::{
    Fx, Model,
    command::{self, COMMANDS, Command, Group},
    field::TextField,
    key::Key,
    list::Move,
};

#[derive(Debug, Clone, PartialEq)]
pub struct Finder {
    pub field: TextField,
    /// Which of what is [`found`](Self::found).
    pub chosen: usize,
    /// In the order in which they stand there while nothing is typed.
    pub entries: Vec<Entry>,
    /// A field had the focus: it takes letters.
    pub over_field: bool,
    chapters: Chapters,
}

/// A command and its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// In [`COMMANDS`].
    pub place: usize,
    pub keys: Vec<Key>,
    /// On the screen that the finder was opened on.
    pub here: bool,
}

impl Entry {
    pub fn command(&self) -> &'static Command {
        &COMMANDS[self.place]
    }
}

/// Whether what is found stays in chapters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chapters {
    /// The best match first.
    No,
    Yes,
}

impl Finder {
    /// Everything that can be done on this screen.
    pub fn palette(model: &Model) -> Self {
        let mut entries = here(model);
        entries.retain(|entry| entry.command().action != command::Action::Palette);
        Self::new(model, entries, Chapters::No)
    }

    /// Everything that has a key here, by its chapter; and, for who searches, everything else.
    pub fn help(model: &Model) -> Self {
        let mut entries = here(model);
        entries.sort_by_key(|entry| Group::ALL.iter().position(|group| *group == entry.command().group));
        let elsewhere = COMMANDS.iter().enumerate().filter(|(place, command)| {
            let same = |other: &Command| other.word == command.word && other.group == command.group;
            !entries.iter().any(|entry| same(entry.command())) && !COMMANDS[..*place].iter().any(same)
        });
        let keys = |word| model.keys.of(word).to_vec();
        let elsewhere: Vec<Entry> =
            elsewhere.map(|(place, c)| Entry { place, keys: keys(c.word), here: false }).collect();
        entries.extend(elsewhere);
        Self::new(model, entries, Chapters::Yes)
    }

    fn new(model: &Model, entries: Vec<Entry>, chapters: Chapters) -> Self {
        let over_field = model.focus() != super::Focus::Commands;
        Self { field: TextField::default(), chosen: 0, entries, over_field, chapters }
    }

    /// What matches what is typed, the best first; in chapters where there are chapters.
    pub fn found(&self) -> Vec<&Entry> {
        let typed = self.field.text().trim();
        if typed.is_empty() {
            return self.entries.iter().filter(|entry| entry.here).collect();
        }
        let pattern = Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let scored = self.entries.iter().filter_map(|e| Some((e, score(e, typed, &pattern, &mut matcher)?)));
        let mut scored: Vec<(&Entry, u32)> = scored.collect();
        if self.chapters == Chapters::No {
            scored.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
        }
        scored.into_iter().map(|(entry, _)| entry).collect()
    }

    pub(super) fn typed(&mut self, change: impl FnOnce(&mut TextField)) {
        change(&mut self.field);
        self.chosen = 0;
    }

    pub(super) fn go(&mut self, to: Move) {
        let last = self.found().len().saturating_sub(1);
        let at = u16::try_from(self.chosen).unwrap_or(0);
        self.chosen = usize::from(to.scroll(at, 10)).min(last);
    }
}

/// What is there here and now.
fn here(model: &Model) -> Vec<Entry> {
    let offers = command::offers(model).into_iter();
    let entry = |offer: command::Offer| {
        let keys = offer.keys.into_iter().chain(offer.taken).collect();
        Entry { place: offer.place, keys, here: true }
    };
    offers.map(entry).collect()
}

/// How well it matches: its word and its label letter by letter, what the help says of it only as it stands.
fn score(entry: &Entry, typed: &str, pattern: &Pattern, matcher: &mut Matcher) -> Option<u32> {
    let command = entry.command();
    let mut buffer = Vec::new();
    let mut fuzzy = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), matcher);
    let named = [fuzzy(command.word).map(|score| score * 2 + 1), fuzzy(command.label).map(|score| score + 1)];
    let said = || {
        let text = format!("{} {}", command.help, command.group.title()).to_lowercase();
        typed.to_lowercase().split_whitespace().all(|word| text.contains(word)).then_some(0)
    };
    named.into_iter().flatten().max().or_else(said)
}

/// Runs what is chosen, if it is still there.
pub(super) fn run(model: &mut Model, finder: &Finder, fx: &mut Fx) {
    let Some(entry) = finder.found().get(finder.chosen).copied().cloned() else { return };
    let command = entry.command();
    if !entry.here {
        let word = command.word;
        return model.say(format!("{word} is a command of another place: {}.", command.group.title()));
    }
    model.overlays.pop();
    if (command.here)(model) {
        super::act(model, command.action, fx);
    } else {
        model.say(format!("{} is no longer possible here.", command.word));
    }
}
