//! The columns of lists and their order: what each list can show, what it shows unless told otherwise, and what stands
//! in a cell. What was chosen holds for all lists of a kind.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{super::Model, Browse, Shows};
use crate::domain::{
    column::{Cell, Column, Sort},
    completeness::State,
    kind::EntityKind,
    text::grouped,
    view::{List, Row, Within},
};

/// The kinds of lists that have columns of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layout {
    Accounts,
    Users,
    Groups,
    Members,
    Edges,
    /// What a group holds.
    Inside,
    /// The groups that an object is in.
    Around,
    /// The same over any number of groups in between.
    Nested,
    NestedIn,
    Runs,
    Problems,
    /// An upload object by object.
    Planned,
}

/// How the lists of a kind are laid out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen {
    /// `None`: the usual ones.
    pub columns: Option<Vec<Column>>,
    /// The first counts most. Empty: by name.
    pub sort: Vec<Sort>,
}

/// What was chosen, as far as something was.
pub type Layouts = BTreeMap<Layout, Chosen>;

impl Layout {
    pub const ALL: [Self; 12] = [
        Self::Accounts,
        Self::Users,
        Self::Groups,
        Self::Members,
        Self::Edges,
        Self::Inside,
        Self::Around,
        Self::Nested,
        Self::NestedIn,
        Self::Runs,
        Self::Problems,
        Self::Planned,
    ];

    /// Its name in the settings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Members => "members",
            Self::Edges => "edges",
            Self::Inside => "inside",
            Self::Around => "around",
            Self::Nested => "nested",
            Self::NestedIn => "nested_in",
            Self::Runs => "runs",
            Self::Problems => "problems",
            Self::Planned => "planned",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.word() == word)
    }

    pub fn of(shows: &Shows) -> Option<Self> {
        match shows {
            Shows::Runs => return Some(Self::Runs),
            Shows::Problems => return Some(Self::Problems),
            Shows::Planned(_) => return Some(Self::Planned),
            _ => {}
        }
        let (list, within) = shows.source()?;
        Some(match (list, within) {
            (_, Within::MembersOf(_)) => Self::Inside,
            (_, Within::GroupsOf(_)) => Self::Around,
            (_, Within::AllMembersOf(_)) => Self::Nested,
            (_, Within::AllGroupsOf(_)) => Self::NestedIn,
            (List::Accounts, Within::All) => Self::Accounts,
            (List::Users, Within::All) => Self::Users,
            (List::Groups, Within::All) => Self::Groups,
            (List::Members, Within::All) => Self::Members,
            (List::Edges, Within::All) => Self::Edges,
        })
    }

    /// All columns that such a list can show, or be sorted by.
    pub fn offers(self) -> Vec<Column> {
        match self {
            Self::Accounts => Column::of(List::Accounts).to_vec(),
            Self::Users => without_depth(Column::of(List::Users)),
            Self::Groups => without_depth(Column::of(List::Groups)),
            Self::Members => Column::of(List::Members).to_vec(),
            Self::Edges => without_depth(Column::of(List::Edges)),
            Self::Inside | Self::Nested => [Column::of(List::Users), &[Column::Members, Column::State]].concat(),
            Self::Around | Self::NestedIn => Column::of(List::Groups).to_vec(),
            Self::Runs | Self::Problems | Self::Planned => self.usual().to_vec(),
        }
    }

    /// Those that it shows unless told otherwise; where there is no room, the last ones go.
    pub const fn usual(self) -> &'static [Column] {
        match self {
            Self::Accounts => &[Column::Name, Column::Second, Column::Kind],
            Self::Users => &[
                Column::Name,
                Column::Second,
                Column::Kind,
                Column::InGroups,
                Column::Department,
                Column::JobTitle,
                Column::Created,
            ],
            Self::Groups => &[
                Column::Name,
                Column::Second,
                Column::Kind,
                Column::Members,
                Column::InGroups,
                Column::Visibility,
                Column::Created,
            ],
            Self::Members => &[Column::Name, Column::Second, Column::Kind, Column::InGroups, Column::Id],
            Self::Edges => &[Column::From, Column::Name, Column::Kind, Column::Second],
            Self::Inside => &[Column::Name, Column::Second, Column::Kind, Column::InGroups, Column::Department],
            Self::Around => &[Column::Name, Column::Second, Column::Kind, Column::Members, Column::Visibility],
            Self::Nested => &[Column::Name, Column::Depth, Column::Second, Column::Kind, Column::InGroups],
            Self::NestedIn => &[Column::Name, Column::Depth, Column::Second, Column::Kind, Column::Members],
            // These are always the same; what else there is in them stands in every order.
            Self::Runs => &[Column::Started, Column::Took, Column::Gaps, Column::Requests, Column::Units],
            Self::Problems => &[Column::Severity, Column::About, Column::Code],
            Self::Planned => &[Column::Will, Column::Type, Column::Name, Column::From, Column::Key],
        }
    }
}

fn without_depth(columns: &[Column]) -> Vec<Column> {
    columns.iter().copied().filter(|column| *column != Column::Depth).collect()
}

impl Browse {
    /// What such lists show, in this order.
    pub fn columns(&self, layout: Layout) -> Vec<Column> {
        match self.layouts.get(&layout).and_then(|chosen| chosen.columns.as_ref()) {
            Some(columns) => columns.clone(),
            None => layout.usual().to_vec(),
        }
    }

    pub fn sort(&self, layout: Layout) -> &[Sort] {
        self.layouts.get(&layout).map_or(&[], |chosen| &chosen.sort)
    }
}

/// Shows the column, or shows it no more; one always stays.
pub(super) fn toggle(model: &mut Model, layout: Layout, column: Column) {
    let mut columns = model.browse.columns(layout);
    match columns.iter().position(|c| *c == column) {
        Some(at) if columns.len() > 1 => {
            columns.remove(at);
        }
        Some(_) => return,
        None => columns.push(column),
    }
    model.browse.layouts.entry(layout).or_default().columns = Some(columns);
}

/// Moves a column that is shown; gives back whether it went.
pub(super) fn shift(model: &mut Model, layout: Layout, column: Column, by: i8) -> bool {
    let mut columns = model.browse.columns(layout);
    let Some(from) = columns.iter().position(|c| *c == column) else { return false };
    let Some(to) = from.checked_add_signed(isize::from(by)).filter(|to| *to < columns.len()) else { return false };
    columns.swap(from, to);
    model.browse.layouts.entry(layout).or_default().columns = Some(columns);
    true
}

/// Orders by this column alone; where that is so already, the other way round.
pub(super) fn sort_by(model: &mut Model, layout: Layout, column: Column) {
    let sort = &mut model.browse.layouts.entry(layout).or_default().sort;
    let descending = match sort.as_slice() {
        [only] if only.column == column => !only.descending,
        // Who asks for numbers asks for the largest.
        _ => column.begins_descending(),
    };
    *sort = vec![Sort { column, descending }];
}

/// Orders by this column where the others before it are equal; again: the other way round; again: not by it.
pub(super) fn then_by(model: &mut Model, layout: Layout, column: Column) {
    let sort = &mut model.browse.layouts.entry(layout).or_default().sort;
    let first = column.begins_descending();
    match sort.iter().position(|s| s.column == column) {
        None => sort.push(Sort { column, descending: first }),
        Some(at) if sort[at].descending == first => sort[at].descending = !first,
        Some(at) => {
            sort.remove(at);
        }
    }
}

/// What stands in a column of a row, made for people: numbers with separators, times in their zone. As stored, so
/// that whoever shows it makes it visible. `cells` are the columns that [`Row::cells`] hold.
pub fn cell(row: &Row, column: Column, cells: &[Column], zone: &TimeZone) -> String {
    let held = || cells.iter().position(|c| *c == column).and_then(|at| row.cells.get(at));
    let is_group = row.kind == EntityKind::Group;
    match column {
        Column::Name => row.name.clone(),
        Column::Second => row.second.clone(),
        Column::Id => row.id.clone(),
        Column::Kind => kind(row),
        Column::Members if is_group => row.count.map(grouped).unwrap_or_default(),
        Column::InGroups if !is_group => row.count.map(grouped).unwrap_or_default(),
        Column::State => match row.state {
            Some(state) if state != State::Complete => state.as_str().to_owned(),
            _ => String::new(),
        },
        Column::From => row.edge.as_ref().map(|edge| edge.from_name.clone()).unwrap_or_default(),
        Column::EdgeType => row.edge.as_ref().map(|edge| edge.edge_type.clone()).unwrap_or_default(),
        Column::Depth => row.depth.map(|depth| depth.to_string()).unwrap_or_default(),
        _ => held().map(|held| text(held, zone)).unwrap_or_default(),
    }
}

fn text(cell: &Cell, zone: &TimeZone) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Yes(true) => "yes".to_owned(),
        Cell::Yes(false) => "no".to_owned(),
        Cell::Number(n) => grouped(*n),
        Cell::Time(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string(),
        Cell::Text(text) => text.clone(),
    }
}

fn kind(row: &Row) -> String {
    match &row.edge {
        Some(edge) if edge.mapped => format!("{} (mapped)", kind_name(row.kind)),
        _ if row.label.is_empty() => kind_name(row.kind).to_owned(),
        _ => row.label.clone(),
    }
}

pub const fn kind_name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Account => "account",
        EntityKind::User => "user",
        EntityKind::Group => "group",
        EntityKind::Member => "group member",
    }
}
