//! The truth about a tenant, written straight from its seed: the oracle that tests compare a collected store with.
//!
//! Deliberately takes no way through the request handlers. One JSON object a line:
//!
//! - `organization.json` (one object), `users.ndjson`, `groups.ndjson`: whole objects as Graph knows them;
//! - `members.ndjson`: `{"group", "member", "@odata.type"}`, every membership of an object that exists, hidden ones too;
//! - `ghosts.ndjson`: the same for members who are soft-deleted: groups list them, nobody answers for them;
//! - `other_members.ndjson`: whole objects, with `@odata.type`, of the members that are neither users nor groups.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use serde_json::{Value, json};

use super::{
    seed::{Kind, Ref},
    tenant::Tenant,
};

pub fn write(dir: &Path, tenant: &Tenant) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let file = |name: &str| File::create(dir.join(name)).map(BufWriter::new);
    std::fs::write(dir.join("organization.json"), json!(tenant.organization()).to_string())?;
    let all = |kind| (0..tenant.end(kind)).map(move |index| Ref { kind, index }).filter(|o| tenant.is_there(*o));
    for (name, kind) in [("users.ndjson", Kind::User), ("groups.ndjson", Kind::Group)] {
        let mut out = file(name)?;
        for object in all(kind) {
            writeln!(out, "{}", json!(tenant.object(object)))?;
        }
        out.flush()?;
    }
    let (mut members, mut ghosts, mut others) = (file("members.ndjson")?, file("ghosts.ndjson")?, BTreeSet::new());
    for group in all(Kind::Group) {
        let id = tenant.id_of(group);
        for (member, _) in tenant.members(group.index, 0) {
            let line = json!({
                "group": id, "member": tenant.id_of(member), "@odata.type": tenant.odata_type(member),
            });
            if !tenant.is_there(member) {
                writeln!(ghosts, "{line}")?;
                continue;
            }
            writeln!(members, "{line}")?;
            if !matches!(member.kind, Kind::User | Kind::Group) {
                others.insert(member);
            }
        }
    }
    members.flush()?;
    ghosts.flush()?;
    let mut out = file("other_members.ndjson")?;
    for other in others {
        let mut object = tenant.object(other);
        object.insert("@odata.type".to_owned(), Value::from(tenant.odata_type(other)));
        writeln!(out, "{}", json!(object))?;
    }
    out.flush()
}
