//! A preview that was kept to be looked at, and that an upload then does exactly, or not at all.
//!
//! It holds figures and names, and no secret. Its figures are for people; what it binds is told by [`Bound`], which an
//! upload makes anew and compares.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{RunId, TenantId},
    naming::Naming,
    preview::Preview,
    target::Target,
};

/// The format of this version's plans.
pub const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Of the format.
    pub tenantry_plan: u32,
    pub made_at: Timestamp,
    /// The program's version.
    pub made_by: String,
    pub bound: Bound,
    pub preview: Preview,
}

/// What an upload as planned must find as the plan found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The store's file.
    pub store: String,
    pub tenant: TenantId,
    pub run: RunId,
    pub run_finished_at: Timestamp,
    /// `None`: no profile is used.
    pub profile: Option<String>,
    pub naming: Naming,
    pub target: Option<Target>,
    #[serde(flatten)]
    pub digests: Digests,
}

/// Hashes, in hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// Of every object that would be sent, in order.
    pub sends: String,
    /// Of what the target is believed to hold.
    pub believes: String,
}

/// Something that is not as planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    pub what: &'static str,
    pub planned: String,
    pub found: String,
}

impl std::fmt::Display for Differs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: planned {}, found {}", self.what, self.planned, self.found)
    }
}

impl Bound {
    /// All that is not as planned.
    pub fn differences(&self, found: &Self) -> Vec<Differs> {
        let mut all = Vec::new();
        let mut check = |what, planned: String, found: String| {
            if planned != found {
                all.push(Differs { what, planned, found });
            }
        };
        let store = |b: &Self| format!("{} of tenant {}", b.store, b.tenant);
        let run = |b: &Self| format!("{} of {}", b.run, b.run_finished_at);
        let target = |b: &Self| b.target.as_ref().map_or_else(|| "none".to_owned(), Target::to_string);
        let profile = |b: &Self| b.profile.clone().unwrap_or_else(|| "none".to_owned());
        check("store", store(self), store(found));
        check("run", run(self), run(found));
        check("profile", profile(self), profile(found));
        check("naming", self.naming.as_str().to_owned(), found.naming.as_str().to_owned());
        check("target", target(self), target(found));
        // What differs because something above does needs no line of its own.
        if all.is_empty() {
            let short = |text: &str| text.chars().take(16).collect::<String>();
            for (what, planned, found) in [
                ("what would be sent", &self.digests.sends, &found.digests.sends),
                ("what the target is believed to hold", &self.digests.believes, &found.digests.believes),
            ] {
                if planned != found {
                    all.push(Differs { what, planned: short(planned), found: short(found) });
                }
            }
        }
        all
    }
}

impl Plan {
    /// Reads a plan's text.
    ///
    /// # Errors
    ///
    /// Why it is none of this version's.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            tenantry_plan: u32,
        }
        match serde_json::from_str::<Version>(text) {
            Err(_) => Err("it is no plan of tenantry".to_owned()),
            Ok(Version { tenantry_plan }) if tenantry_plan != VERSION => {
                Err(format!("it is of format {tenantry_plan}, and this tenantry reads format {VERSION}"))
            }
            Ok(_) => serde_json::from_str(text).map_err(|e| format!("it is a damaged plan: {e}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{origin::Origin, target::Destination};

    fn bound() -> Bound {
        Bound {
            store: "/data/t.db".to_owned(),
            tenant: TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap(),
            run: RunId(7),
            run_finished_at: Timestamp::UNIX_EPOCH,
            profile: Some("contoso".to_owned()),
            naming: Naming::ActiveDirectory,
            target: Some(Target {
                origin: Origin::known("https://api.us.jupiterone.io"),
                account: "acme".to_owned(),
                destination: Destination::Scope("s".to_owned()),
            }),
            digests: Digests { sends: "aa".to_owned(), believes: "bb".to_owned() },
        }
    }

    #[test]
    fn what_is_not_as_planned_is_named() {
        let check = |change: fn(&mut Bound), want: &[&str]| {
            let mut found = bound();
            change(&mut found);
            let differs = bound().differences(&found);
            assert_eq!(differs.iter().map(|d| d.what).collect::<Vec<_>>(), want);
            assert!(differs.iter().all(|d| d.planned != d.found && d.to_string().contains(&d.found)));
        };
        check(|_| {}, &[]);
        check(|b| b.store = "/data/u.db".to_owned(), &["store"]);
        check(|b| b.tenant = TenantId::parse("94841066-274d-4ec0-a5c1-276be684bdd3").unwrap(), &["store"]);
        check(|b| b.run = RunId(8), &["run"]);
        check(|b| b.run_finished_at = Timestamp::from_second(1).unwrap(), &["run"]);
        check(|b| b.profile = None, &["profile"]);
        check(|b| b.target = None, &["target"]);
        check(|b| b.digests.sends = "ab".to_owned(), &["what would be sent"]);
        check(|b| b.digests.believes = "ab".to_owned(), &["what the target is believed to hold"]);
        check(
            |b| {
                b.run = RunId(8);
                b.target = None;
                b.digests.sends = "ab".to_owned();
            },
            &["run", "target"],
        );
    }

    #[test]
    fn what_is_no_plan_is_said() {
        let check = |text: &str, want: &str| {
            let error = Plan::parse(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        };
        check("", "no plan");
        check("{}", "no plan");
        check("{\"tenantry_plan\":\"1\"}", "no plan");
        check("{\"tenantry_plan\":2}", "format 2");
        check("{\"tenantry_plan\":1}", "damaged");
    }
}
