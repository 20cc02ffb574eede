//! `tenantry show`: one object, as a person reads it, or whole as JSON.

use std::io::Write as _;

use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use super::{Look, Stop, a_kind, another_answer, fields_words};
use crate::{
    cli::{self, Common},
    domain::{
        completeness::State,
        explore::{Answer, Change, Question, Version},
        kind::EntityKind,
        naming::Naming,
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
    let Answer::History(history) = look.ask(Question::History(named.id.clone()))? else {
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
            "history": history,
        }));
    } else {
        let mut out = std::io::stdout().lock();
        out.write_all(text(look.naming(), &detail, &named, &history, &look.words()).as_bytes())?;
        out.flush()?;
    }
    Ok(look.end(&output, |_| ()))
}

fn text(naming: Naming, detail: &Detail, named: &Named, history: &[Version], run: &str) -> String {
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
    lines.extend(upload(naming, detail));
    lines.extend(history.iter().map(happened));
    let widest = lines.iter().map(|(label, _)| label.width()).max().unwrap_or_default();
    for (label, value) in lines {
        let gap = " ".repeat(widest.saturating_sub(label.width()));
        out.push_str(format!("{label}{gap}  {value}").trim_end());
        out.push('\n');
    }
    out
}

/// What became of it in one of the runs that are kept.
fn happened(version: &Version) -> (String, String) {
    let mut words = match version.change {
        Change::Came => vec!["came".to_owned()],
        Change::Went => vec!["went".to_owned()],
        Change::Changed => vec![fields_words(&version.fields)],
    };
    let moved = |(came, went): (u64, u64), thing: &str| match (came, went) {
        (0, 0) => String::new(),
        (came, 0) => format!("{} more", counted(came, thing)),
        (0, went) => format!("{} less", counted(went, thing)),
        (came, went) => format!("{} more, {} less", counted(came, thing), counted(went, thing)),
    };
    // Who just came has all that it has since then.
    if version.change == Change::Changed {
        words.extend([moved(version.members, "member"), moved(version.groups, "group")]);
    }
    words.retain(|part| !part.is_empty());
    (format!("Run {}", version.run), format!("{}  {}", day(version.at), words.join("; ")))
}

/// What an upload makes of it, in words: all of it is in the JSON.
fn upload(naming: Naming, detail: &Detail) -> Vec<(String, String)> {
    let label = || "In JupiterOne".to_owned();
    if !naming.sends(detail.kind) {
        return vec![(
            label(),
            "no entity: its memberships describe it, and JupiterOne makes of that what it needs".to_owned(),
        )];
    }
    if detail.entity.is_null() {
        return vec![(label(), "no entity: it could not be read, only its memberships are known".to_owned())];
    }
    let provenance = provenance(naming, detail.kind, &detail.entity, &detail.raw);
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{explore::FieldChange, ids::RunId};

    #[test]
    fn what_became_of_an_object_is_a_line_a_run() {
        let check = |change, fields: &[(&str, &str)], members, groups, want: &str| {
            let version = Version {
                run: RunId(2),
                at: Timestamp::UNIX_EPOCH,
                until: None,
                change,
                fields: fields
                    .iter()
                    .map(|(field, now)| FieldChange {
                        field: (*field).to_owned(),
                        before: serde_json::Value::Null,
                        now: json!(now),
                    })
                    .collect(),
                members,
                groups,
            };
            assert_eq!(happened(&version), ("Run 2".to_owned(), format!("1970-01-01 00:00 UTC  {want}")));
        };
        check(Change::Came, &[], (5, 0), (1, 0), "came");
        check(Change::Went, &[], (0, 5), (0, 0), "went");
        check(Change::Changed, &[("department", "Fi\x1bnance")], (0, 0), (0, 0), "Department: nothing → Fi␛nance");
        check(Change::Changed, &[], (2, 1), (0, 1), "2 members more, 1 member less; 1 group less");
    }
}
