//! From a store to an [`Atlas`]: two streams of one snapshot, each read once.

use std::collections::{BTreeMap, HashMap};

use super::{
    arena::Arena,
    atlas::{Atlas, Few, NO_TIME},
    cycles::Nesting,
    edges::{Adjacency, Builder},
    ids::Ids,
    stop::{Stop, Stopped},
};
use crate::{
    domain::{ids::RunId, kind::EntityKind, naming::Naming, traits::Traits},
    store::{Brief, Reader, Snapshot, StoreError},
};

/// Why there is no atlas.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("the store cannot be read")]
    Store(#[source] StoreError),
    #[error("it was stopped")]
    Stopped(#[from] Stopped),
}

impl From<StoreError> for LoadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stopped { .. } => Self::Stopped(Stopped),
            error => Self::Store(error),
        }
    }
}

/// Reads a run into memory. Once it is stopped, it ends in the middle of whatever it reads.
pub fn load(mut reader: Reader, run: RunId, naming: Naming, stop: &Stop) -> Result<Atlas, LoadError> {
    let of_reader = stop.clone();
    reader.stop_when(move || of_reader.is_asked())?;
    let is_finished = reader.run(run)?.status.is_finished();
    let expected = if is_finished { reader.totals(run)?.edges } else { 0 };
    reader.at(run, |shot| {
        let mut loading = Loading::new(naming);
        shot.each_brief(&mut |brief| loading.take(&brief))?;
        if !is_finished {
            loading.take_strangers(shot)?;
        }
        loading.arrange(shot, stop)?;
        loading.tie(shot, usize::try_from(expected).unwrap_or_default(), stop)
    })
}

/// An atlas in the making: its columns are in the order in which objects came, until they are arranged.
struct Loading {
    atlas: Atlas,
    /// Of each object in that order: its kind, and whether lists have it.
    kinds: Vec<(EntityKind, bool)>,
    /// Where an object is in that order, by the number that stores give to its id; once all are arranged, its node.
    places: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl Loading {
    fn new(naming: Naming) -> Self {
        Self {
            atlas: Atlas {
                naming,
                ids: Ids::default(),
                texts: Arena::default(),
                lists: [0..0, 0..0, 0..0, 0..0],
                rest: Vec::new(),
                traits: Vec::new(),
                created: Vec::new(),
                labels: Few::default(),
                departments: Few::default(),
                titles: Few::default(),
                companies: Few::default(),
                countries: Few::default(),
                states: HashMap::new(),
                edges: Adjacency::default(),
                nesting: Nesting::default(),
            },
            kinds: Vec::new(),
            places: Vec::new(),
        }
    }

    fn take(&mut self, brief: &Brief<'_>) {
        let atlas = &mut self.atlas;
        atlas.ids.push(brief.id);
        atlas.texts.push(brief.name, brief.second, brief.mail);
        atlas.traits.push(brief.traits);
        atlas.created.push(brief.created.unwrap_or(NO_TIME));
        for (few, text) in [
            (&mut atlas.labels, brief.label),
            (&mut atlas.departments, brief.department),
            (&mut atlas.titles, brief.title),
            (&mut atlas.companies, brief.company),
            (&mut atlas.countries, brief.country),
        ] {
            few.push(text);
        }
        let at = usize::try_from(brief.num).unwrap_or_default();
        if at >= self.places.len() {
            self.places.resize((at + 1).next_power_of_two(), NOWHERE);
        }
        self.places[at] = u32::try_from(self.kinds.len()).unwrap_or(NOWHERE);
        self.kinds.push((brief.kind, brief.entity));
    }

    /// Members that a run which goes on has not come to: their ids are all that is known of them.
    fn take_strangers(&mut self, shot: &Snapshot<'_>) -> Result<(), StoreError> {
        let mut strangers: BTreeMap<i64, i64> = BTreeMap::new();
        shot.each_membership(&mut |group, member| {
            if self.place(member).is_none() {
                strangers.entry(member).or_insert(group);
            }
        })?;
        let mut named = strangers
            .into_iter()
            .map(|(num, group)| shot.unread(group, num).map(|(id, kind)| (id, kind, num)))
            .collect::<Result<Vec<_>, _>>()?;
        named.sort_unstable();
        for (id, kind, num) in named {
            self.take(&Brief {
                num,
                id: &id,
                kind,
                entity: false,
                name: &id,
                second: "",
                label: "",
                mail: "",
                traits: Traits::default(),
                created: None,
                department: "",
                title: "",
                company: "",
                country: "",
            });
        }
        Ok(())
    }

    fn place(&self, num: i64) -> Option<u32> {
        let place = *self.places.get(usize::try_from(num).ok()?)?;
        (place != NOWHERE).then_some(place)
    }

    /// All objects are there: now each gets its node.
    fn arrange(&mut self, shot: &Snapshot<'_>, stop: &Stop) -> Result<(), LoadError> {
        // For each node its place: what lists have, in their order, then the rest.
        let mut places: Vec<u32> = Vec::with_capacity(self.kinds.len());
        let mut rest: Vec<u32> = Vec::new();
        let mut counts = [0; 4];
        let mut is_placed = vec![false; self.kinds.len()];
        shot.each_in_order(&mut |num| {
            if let Some(place) = self.place(num) {
                is_placed[place as usize] = true;
                let (kind, entity) = self.kinds[place as usize];
                if entity {
                    places.push(place);
                    counts[kind as usize] += 1;
                } else {
                    rest.push(place);
                }
            }
        })?;
        rest.extend((0..).zip(&is_placed).filter(|(_, is_placed)| !**is_placed).map(|(place, _)| place));
        self.atlas.rest = rest.iter().map(|place| self.kinds[*place as usize].0).collect();
        places.append(&mut rest);
        let mut end = 0;
        let atlas = &mut self.atlas;
        atlas.lists = counts.map(|count| {
            let start = end;
            end += count;
            start..end
        });
        stop.check()?;
        atlas.ids.close(&places);
        stop.check()?;
        atlas.traits = places.iter().map(|place| atlas.traits[*place as usize]).collect();
        atlas.created = places.iter().map(|place| atlas.created[*place as usize]).collect();
        for few in
            [&mut atlas.labels, &mut atlas.departments, &mut atlas.titles, &mut atlas.companies, &mut atlas.countries]
        {
            few.close(&places);
        }
        let mut nodes = vec![0; places.len()];
        for (node, place) in (0..).zip(&places) {
            nodes[*place as usize] = node;
        }
        for place in self.places.iter_mut().filter(|place| **place != NOWHERE) {
            *place = nodes[*place as usize];
        }
        atlas.texts.close(&places);
        self.kinds = Vec::new();
        Ok(())
    }

    /// All nodes are there: now how they hang together. `edges`: how many are expected.
    fn tie(mut self, shot: &Snapshot<'_>, edges: usize, stop: &Stop) -> Result<Atlas, LoadError> {
        let groups = self.atlas.list(EntityKind::Group).clone();
        let accounts = self.atlas.list(EntityKind::Account).clone();
        let mut builder = Builder::new(self.atlas.nodes() as usize, edges);
        // An edge that no upload would send is none.
        shot.each_membership(&mut |group, member| {
            if let (Some(group), Some(member)) = (self.place(group), self.place(member))
                && groups.contains(&group)
                && !accounts.contains(&member)
            {
                builder.push(group, member);
            }
        })?;
        for (group, state) in shot.group_states()? {
            if let Some(node) = self.place(group) {
                self.atlas.states.insert(node, state);
            }
        }
        let mut atlas = self.atlas;
        stop.check()?;
        atlas.edges = builder.build();
        stop.check()?;
        atlas.nesting = Nesting::of(&atlas.edges, |node| groups.contains(&node));
        Ok(atlas)
    }
}
