//! Single objects and memberships of a run as an upload of it sends them, by the numbers that [`Reader::compare`] hands over.

use rusqlite::{Connection, OptionalExtension as _};

use super::{Reader, StoreError, far, keys, read::Stored, runs};
use crate::domain::{
    edge::Edge,
    entity::Entity,
    ids::RunId,
    kind::{EdgeKind, EntityKind, kind_of_odata_type},
    naming::Names,
};

impl Reader {
    /// An entity by its number, or the account, which goes by none. `None`: the run sends none.
    pub fn entity_of(&self, run: RunId, names: &Names, num: Option<i64>) -> Result<Option<Entity>, StoreError> {
        self.of_run(run, |db| {
            let num = match num {
                None => keys::find(db, self.tenant_ref().as_str())?,
                num => num,
            };
            let stored = num.map(|num| Stored::of(db, run, num)).transpose()?.flatten();
            let sent = stored.filter(|stored| stored.entity && names.naming().sends(stored.kind));
            Ok(sent.map(|stored| stored.entity(names, self.tenant_ref())))
        })
    }

    /// The membership from a group to a member, with what a naming that maps members tells of the latter. `None`: the run
    /// sends none.
    pub fn membership_of(
        &self,
        run: RunId,
        names: &Names,
        [group, member]: [i64; 2],
    ) -> Result<Option<Edge>, StoreError> {
        self.of_run(run, |db| {
            let sql = "SELECT odata FROM edge WHERE grp = ?2 AND member = ?3 AND from_run <= ?1 AND ?1 < to_run";
            let odata = db.prepare_cached(sql)?.query_row([run.0, group, member], |row| row.get(0)).optional()?;
            let (Some(odata), Some((EntityKind::Group, true, _))) = (odata, object(db, run, group)?) else {
                return Ok(None);
            };
            let odata_type = keys::text(db, odata)?;
            let (kind, entity, json) = match object(db, run, member)? {
                Some(known) => known,
                None => (kind_of_odata_type(&odata_type), false, String::new()),
            };
            let Some(edge) = EdgeKind::of_group(kind) else { return Ok(None) };
            let far = names.naming().maps_members().then(|| Box::new(far::far_end(&json, edge, &odata_type)));
            let (from, to) = (keys::text(db, group)?, keys::text(db, member)?);
            Ok(Some(Edge { kind: edge, from, to, mapped: !entity && kind != EntityKind::Member, far }))
        })
    }
}

/// Its kind, whether it is an entity, and what is stored of it.
fn object(db: &Connection, run: RunId, num: i64) -> rusqlite::Result<Option<(EntityKind, bool, String)>> {
    let sql = "SELECT o.kind, o.entity, COALESCE(r.json, '') FROM object o LEFT JOIN raw r ON r.version = o.version
               WHERE o.num = ?2 AND o.from_run <= ?1 AND ?1 < o.to_run";
    let found = db
        .prepare_cached(sql)?
        .query_row([run.0, num], |row| Ok((runs::kind(0, row.get(0)?)?, row.get(1)?, row.get(2)?)));
    found.optional()
}
