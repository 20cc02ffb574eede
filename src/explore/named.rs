//! Objects by what a person calls them: an object ID, a login name, a mail address, or the whole name. Never guesses: what
//! fits several is all of them.

use crate::{
    domain::{ids::RunId, ids::canonical, kind::EntityKind},
    store::{Brief, Reader, StoreError},
};

/// How many names that only contain the words are told where nothing has them for a name.
const SIMILAR: usize = 8;

/// An object of a run, as far as it takes to tell it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub kind: EntityKind,
    pub name: String,
    pub second: String,
    pub label: String,
}

/// What a text may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    One(Named),
    /// Of one name, or in order of names those that share it.
    Several(Vec<Named>),
    /// Nothing is called so; these contain it.
    Nothing(Vec<Named>),
}

/// What a text means in a run. The first counts that fits anything: the ID, the login name or mail in any case, the very
/// name, the name in any case.
pub fn named(reader: &Reader, run: RunId, text: &str) -> Result<Meant, StoreError> {
    let text = text.trim();
    let id = canonical(text);
    let lower = text.to_lowercase();
    let mut found: [Vec<Named>; RANKS] = Default::default();
    reader.at(run, |shot| {
        // An ID is looked up; for everything else all objects are looked at.
        shot.brief_of(&id, &mut |brief| found[0].push(Named::of(&brief)))?;
        if !found[0].is_empty() {
            return Ok(());
        }
        shot.each_brief(&mut |brief| {
            if let Some(rank) = rank(&brief, text, &lower).filter(|rank| {
                // As much as is told, and no more, however many contain an `a`.
                *rank < CONTAINS || found[CONTAINS].len() < SIMILAR
            }) {
                found[rank].push(Named::of(&brief));
            }
        })
    })?;
    let [by_id, by_address, by_name, by_letters, similar] = found;
    let best = [by_id, by_address, by_name, by_letters].into_iter().find(|all| !all.is_empty());
    Ok(match best {
        None => Meant::Nothing(in_order(similar)),
        Some(mut all) if all.len() == 1 => all.pop().map_or(Meant::Nothing(Vec::new()), Meant::One),
        Some(all) => Meant::Several(in_order(all)),
    })
}

const RANKS: usize = 5;
const CONTAINS: usize = RANKS - 1;

/// How well it fits: the less the better. 0 is the ID's.
fn rank(brief: &Brief<'_>, text: &str, lower: &str) -> Option<usize> {
    let is = |other: &str| !other.is_empty() && (other == text || other.to_lowercase() == lower);
    if is(brief.second) || is(brief.mail) {
        Some(1)
    } else if brief.name == text {
        Some(2)
    } else if is(brief.name) {
        Some(3)
    } else {
        (!lower.is_empty() && brief.name.to_lowercase().contains(lower)).then_some(CONTAINS)
    }
}

fn in_order(mut all: Vec<Named>) -> Vec<Named> {
    all.sort_by_cached_key(|one| (one.kind, one.name.to_lowercase(), one.id.clone()));
    all
}

impl Named {
    fn of(brief: &Brief<'_>) -> Self {
        Self {
            id: brief.id.to_owned(),
            kind: brief.kind,
            name: brief.name.to_owned(),
            second: brief.second.to_owned(),
            label: brief.label.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::traits::Traits;

    #[test]
    fn the_best_fit_counts() {
        let check = |text: &str, want: Option<usize>| {
            let brief = Brief {
                num: 1,
                id: "84841066-274d-4ec0-a5c1-276be684bdd3",
                kind: EntityKind::User,
                entity: true,
                name: "Ada Lovelace",
                second: "ada@contoso.com",
                label: "member",
                mail: "a.lovelace@contoso.com",
                traits: Traits::default(),
                created: None,
                department: "",
                title: "",
                company: "",
                country: "",
            };
            assert_eq!(rank(&brief, text, &text.to_lowercase()), want, "{text}");
        };
        check("Ada@Contoso.com", Some(1));
        check("a.lovelace@contoso.com", Some(1));
        check("Ada Lovelace", Some(2));
        check("ADA LOVELACE", Some(3));
        check("Lovelace", Some(CONTAINS));
        check("Grace", None);
        check("", None);
    }
}
