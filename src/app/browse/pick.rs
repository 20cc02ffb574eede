//! The other end of a "why": a list in which what is typed leaves what is like it, and Enter takes it.

use super::why::{Ends, Named};
use crate::domain::view::{List, Row, Within};

/// Which end is known, and where the other one is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    pub known: Known,
    /// Which of [`Pick::scopes`].
    pub scope: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Group(Named),
    Member(Named),
}

impl Pick {
    pub const fn of(known: Known) -> Self {
        Self { known, scope: 0 }
    }

    /// Where it can be looked for: the likely first.
    fn scopes(&self) -> Vec<(List, Within, &'static str)> {
        match &self.known {
            Known::Member(member) => vec![
                (List::Groups, Within::AllGroupsOf(member.id.clone()), "the groups that it is in"),
                (List::Groups, Within::All, "all groups"),
            ],
            Known::Group(group) => vec![
                (List::Edges, Within::AllMembersOf(group.id.clone()), "its members, also nested"),
                (List::Users, Within::All, "all users"),
                (List::Groups, Within::All, "all groups"),
                (List::Members, Within::All, "all other group members"),
            ],
        }
    }

    pub fn source(&self) -> (List, Within) {
        let (list, within, _) = self.scopes().swap_remove(self.scope);
        (list, within)
    }

    /// What is looked through, in words.
    pub fn among(&self) -> &'static str {
        self.scopes()[self.scope].2
    }

    pub(super) fn turn(&mut self, by: i8) {
        let count = self.scopes().len() as isize;
        self.scope = (self.scope as isize + isize::from(by)).rem_euclid(count) as usize;
    }

    pub fn title(&self) -> &'static str {
        match self.known {
            Known::Member(_) => "why: in which group?",
            Known::Group(_) => "why: who in it?",
        }
    }

    /// Both ends, once this row is taken.
    pub(super) fn taking(self, row: &Row) -> Ends {
        let row = Named { id: row.id.clone(), name: row.name.clone() };
        match self.known {
            Known::Group(group) => Ends { group, member: row },
            Known::Member(member) => Ends { group: row, member },
        }
    }
}

/// What is typed, as the language of filters says "like this": each plain word is looked for with gaps.
pub fn like(typed: &str) -> String {
    let word = |word: &str| {
        let plain = word.chars().all(char::is_alphanumeric);
        if plain { format!("~{word}") } else { word.to_owned() }
    };
    typed.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_looked_for_with_gaps() {
        let check = |typed: &str, want: &str| assert_eq!(like(typed), want, "{typed}");
        check("fin tm", "~fin ~tm");
        check(" ^all !test ", "^all !test");
        check("type:guest ада", "type:guest ~ада");
        check("o'neill", "o'neill");
    }
}
