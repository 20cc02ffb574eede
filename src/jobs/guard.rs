//! What speaks against an upload: pure, from the preview's figures, the limits and who last wrote to the target.

use crate::{
    domain::{
        guard::{Guard, TargetChange},
        ids::TenantId,
        kind::EntityKind,
        limit::{MaxDeletions, excesses},
        naming::Naming,
        preview::{Baseline, Changes, Preview},
    },
    profile::TargetWriter,
};

/// All that speaks against uploading what `preview` shows.
pub fn guards(
    preview: &Preview,
    tenant: &TenantId,
    naming: Naming,
    last_writer: Option<&TargetWriter>,
    max: MaxDeletions,
) -> Vec<Guard> {
    let sent = |kind| preview.changes.get(naming.entity_type(kind)).map_or(0, Changes::sent);
    let mut guards = Vec::new();
    if sent(EntityKind::Account) == 0 {
        guards.push(Guard::NothingToHold { what: "account entity".to_owned() });
    }
    guards.extend(last_writer.and_then(|writer| target_change(writer, tenant, naming)));
    if matches!(preview.baseline, Baseline::Unknown | Baseline::Live { apart: None, .. }) {
        guards.push(Guard::FirstUpload);
    }
    let over = excesses(max, &preview.changes);
    if !over.is_empty() {
        guards.push(Guard::TooManyDeletions { over });
    }
    guards
}

/// What is another than when the target was last written to.
pub fn target_change(last: &TargetWriter, tenant: &TenantId, naming: Naming) -> Option<Guard> {
    let change = match last {
        _ if last.tenant != *tenant => TargetChange::Tenant,
        _ if last.naming != naming => TargetChange::Naming,
        _ => return None,
    };
    Some(Guard::TargetChange { change, tenant: last.tenant.clone(), naming: last.naming, at: last.at })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::{ids::RunId, limit::Excess};

    const ACCOUNT: &str = "active_directory_account";
    const USER: &str = "active_directory_user";

    #[test]
    fn what_speaks_against_an_upload() {
        let us = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        let them = TenantId::parse("94841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        let check = |accounts: u64, baseline: Baseline, writer: Option<&TenantId>, deleted: u64, want: &[Guard]| {
            let same = Changes { same: accounts, ..Changes::default() };
            let gone = Changes { delete: deleted, ..Changes::default() };
            let preview = Preview {
                run: RunId(1),
                collected_at: Timestamp::UNIX_EPOCH,
                target: None,
                naming: Naming::ActiveDirectory,
                baseline,
                changes: BTreeMap::from([(ACCOUNT.to_owned(), same), (USER.to_owned(), gone)]),
                partial_types: Vec::new(),
                gaps: Vec::new(),
                bytes: 0,
                requests: 0,
                left: Vec::new(),
                expected_seconds: None,
                findings: Vec::new(),
                guards: Vec::new(),
                causes: Vec::new(),
                digests: None,
            };
            let writer = writer.map(|tenant| TargetWriter {
                tenant: tenant.clone(),
                naming: Naming::ActiveDirectory,
                at: Timestamp::UNIX_EPOCH,
            });
            let got = guards(&preview, &us, Naming::ActiveDirectory, writer.as_ref(), MaxDeletions::Usual);
            assert_eq!(got, want);
        };
        let known = || Baseline::Known { uploaded_at: Timestamp::UNIX_EPOCH };
        let nothing = || Guard::NothingToHold { what: "account entity".to_owned() };
        let many = |delete| Guard::TooManyDeletions { over: vec![Excess { name: USER.to_owned(), delete, limit: 10 }] };
        check(1, known(), Some(&us), 10, &[]);
        check(1, known(), None, 0, &[]);
        check(1, Baseline::Unknown, None, 0, &[Guard::FirstUpload]);
        check(0, known(), Some(&us), 0, &[nothing()]);
        check(1, known(), Some(&us), 11, &[many(11)]);
        // What may be there, and may be not, counts as deleted.
        let doubt = Baseline::InDoubt { job_id: None, since: Timestamp::UNIX_EPOCH };
        check(1, doubt, None, 50, &[many(50)]);
        let change = Guard::TargetChange {
            change: TargetChange::Tenant,
            tenant: them.clone(),
            naming: Naming::ActiveDirectory,
            at: Timestamp::UNIX_EPOCH,
        };
        check(1, Baseline::Unknown, Some(&them), 0, &[change, Guard::FirstUpload]);
    }
}
