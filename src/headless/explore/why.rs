//! `tenantry why`: through what something is in a group.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{Look, Stop, another_answer, capital};
use crate::{
    cli::{self, Common},
    domain::{
        explore::{Answer, Question, Step, Why},
        kind::EntityKind,
        lineage,
        text::counted,
    },
    headless::output::{Exit, Output},
};

pub fn why(common: &Common, args: &cli::Why) -> Result<Exit, Stop> {
    let look = Look::open(common, args.at)?;
    let group = look.find(&args.group, &[EntityKind::Group, EntityKind::Account])?;
    let object = look.find(&args.object, &EntityKind::ALL)?;
    let question = Question::Why { group: group.id, member: object.id };
    let Answer::Why(why) = look.ask(question)? else { return Err(another_answer().into()) };
    let output = Output::new(args.output.json);
    if args.output.json {
        objects(&why).iter().for_each(|object| output.emit(object));
    } else {
        let text = format!("{}\n\n{}", capital(&look.words()), text(&why, args.ways));
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
    }
    if !why.unknown.is_empty() {
        output.say(format!(
            "incomplete: not all members are known of {} below it",
            counted(why.unknown.len() as u64, "group")
        ));
    }
    let has_unknown = !why.unknown.is_empty();
    let exit = look.end(&output, |finished| {
        finished.set("length", json!(why.length));
        finished.set("count", json!(why.count));
    });
    Ok(if has_unknown { exit.or(Exit::Gaps) } else { exit })
}

/// As a tree of all shortest ways, or the first hundred of them one by one.
fn text(why: &Why, one_by_one: bool) -> String {
    if !one_by_one {
        return lineage::text(why, &lineage::tree(why));
    }
    // The sentence and what is not known, and between them the ways.
    let mut lines = Vec::new();
    for number in 0..why.ways.len() {
        lines.extend(lineage::way(why, number));
    }
    lineage::text(why, &lines)
}

/// The answer, each way and each group that hides its members as an object of its own.
fn objects(why: &Why) -> Vec<Value> {
    let end = |at: Option<&Step>| at.map(step);
    let mut all = vec![json!({
        "event": "why",
        "group": end(why.steps.first()),
        "object": end(why.steps.last()),
        "length": why.length,
        "count": why.count,
        "has_longer": why.has_longer,
        "steps": why.steps.iter().map(step).collect::<Vec<_>>(),
        "edges": why.edges,
    })];
    for (number, way) in (1..).zip(&why.ways) {
        let ids: Vec<_> = way.iter().filter_map(|at| why.steps.get(*at as usize)).map(|step| &step.id).collect();
        all.push(json!({ "event": "way", "number": number, "ids": ids }));
    }
    all.extend(why.unknown.iter().map(|group| json!({ "event": "unknown", "group": step(group) })));
    all
}

pub(super) fn step(step: &Step) -> Value {
    json!({
        "id": step.id,
        "type": step.kind,
        "name": step.name,
        "kind": step.label,
        "in_cycle": step.in_cycle,
        "incomplete": step.state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_a_line_each() {
        let step = |name: &str| Step {
            id: name.to_owned(),
            kind: EntityKind::Group,
            name: name.to_uppercase(),
            label: String::new(),
            in_cycle: false,
            state: None,
        };
        let why = Why {
            steps: ["g", "a", "b", "u"].map(step).to_vec(),
            edges: vec![(0, 1), (0, 2), (1, 3), (2, 3)],
            length: Some(2),
            count: "2".to_owned(),
            ways: vec![vec![0, 1, 3], vec![0, 2, 3]],
            has_longer: false,
            unknown: vec![step("s")],
        };
        let all = objects(&why);
        let events: Vec<_> = all.iter().map(|object| object["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["why", "way", "way", "unknown"]);
        assert_eq!((&all[0]["group"]["id"], &all[0]["object"]["id"]), (&json!("g"), &json!("u")));
        assert_eq!((&all[2]["ids"], &all[2]["number"]), (&json!(["g", "b", "u"]), &json!(2)));
        let text = text(&why, true);
        assert_eq!(text.lines().filter(|line| line.starts_with("G ")).count(), 2, "{text}");
        assert_eq!(capital("run 3"), "Run 3");
    }
}
