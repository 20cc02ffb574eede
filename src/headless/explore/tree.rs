//! `tenantry tree`: what is around an object, as a tree, for programs that draw, and as JSON lines.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{Look, Stop, another_answer, capital, why::step};
use crate::{
    cli::{self, Common, TreeFormat},
    domain::{
        explore::{Answer, Question},
        kind::EntityKind,
        near::{Drawing, LIMIT, Near, NearQuery, Side, Sides, tree},
        problem::Problem,
    },
    headless::output::{Exit, Output},
    jobs::JobError,
};

pub fn tree(common: &Common, args: &cli::Tree) -> Result<Exit, Stop> {
    let look = Look::open(common, args.at)?;
    // Only of a group are there members to be shown.
    let kinds = if args.down { &[EntityKind::Group][..] } else { &EntityKind::ALL };
    let object = look.find(&args.object, kinds)?;
    if object.kind == EntityKind::Account {
        return Err(no_account().into());
    }
    let sides = match (args.up, args.down) {
        (true, _) => Sides::Up,
        (false, true) => Sides::Down,
        (false, false) => Sides::Both,
    };
    let drawing = drawing(args.format);
    let limit = args.limit.unwrap_or_else(|| drawing.map_or(LIMIT, Drawing::limit));
    let question = Question::Near(NearQuery { id: object.id, sides, depth: args.depth, limit });
    let Answer::Near(near) = look.ask(question)? else { return Err(another_answer().into()) };
    let output = Output::new(args.output.json);
    let mut notes = near.left_out();
    if args.output.json {
        objects(&near).iter().for_each(|object| output.emit(object));
    } else {
        let text = match drawing {
            Some(drawing) => drawing.text(&near),
            None => {
                // The text says itself what it leaves out.
                notes.clear();
                let lines = tree::lines(&near);
                format!(
                    "{}\n\n{}",
                    capital(&look.words()),
                    tree::text(&near, &lines, &std::collections::BTreeSet::new())
                )
            }
        };
        notes.extend(drawing.and_then(|drawing| drawing.warning(&near, &text)).map(str::to_owned));
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
    }
    notes.iter().for_each(|note| output.say(note));
    if let Some(words) = near.uncertain() {
        output.say(format!("incomplete: {words}"));
    }
    let exit = look.end(&output, |finished| {
        finished.set("objects", json!(near.steps.len()));
        finished.set("left_out", json!(near.left_out()));
    });
    Ok(if near.unknown.is_empty() { exit } else { exit.or(Exit::Gaps) })
}

const fn drawing(format: TreeFormat) -> Option<Drawing> {
    match format {
        TreeFormat::Tree => None,
        TreeFormat::Mermaid => Some(Drawing::Mermaid),
        TreeFormat::Dot => Some(Drawing::Dot),
        TreeFormat::Graphml => Some(Drawing::GraphMl),
    }
}

/// The account has every user and every group, which is no neighbourhood but a list.
fn no_account() -> JobError {
    JobError::Unfit(Box::new(
        Problem::new("the account has every user and every group, and nothing above it")
            .code("no_tree")
            .hint("Name a group, or something in one; tenantry list users and list groups show all."),
    ))
}

/// What was looked for, each object and each membership as an object of its own.
fn objects(near: &Near) -> Vec<Value> {
    let half = |side: Side| {
        let half = near.half(side);
        near.sides.has(side).then(|| json!({ "within": half.within, "shown": half.shown, "beyond": half.beyond }))
    };
    let id = |place: u32| near.steps.get(place as usize).map(|step| step.id.as_str());
    let mut all = vec![json!({
        "event": "tree",
        "object": near.steps.first().map(step),
        "sides": near.sides.as_str(),
        "depth": near.depth,
        "limit": near.limit,
        "groups": half(Side::Up),
        "members": half(Side::Down),
    })];
    for (n, one) in near.steps.iter().enumerate() {
        let missing = |side: Side| near.half(side).missing.iter().find(|m| m.of as usize == n).map_or(0, |m| m.count);
        let mut object = step(one);
        object["event"] = json!("object");
        object["groups_left_out"] = json!(missing(Side::Up));
        object["members_left_out"] = json!(missing(Side::Down));
        all.push(object);
    }
    let ends = near.memberships().into_iter();
    all.extend(ends.map(|(group, member)| json!({ "event": "membership", "from_id": id(group), "id": id(member) })));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::near::tests::near;

    #[test]
    fn the_answer_is_a_line_each() {
        let all = objects(&near());
        let count = |event: &str| all.iter().filter(|object| object["event"] == event).count();
        assert_eq!((count("tree"), count("object"), count("membership"), all.len()), (1, 6, 8, 15));
        assert_eq!(all[0]["members"], json!({ "within": 1_208, "shown": 4, "beyond": 1 }));
        assert_eq!((&all[1]["id"], &all[1]["members_left_out"]), (&json!("id-g"), &json!(1_204)));
        assert_eq!((&all[5]["members_left_out"], &all[5]["groups_left_out"]), (&json!(2), &json!(0)));
        assert!(all[7..].iter().all(|edge| edge["from_id"].is_string() && edge["id"].is_string()), "{all:?}");
        let down = objects(&Near { sides: Sides::Down, ..near() });
        assert_eq!(down[0]["groups"], Value::Null);
    }
}
