//! Rows as lists show them, from an [`Atlas`].

use super::{
    ExploreError,
    answers::Known as _,
    atlas::{Atlas, visibility},
    edges::Node,
    find::{Near, STRIDE},
    listing::{Line, Listing},
    paper::{self, Outline, To},
    run::Run,
    stop::Stop,
};
use crate::domain::{
    column::{Cell, Column},
    explore::{Answer, TextForm},
    kind::EntityKind,
    traits::Trait,
    view::{EdgeEnds, Query, Row},
};

/// A line of a listing as a row with these columns.
pub(super) fn row(atlas: &Atlas, listing: &Listing, line: Line, columns: &[Column]) -> Row {
    let node = line.node;
    Row {
        id: atlas.id(node),
        kind: atlas.kind(node),
        name: atlas.name(node),
        second: atlas.second(node),
        label: atlas.label(node).to_owned(),
        count: atlas.count(node),
        state: atlas.state(node),
        edge: line.near.map(|near| {
            let far = far_end(listing, line);
            EdgeEnds {
                from_id: atlas.id(near),
                from_name: atlas.name(near),
                edge_type: atlas.edge_type(atlas.account() == Some(near), far).to_owned(),
                mapped: atlas.is_mapped(far),
            }
        }),
        depth: depth(listing, node),
        in_cycle: atlas.nesting.cyclic.contains(node),
        cells: columns.iter().map(|column| cell(atlas, listing, line, *column)).collect(),
    }
}

/// All rows of a list, to where they go.
pub(super) fn put_out(
    run: &Run,
    query: &Query,
    listing: &Listing,
    to: To<'_>,
    form: TextForm,
    stop: &Stop,
) -> Result<Answer, ExploreError> {
    let columns = if query.columns.is_empty() { Column::of(query.list) } else { &query.columns[..] };
    let names = columns.iter().map(|column| (column.title(), column.word())).collect();
    let outline = Outline { columns: names, rows: listing.len(&run.atlas) as u64 };
    paper::put_out(to, form, &outline, &mut |sink| {
        for (at, line) in listing.lines(&run.atlas, 0..usize::MAX).enumerate() {
            if at.is_multiple_of(STRIDE) {
                stop.check()?;
            }
            let cells: Vec<Cell> = columns.iter().map(|column| cell(&run.atlas, listing, line, *column)).collect();
            sink.row(&cells)?;
        }
        Ok(())
    })
}

/// The far end of a line's edge: of the groups of something that itself.
const fn far_end(listing: &Listing, line: Line) -> Node {
    match listing.near {
        Near::To(far) => far,
        Near::None | Near::From(_) | Near::Any => line.node,
    }
}

fn depth(listing: &Listing, node: Node) -> Option<u32> {
    listing.depths.as_ref().and_then(|depths| depths.get(node as usize)).copied().filter(|depth| *depth > 0)
}

/// What stands in a column of a line.
pub(super) fn cell(atlas: &Atlas, listing: &Listing, line: Line, column: Column) -> Cell {
    let node = line.node;
    let traits = atlas.traits(node);
    let kind = atlas.kind(node);
    let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
    let yes_of = |is_there: bool, one: Trait| if is_there { Cell::Yes(traits.has(one)) } else { Cell::Empty };
    match column {
        Column::Name => text(&atlas.name(node)),
        Column::Second => text(&atlas.second(node)),
        Column::Mail => text(&atlas.mail(node)),
        Column::Id => text(&atlas.id(node)),
        Column::Kind => text(atlas.label(node)),
        Column::Enabled => yes_of(traits.has(Trait::Enabled) || traits.has(Trait::Disabled), Trait::Enabled),
        Column::Department => text(atlas.departments.text(node)),
        Column::JobTitle => text(atlas.titles.text(node)),
        Column::Company => text(atlas.companies.text(node)),
        Column::Country => text(atlas.countries.text(node)),
        Column::Created => atlas.created(node).map_or(Cell::Empty, Cell::Time),
        Column::Synced => yes_of(atlas.is_entity(node), Trait::Synced),
        Column::RoleAssignable => yes_of(kind == EntityKind::Group && atlas.is_entity(node), Trait::RoleAssignable),
        Column::Members if kind == EntityKind::Group => Cell::Number(atlas.members(node)),
        Column::InGroups if kind != EntityKind::Account => Cell::Number(atlas.groups(node)),
        Column::Members | Column::InGroups => Cell::Empty,
        Column::State => atlas.state(node).map_or(Cell::Empty, |state| text(state.as_str())),
        Column::Visibility => visibility(traits).map_or(Cell::Empty, |(_, graph)| text(graph)),
        Column::From => line.near.map_or(Cell::Empty, |near| text(&atlas.name(near))),
        Column::EdgeType => line
            .near
            .map_or(Cell::Empty, |near| text(atlas.edge_type(atlas.account() == Some(near), far_end(listing, line)))),
        Column::Depth => depth(listing, node).map_or(Cell::Empty, |depth| Cell::Number(u64::from(depth))),
        // What runs and problems have.
        _ => Cell::Empty,
    }
}

/// The same as far as a row tells it by itself: for rows that a store answered.
pub(super) fn cell_of(row: &Row, column: Column) -> Cell {
    let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
    let number = |count: Option<u64>| count.map_or(Cell::Empty, Cell::Number);
    match column {
        Column::Name => text(&row.name),
        Column::Second => text(&row.second),
        Column::Id => text(&row.id),
        Column::Kind => text(&row.label),
        Column::Members if row.kind == EntityKind::Group => number(row.count),
        Column::InGroups if matches!(row.kind, EntityKind::User | EntityKind::Member) => number(row.count),
        Column::State => row.state.map_or(Cell::Empty, |state| text(state.as_str())),
        Column::From => row.edge.as_ref().map_or(Cell::Empty, |edge| text(&edge.from_name)),
        Column::EdgeType => row.edge.as_ref().map_or(Cell::Empty, |edge| text(&edge.edge_type)),
        Column::Depth => row.depth.map_or(Cell::Empty, |depth| Cell::Number(u64::from(depth))),
        _ => Cell::Empty,
    }
}
