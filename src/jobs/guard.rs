//! What speaks against an upload: pure, from the preview's figures and from who last wrote to the target.

use crate::{
    domain::{
        ids::TenantId,
        kind::EntityKind,
        naming::Naming,
        preview::{Baseline, Changes, Preview},
        problem::Problem,
    },
    profile::TargetWriter,
};

/// Something that has to be lifted, or mended, before an upload may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// The run has no account entity, or no entity at all: it cannot be lifted.
    NothingToHold(&'static str),
    /// No earlier upload to the target is on record: a typed confirmation, or `--first-upload`.
    FirstUpload,
    /// Another tenant, or another naming, last wrote to the target: it cannot be lifted in this version.
    OtherWriter { tenant: TenantId },
}

impl Guard {
    pub fn problem(&self) -> Problem {
        match self {
            Self::NothingToHold(what) => Problem::new(format!("the run holds no {what}, so nothing is sent"))
                .code("incomplete_run")
                .hint("A full synchronisation would delete what it does not name. Run `tenantry doctor`, then `tenantry collect` again."),
            Self::FirstUpload => Problem::new("no earlier upload to this target is on record")
                .code("first_upload")
                .hint("An upload deletes what else the target holds. If this is the right instance or scope, add --first-upload."),
            Self::OtherWriter { tenant } => Problem::new(format!("the tenant {tenant} last wrote to this target"))
                .code("other_tenant")
                .hint("An upload from here would delete that tenant's objects. Give each tenant an instance or scope of its own."),
        }
    }
}

/// All that speaks against uploading what `preview` shows.
pub fn guards(preview: &Preview, tenant: &TenantId, naming: Naming, last_writer: Option<&TargetWriter>) -> Vec<Guard> {
    let sent = |kind| preview.changes.get(naming.entity_type(kind)).map_or(0, Changes::sent);
    let mut guards = Vec::new();
    if sent(EntityKind::Account) == 0 {
        guards.push(Guard::NothingToHold("account entity"));
    }
    if let Some(writer) = last_writer
        && (&writer.tenant != tenant || writer.naming != naming)
    {
        guards.push(Guard::OtherWriter { tenant: writer.tenant.clone() });
    }
    if matches!(preview.baseline, Baseline::Unknown) {
        guards.push(Guard::FirstUpload);
    }
    guards
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::ids::RunId;

    #[test]
    fn what_speaks_against_an_upload() {
        let us = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        let them = TenantId::parse("94841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        let check = |accounts: u64, baseline: Baseline, writer: Option<&TenantId>, want: &[Guard]| {
            let same = Changes { same: accounts, ..Changes::default() };
            let preview = Preview {
                run: RunId(1),
                collected_at: Timestamp::UNIX_EPOCH,
                target: None,
                baseline,
                changes: BTreeMap::from([("active_directory_account".to_owned(), same)]),
                partial_types: Vec::new(),
                gaps: Vec::new(),
                bytes: 0,
                requests: 0,
                left: Vec::new(),
            };
            let writer = writer.map(|tenant| TargetWriter {
                tenant: tenant.clone(),
                naming: Naming::ActiveDirectory,
                at: Timestamp::UNIX_EPOCH,
            });
            assert_eq!(guards(&preview, &us, Naming::ActiveDirectory, writer.as_ref()), want);
        };
        let known = || Baseline::Known { uploaded_at: Timestamp::UNIX_EPOCH };
        check(1, known(), Some(&us), &[]);
        check(1, known(), None, &[]);
        check(1, Baseline::Unknown, None, &[Guard::FirstUpload]);
        check(0, known(), Some(&us), &[Guard::NothingToHold("account entity")]);
        check(1, Baseline::Unknown, Some(&them), &[Guard::OtherWriter { tenant: them.clone() }, Guard::FirstUpload]);
    }
}
