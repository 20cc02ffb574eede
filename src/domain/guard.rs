//! What speaks against an upload, and what a person said to it all the same.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ids::TenantId, limit::Excess, naming::Naming, problem::Problem, target::Place, text::grouped};

/// What a target asks for of which nobody knows what it holds.
pub const FIRST_UPLOAD: &str = "first upload";
/// What it asks for where the key cannot tell whose it is: that the person knows.
pub const UNTOLD: &str = "custom instance";
/// What a target asks for that somebody else wrote to.
pub const REPLACE: &str = "replace";

/// Something that has to be lifted, or mended, before an upload may begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "guard")]
pub enum Guard {
    /// The run has no account entity, or no entity at all: it cannot be lifted.
    NothingToHold { what: String },
    /// Another tenant last wrote to the target, or the same one under another naming.
    TargetChange { change: TargetChange, tenant: TenantId, naming: Naming, at: Timestamp },
    /// No earlier upload to the target is on record.
    FirstUpload,
    /// More would be deleted of some types than their limits allow.
    TooManyDeletions { over: Vec<Excess> },
}

/// What is another than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetChange {
    Tenant,
    Naming,
}

impl Guard {
    /// Whether no word lifts it.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::NothingToHold { .. })
    }

    /// What a person types to lift it; of a first upload it depends on what is there.
    pub fn word(&self, place: Option<&Place>) -> Option<String> {
        Some(match self {
            Self::NothingToHold { .. } => return None,
            Self::TargetChange { .. } => REPLACE.to_owned(),
            Self::FirstUpload if matches!(place, Some(Place::Untold(_))) => UNTOLD.to_owned(),
            Self::FirstUpload => FIRST_UPLOAD.to_owned(),
            Self::TooManyDeletions { over } => Self::deletions(over).to_string(),
        })
    }

    /// What it says to somebody who can answer: the word is asked for beside it.
    pub fn means(&self, place: Option<&Place>) -> String {
        let first = "There is no record of an earlier upload to this target.";
        match self {
            Self::NothingToHold { .. } => {
                let problem = self.problem();
                format!("Nothing can be uploaded: {}. {}", problem.summary, problem.hint.unwrap_or_default())
            }
            Self::FirstUpload => match place {
                Some(Place::Custom(instance)) => format!(
                    "{first} It is the instance {instance}. Whatever this instance holds that is not in this directory \
                     will be deleted there."
                ),
                Some(Place::Untold(problem)) => format!(
                    "{first} What this instance is, its key cannot tell ({}). Whatever it holds that is not in this \
                     directory will be deleted there, but for what JupiterOne's own Microsoft 365 integration would own. \
                     Confirm only if it is an instance of a custom definition, made for this tenant.",
                    problem.line()
                ),
                Some(Place::Scope) => {
                    format!("{first} Whatever this scope holds that is not in this directory will be deleted there.")
                }
                None => {
                    format!("{first} Whatever this instance holds that is not in this directory will be deleted there.")
                }
            },
            Self::TargetChange { change: TargetChange::Tenant, tenant, at, .. } => format!(
                "The tenant {tenant} last wrote to this target, at {}. All that it put there will be deleted, and \
                 replaced by this tenant.",
                minute(*at)
            ),
            Self::TargetChange { change: TargetChange::Naming, naming, at, .. } => format!(
                "This target was last written under the naming {}, at {}. Every object will be replaced by one of \
                 another type: what refers to the old types finds nothing any more.",
                naming.as_str(),
                minute(*at)
            ),
            Self::TooManyDeletions { over } => {
                let of: Vec<String> = over.iter().map(words).collect();
                format!("{}. Look at them before you say that they are meant.", of.join("; "))
            }
        }
    }

    /// How many deletions a person has to say are meant.
    pub fn deletions(over: &[Excess]) -> u64 {
        over.iter().map(|e| e.delete).sum()
    }

    /// What it says, and how it is lifted where nobody can be asked.
    pub fn problem(&self) -> Problem {
        match self {
            Self::NothingToHold { what } => Problem::new(format!("the run holds no {what}, so nothing is sent"))
                .code("incomplete_run")
                .hint("A full synchronisation would delete what it does not name. Run `tenantry doctor`, then `tenantry collect` again."),
            Self::FirstUpload => Problem::new("no earlier upload to this target is on record")
                .code("first_upload")
                .hint("An upload deletes what else the target holds. If this is the right instance or scope, add --first-upload."),
            Self::TargetChange { change: TargetChange::Tenant, tenant, at, .. } => {
                Problem::new(format!("the tenant {tenant} last wrote to this target, at {}", minute(*at)))
                    .code("other_tenant")
                    .hint("An upload from here deletes that tenant's objects. Give each tenant an instance or scope of its own; if this one is to take its place, add --accept-target-change.")
            }
            Self::TargetChange { change: TargetChange::Naming, naming, at, .. } => {
                Problem::new(format!("this target was last written under the naming {}, at {}", naming.as_str(), minute(*at)))
                    .code("other_naming")
                    .hint("An upload replaces every object by one of another type: what refers to the old types finds nothing any more. If that is meant, add --accept-target-change; else give --naming.")
            }
            Self::TooManyDeletions { over } => {
                let of: Vec<String> = over.iter().map(words).collect();
                Problem::new(format!("more would be deleted than is allowed without a word: {}", of.join("; ")))
                    .code("too_many_deletions")
                    .hint(format!(
                        "Look at them with `tenantry preview`. If they are meant, add --max-deletions {}.",
                        over.iter().map(|e| e.delete).max().unwrap_or_default()
                    ))
            }
        }
    }
}

/// "7,988 deletions of active_directory_user_group_has_user are above the limit of 6,467".
pub fn words(over: &Excess) -> String {
    let (are, deletions) = if over.delete == 1 { ("is", "deletion") } else { ("are", "deletions") };
    format!("{} {deletions} of {} {are} above the limit of {}", grouped(over.delete), over.name, grouped(over.limit))
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What a person, or an option, has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leave {
    pub first_upload: bool,
    pub target_change: bool,
    /// The number of deletions that was typed.
    pub deletions: Option<u64>,
}

impl Leave {
    /// All that these guards ask for.
    pub fn of(guards: &[Guard]) -> Self {
        let mut leave = Self::default();
        for guard in guards {
            match guard {
                Guard::NothingToHold { .. } => {}
                Guard::TargetChange { .. } => leave.target_change = true,
                Guard::FirstUpload => leave.first_upload = true,
                Guard::TooManyDeletions { over } => leave.deletions = Some(Guard::deletions(over)),
            }
        }
        leave
    }

    pub fn lifts(&self, guard: &Guard) -> bool {
        match guard {
            Guard::NothingToHold { .. } => false,
            Guard::TargetChange { .. } => self.target_change,
            Guard::FirstUpload => self.first_upload,
            // Of the very number that was seen.
            Guard::TooManyDeletions { over } => self.deletions == Some(Guard::deletions(over)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leave_lifts_what_it_was_given_for() {
        let tenant = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        let over = |delete| vec![Excess { name: "active_directory_user".to_owned(), delete, limit: 10 }];
        let nothing = Guard::NothingToHold { what: "account entity".to_owned() };
        let change = Guard::TargetChange {
            change: TargetChange::Tenant,
            tenant,
            naming: Naming::default(),
            at: Timestamp::UNIX_EPOCH,
        };
        let all = [nothing, change, Guard::FirstUpload, Guard::TooManyDeletions { over: over(34) }];
        let check = |leave: Leave, want: [bool; 4]| {
            let got: Vec<bool> = all.iter().map(|guard| leave.lifts(guard)).collect();
            assert_eq!(got, want, "{leave:?}");
        };
        check(Leave::default(), [false; 4]);
        check(Leave::of(&all), [false, true, true, true]);
        check(Leave { target_change: true, ..Leave::default() }, [false, true, false, false]);
        check(Leave { first_upload: true, ..Leave::default() }, [false, false, true, false]);
        check(Leave { deletions: Some(33), ..Leave::default() }, [false; 4]);
        assert!(!Leave::of(&all).lifts(&Guard::TooManyDeletions { over: over(35) }), "of another number");
        let codes: Vec<String> = all.iter().map(|guard| guard.problem().code.unwrap()).collect();
        assert_eq!(codes, ["incomplete_run", "other_tenant", "first_upload", "too_many_deletions"]);
        assert!(all[3].problem().hint.unwrap().contains("--max-deletions 34"));
    }
}
