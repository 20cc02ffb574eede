//! What mapped relationships tell of their far ends, of all objects of a run, in little room: 100 bytes for a user.

use std::borrow::Cow;

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{nodes::each, runs};
use crate::domain::{
    edge::FarEnd,
    ids::RunId,
    kind::{EdgeKind, EntityKind},
};

/// Three texts of each object behind their lengths, in one piece.
pub(super) struct FarEnds {
    bytes: Vec<u8>,
    /// By the object's number, where its texts begin.
    places: Vec<usize>,
}

const NOWHERE: usize = usize::MAX;
const NOTHING: u32 = u32::MAX;

/// Whatever else is in an object is passed over, and a field of another shape is none.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Fields<'a> {
    #[serde(borrow)]
    display_name: Option<&'a RawValue>,
    #[serde(borrow)]
    mail: Option<&'a RawValue>,
    #[serde(borrow)]
    job_title: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn texts(json: &'a str) -> [Option<Text<'a>>; 3] {
        let fields: Self = serde_json::from_str(json).unwrap_or_default();
        [fields.display_name, fields.mail, fields.job_title]
            .map(|field| field.and_then(|field| serde_json::from_str(field.get()).ok()))
    }
}

/// What a membership that named its far end's type so tells of it, if `json` is what is stored of that.
pub(super) fn far_end(json: &str, kind: EdgeKind, odata_type: &str) -> FarEnd {
    described(Fields::texts(json).map(|text| text.map(|Text(text)| text.into_owned())), kind, odata_type)
}

fn described([display_name, email, job_title]: [Option<String>; 3], kind: EdgeKind, odata_type: &str) -> FarEnd {
    let odata_type = match (odata_type, kind.ends().1) {
        ("", EntityKind::User) => Some("#microsoft.graph.user"),
        ("", EntityKind::Group) => Some("#microsoft.graph.group"),
        ("", _) => None,
        (named, _) => Some(named),
    };
    FarEnd { odata_type: odata_type.map(str::to_owned), display_name, email, job_title }
}

impl FarEnds {
    pub(super) fn load(db: &Connection, run: RunId) -> rusqlite::Result<Self> {
        let mut far = Self { bytes: Vec::new(), places: Vec::new() };
        // In the order of the file, which is that of both tables.
        let sql = "SELECT o.num, r.json FROM object o CROSS JOIN raw r ON r.version = o.version
                   WHERE o.kind <> 1 AND o.from_run <= ?1 AND ?1 < o.to_run";
        each(db, sql, [run.0], |row| {
            let num: i64 = row.get(0)?;
            let num = usize::try_from(num).map_err(|_| runs::strange(0, num))?;
            let texts = Fields::texts(row.get_ref(1)?.as_str()?);
            if far.places.len() <= num {
                far.places.resize((num + 1).next_power_of_two(), NOWHERE);
            }
            far.places[num] = far.bytes.len();
            texts.into_iter().for_each(|text| far.push(text));
            Ok(())
        })?;
        Ok(far)
    }

    fn push(&mut self, text: Option<Text<'_>>) {
        let text = text.and_then(|Text(text)| Some((u32::try_from(text.len()).ok()?, text)));
        self.bytes.extend(text.as_ref().map_or(NOTHING, |(length, _)| *length).to_le_bytes());
        self.bytes.extend(text.iter().flat_map(|(_, text)| text.as_bytes()));
    }

    /// The far end of a membership that named its type so.
    pub(super) fn of(&self, num: i64, kind: EdgeKind, odata_type: &str) -> FarEnd {
        described(self.texts_of(num), kind, odata_type)
    }

    fn texts_of(&self, num: i64) -> [Option<String>; 3] {
        let place = usize::try_from(num).ok().and_then(|num| self.places.get(num)).filter(|at| **at != NOWHERE);
        let mut rest = place.and_then(|at| self.bytes.get(*at..)).unwrap_or_default();
        [(); 3].map(|()| {
            let (length, after) = rest.split_first_chunk()?;
            rest = after;
            let length = Some(u32::from_le_bytes(*length)).filter(|length| *length != NOTHING)?;
            let (text, after) = rest.split_at_checked(length as usize)?;
            rest = after;
            String::from_utf8(text.to_vec()).ok()
        })
    }
}

/// A text that is not copied where it needs not be.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
