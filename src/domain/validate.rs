//! What stands between what was read and what is sent: each object is checked by the rules of its data model and of the
//! service, mended where that is possible, and else left out, with its types exempt from deletion. Nothing is left out in
//! silence: all that was done is a [`Finding`], which names the objects.
//!
//! One [`Checker`] decides, and preview, upload and export ask the same one: entities first, then edges. Pure, and with
//! little memory: what is known of all objects is only which were left out.
//!
//! Edges are checked by what they are made of, not one by one as JSON: their ends are entities that were sent (or such as
//! could not be read, and then they are mapped), their keys are made of two keys of ten characters and more, and two edges
//! of one key would be two rows of one pair of ids, which a store does not have. What is left to look at is said at
//! [`Checker::edge`].

mod findings;
mod model;
mod server;

use std::collections::{BTreeSet, HashSet};

use serde_json::{Value, json};

pub use self::findings::{Done, Finding, Named, Rule};
use self::{
    findings::Findings,
    model::{Model, Violation, Wrong},
};
use super::{
    batch::Payload,
    completeness::{Excluded, Gap, partial_types},
    edge::Edge,
    entity::Entity,
    ids::TenantId,
    kind::EntityKind,
    naming::{Names, Naming},
    normalise::Mended,
};

/// Checks what one job sends, or would send.
#[derive(Debug)]
pub struct Checker {
    naming: Naming,
    model: &'static Model,
    account: String,
    /// Keys of entities that are not sent.
    left_out: HashSet<String>,
    excluded: Excluded,
    edges_left_out: u64,
    findings: Findings,
}

/// An entity as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Ready {
    pub entity: Entity,
    pub text: String,
}

/// What may not be in an entity's key: with it in one, two pairs of keys could be one edge's.
const BETWEEN: &str = "|has|";

impl Checker {
    pub fn new(names: &Names, tenant: &TenantId) -> Self {
        Self {
            naming: names.naming(),
            model: Model::of(names.naming()),
            account: names.account_key(tenant),
            left_out: HashSet::new(),
            excluded: Excluded::default(),
            edges_left_out: 0,
            findings: Findings::default(),
        }
    }

    /// The entity as it is sent, mended where it has to be; `None` if it is not.
    ///
    /// Keys are unique by the store's construction, but for the account's, which is none of its ids: another that has it is
    /// the one that is not sent.
    pub fn entity(&mut self, mut entity: Entity) -> Option<Ready> {
        for warning in std::mem::take(&mut entity.warnings) {
            let (rule, done) = match warning.mended {
                Mended::StandsIn(field) => (Rule::Required, Done::StandsIn(field.to_owned())),
                Mended::LeftOut => (Rule::Source, Done::LeftOut),
                Mended::Null => (Rule::Source, Done::Null),
            };
            self.note(&entity, Some(warning.property), rule, done);
        }
        let key = entity.key();
        if key.contains(BETWEEN) || (entity.kind != EntityKind::Account && key == self.account) {
            return self.exclude(&entity, Some("_key"), Rule::DuplicateKey);
        }
        let wrong = self.wrong(&entity);
        let mended = !wrong.is_empty();
        for (property, rule) in wrong {
            match self.mend(&mut entity, &property, rule) {
                Some(done) => self.note(&entity, Some(&property), rule, done),
                None => return self.exclude(&entity, Some(&property), rule),
            }
        }
        if mended && let Some((property, rule)) = self.wrong(&entity).into_iter().next() {
            return self.exclude(&entity, Some(&property), rule);
        }
        let mut text = entity.text();
        while text.len() > server::most_bytes(Payload::Entities) {
            let Some(property) = largest(&entity) else { return self.exclude(&entity, None, Rule::Size) };
            match self.mend(&mut entity, &property, Rule::Size) {
                Some(done) => self.note(&entity, Some(&property), Rule::Size, done),
                None => return self.exclude(&entity, Some(&property), Rule::Size),
            }
            text = entity.text();
        }
        Some(Ready { entity, text })
    }

    /// Whether the edge, of a text of so many bytes, is sent.
    ///
    /// It is not where one of its ends is not, where the key of a far end that is none of our entities could make its own
    /// another's, and where it is larger than a body.
    pub fn edge(&mut self, edge: &Edge, bytes: usize) -> bool {
        let dangles =
            !self.left_out.is_empty() && (self.left_out.contains(&edge.from) || self.left_out.contains(&edge.to));
        let rule = if dangles {
            Rule::Dangling
        } else if (edge.mapped || edge.far.is_some()) && edge.to.contains(BETWEEN) {
            Rule::DuplicateKey
        } else if bytes > server::most_bytes(Payload::Relationships) {
            Rule::Size
        } else {
            return true;
        };
        self.excluded.edges.insert(edge.kind);
        self.edges_left_out += 1;
        let named = || Named { id: edge.key(), name: "HAS".to_owned() };
        self.findings.note(self.naming.edge_type(edge.kind), None, rule, Done::Excluded, named);
        false
    }

    /// The types that are exempt from deletion: for what was not read, and for what was not sent.
    pub fn partial_types(&self, gaps: &[Gap]) -> BTreeSet<String> {
        partial_types(self.naming, gaps, &self.excluded)
    }

    /// How many entities and edges are not sent.
    pub fn excluded(&self) -> (u64, u64) {
        (self.left_out.len() as u64, self.edges_left_out)
    }

    /// Whether all of a kind are sent that were asked about.
    pub fn sends(&self, kind: EntityKind) -> bool {
        !self.excluded.entities.contains(&kind)
    }

    /// All that was done, by type, property and rule.
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.all()
    }

    /// What is wrong with the entity's properties, each once.
    fn wrong(&self, entity: &Entity) -> Vec<(String, Rule)> {
        let of_model = self.model.check(&entity.json).into_iter().map(|Violation { property, wrong }| {
            let rule = match wrong {
                Wrong::Missing => Rule::Required,
                Wrong::Name => Rule::PropertyName,
                Wrong::Form if property == "_key" => Rule::KeyLength,
                Wrong::Type | Wrong::Form => Rule::Class,
            };
            (property, rule)
        });
        let mut all: Vec<(String, Rule)> = of_model.collect();
        let refused = server::refused(&entity.json).map(|property| (property.to_owned(), Rule::PropertyValue));
        all.extend(refused);
        all.sort();
        all.dedup_by(|later, first| later.0 == first.0);
        all
    }

    /// Mends a property; `None` where without it the entity would be none, or another.
    fn mend(&self, entity: &mut Entity, property: &str, rule: Rule) -> Option<Done> {
        match property {
            "_key" | "_type" | "_class" | "id" => return None,
            "name" | "displayName" => {
                let id = entity.json.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                // As large as it was: the id is what is too long.
                let stands_in = rule != Rule::Size || entity.json.get(property).is_some_and(|name| *name != json!(id));
                entity.json.insert(property.to_owned(), json!(id));
                return stands_in.then(|| Done::StandsIn("id".to_owned()));
            }
            "vendor" => return None,
            _ => {}
        }
        if self.naming.required(entity.kind).contains(&property) {
            entity.json.insert(property.to_owned(), Value::Null);
            return Some(Done::Null);
        }
        entity.json.remove(property).map(|_| Done::LeftOut)
    }

    fn exclude(&mut self, entity: &Entity, property: Option<&str>, rule: Rule) -> Option<Ready> {
        self.note(entity, property, rule, Done::Excluded);
        self.excluded.entities.insert(entity.kind);
        self.left_out.insert(entity.key().to_owned());
        None
    }

    fn note(&mut self, entity: &Entity, property: Option<&str>, rule: Rule, done: Done) {
        let named = || Named { id: entity.id().to_owned(), name: entity.name().to_owned() };
        self.findings.note(self.naming.entity_type(entity.kind), property, rule, done, named);
    }
}

/// The property with the longest value.
fn largest(entity: &Entity) -> Option<String> {
    entity.json.iter().max_by_key(|(_, value)| value.to_string().len()).map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests;
