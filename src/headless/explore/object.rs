//! `tenantry show`: one object, as a person reads it, or whole as JSON.

use std::io::Write as _;

use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use super::{Look, Stop, a_kind, another_answer};
use crate::{
    cli::{self, Common},
    domain::{
        completeness::State,
        explore::{Answer, Question},
        kind::EntityKind,
        portrait::{Shown, portrait},
        provenance::provenance,
        text::{counted, grouped, visible},
        view::Detail,
    },
    explore::named::Named,
    headless::output::{Exit, Output, day},
};

pub fn show(common: &Common, args: &cli::Show) -> Result<Exit, Stop> {
    let look = Look::open(common, args.at)?;
    let named = look.find(&args.object, &EntityKind::ALL)?;
    let Answer::Detail(Some(detail)) = look.ask(Question::Detail(named.id.clone()))? else {
        return Err(another_answer().into());
    };
    let output = Output::new(args.output.json);
    if args.output.json {
        output.emit(&json!({
            "event": "object",
            "id": detail.id,
            "type": detail.kind,
            "name": detail.name,
            "login": named.second,
            "kind": named.label,
            "members": detail.members,
            "groups": detail.groups,
            "incomplete": detail.state,
            "entity": detail.entity,
            "raw": detail.raw,
        }));
    } else {
        let mut out = std::io::stdout().lock();
        out.write_all(text(&detail, &named, &look.words()).as_bytes())?;
        out.flush()?;
    }
    Ok(look.end(&output, |_| ()))
}

fn text(detail: &Detail, named: &Named, run: &str) -> String {
    let kind = match named.label.as_str() {
        "" => a_kind(detail.kind).to_owned(),
        label => format!("{}, {}", a_kind(detail.kind), visible(label)),
    };
    let mut out = format!("{} ({kind}), {run}\n\n", visible(&detail.name));
    let mut lines: Vec<(String, String)> = Vec::new();
    for one in portrait(&detail.raw, detail.entity["memberType"].as_str()).traits {
        let values = match one.value {
            Shown::Text(text) => vec![text],
            Shown::Texts(texts) => texts,
            Shown::Yes(yes) => vec![if yes { "yes" } else { "no" }.to_owned()],
            Shown::Time(at) => vec![day(at)],
        };
        let mut label = visible(&one.label).into_owned();
        for value in values {
            lines.push((std::mem::take(&mut label), visible(&value).into_owned()));
        }
    }
    lines.push((String::new(), String::new()));
    match detail.kind {
        EntityKind::Account => {
            lines.push(("Has".to_owned(), format!("{} users and groups", grouped(detail.members))));
        }
        EntityKind::Group => {
            let known = detail.state.filter(|state| *state != State::Complete);
            let known = known.map(|state| format!(", not all are known: {}", state.as_str())).unwrap_or_default();
            lines.push(("Direct members".to_owned(), format!("{}{known}", counted(detail.members, "member"))));
        }
        EntityKind::User | EntityKind::Member => {}
    }
    if detail.kind != EntityKind::Account {
        lines.push(("Directly in".to_owned(), counted(detail.groups, "group")));
    }
    lines.extend(upload(detail));
    let widest = lines.iter().map(|(label, _)| label.width()).max().unwrap_or_default();
    for (label, value) in lines {
        let gap = " ".repeat(widest.saturating_sub(label.width()));
        out.push_str(format!("{label}{gap}  {value}").trim_end());
        out.push('\n');
    }
    out
}

/// What an upload makes of it, in words: all of it is in the JSON.
fn upload(detail: &Detail) -> Vec<(String, String)> {
    let label = || "In JupiterOne".to_owned();
    if detail.entity.is_null() {
        return vec![(label(), "no entity: it could not be read, only its memberships are known".to_owned())];
    }
    let provenance = provenance(detail.kind, &detail.entity, &detail.raw);
    let word = |member: &str| visible(detail.entity[member].as_str().unwrap_or_default()).into_owned();
    let mut lines = vec![
        (label(), format!("{}, with {} properties", word("_type"), provenance.sent.len())),
        (String::new(), format!("_key {}", word("_key"))),
    ];
    lines.extend(
        provenance
            .left_out
            .iter()
            .map(|one| (String::new(), format!("without {}: {}", one.property, visible(one.why)))),
    );
    lines
}
