//! Indexes that are not kept while a directory is read for the first time: entries come in no order that an index has, so
//! that keeping one costs more than building it from what is there, once, by sorting. Once built, they stay.

use rusqlite::Connection;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// From a text to its number.
    KeyByText,
    /// The order of every list.
    ObjectInOrder,
    /// From a member to its groups.
    EdgeByMember,
}

impl Late {
    pub(super) const ALL: [Self; 3] = [Self::KeyByText, Self::ObjectInOrder, Self::EdgeByMember];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KeyByText => "key_by_text",
            Self::ObjectInOrder => "object_in_order",
            Self::EdgeByMember => "edge_by_member",
        }
    }

    /// Builds it, if it is not there.
    pub(super) fn build(self, db: &Connection) -> rusqlite::Result<()> {
        db.execute_batch(match self {
            Self::KeyByText => "CREATE UNIQUE INDEX IF NOT EXISTS key_by_text ON key (text)",
            Self::ObjectInOrder => {
                "CREATE INDEX IF NOT EXISTS object_in_order ON object (kind, sort, from_run, to_run, entity, num)"
            }
            Self::EdgeByMember => "CREATE INDEX IF NOT EXISTS edge_by_member ON edge (member, to_run)",
        })
    }

    pub(super) fn is_there(self, db: &Connection) -> rusqlite::Result<bool> {
        db.prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1")?.exists([self.name()])
    }
}
