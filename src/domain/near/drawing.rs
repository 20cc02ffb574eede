//! A neighbourhood as a text that other programs draw: Mermaid, DOT (Graphviz) and GraphML.
//!
//! Names come from the directory and are hostile: every one goes through [`visible`] first, so that no control character and
//! nothing that turns a line around is in a file, and then through the format's own escape. No name stands outside a quoted
//! label or the text of an element; no name is an identifier, and none is in a comment.

use std::fmt::Write as _;

use super::{Cause, Missing, Near, Side};
use crate::domain::{
    completeness::State,
    explore::Step,
    graphml::{self, Key},
    kind::EntityKind,
    lineage::about,
    text::{grouped, visible},
};

/// Where Mermaid stops, unless it is told otherwise.
const MERMAID_EDGES: usize = 500;
const MERMAID_BYTES: usize = 50_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Drawing {
    Mermaid,
    Dot,
    GraphMl,
}

impl Drawing {
    pub const ALL: [Self; 3] = [Self::Mermaid, Self::Dot, Self::GraphMl];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Mermaid => "Mermaid, for Markdown and wikis",
            Self::Dot => "DOT, for Graphviz",
            Self::GraphMl => "GraphML, for yEd and Gephi",
        }
    }

    /// What its files end with.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Mermaid => "mmd",
            Self::Dot => "dot",
            Self::GraphMl => "graphml",
        }
    }

    /// How many objects it shows, unless something else is asked for: Mermaid draws no more than 500 edges by itself.
    pub const fn limit(self) -> u32 {
        match self {
            Self::Mermaid => super::LIMIT,
            Self::Dot | Self::GraphMl => super::LIMIT_IN_FILES,
        }
    }

    /// What is to be known of a text that its program refuses as it is.
    pub fn warning(self, near: &Near, text: &str) -> Option<&'static str> {
        let is_much = text.len() > MERMAID_BYTES || near.memberships().len() > MERMAID_EDGES;
        (self == Self::Mermaid && is_much).then_some(
            "Mermaid draws at most 500 edges and 50,000 characters unless maxEdges and maxTextSize are raised: look less far, \
             or take DOT or GraphML",
        )
    }

    pub fn text(self, near: &Near) -> String {
        match self {
            Self::Mermaid => mermaid(near),
            Self::Dot => dot(near),
            Self::GraphMl => as_graphml(near),
        }
    }
}

/// What is there and what is not: counts and our own words, no name.
fn notes(near: &Near) -> impl Iterator<Item = String> {
    let summary = format!("The object in the middle is n0: {}.", near.summary());
    std::iter::once(summary).chain(near.left_out()).chain(near.uncertain())
}

/// What is not drawn for want of room, each with its side; what lies behind the depth is told at the object.
fn more(near: &Near) -> impl Iterator<Item = (Side, &Missing)> {
    let of = |side: Side| near.half(side).missing.iter().map(move |missing| (side, missing));
    near.sides().flat_map(of).filter(|(_, missing)| missing.cause == Cause::Limit)
}

fn more_words(missing: &Missing) -> String {
    format!("… and {} more", grouped(missing.count))
}

/// How many edges of it lead on that are not here, whatever the cause.
fn left_out(near: &Near, step: usize) -> u64 {
    let of =
        |side: Side| near.half(side).missing.iter().filter(|m| m.of as usize == step).map(|m| m.count).sum::<u64>();
    near.sides().map(of).sum()
}

/// The second line of a label: `security, hidden, 12 not gone into`.
fn second(near: &Near, n: usize, step: &Step) -> String {
    let depth = |side: Side| {
        near.half(side)
            .missing
            .iter()
            .filter(|m| m.of as usize == n && m.cause == Cause::Depth)
            .map(|m| m.count)
            .sum::<u64>()
    };
    let deeper: u64 = near.sides().map(depth).sum();
    let mut parts = vec![about(step)];
    if deeper > 0 {
        parts.push(format!("{} not gone into", grouped(deeper)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

fn mermaid(near: &Near) -> String {
    let mut out = String::new();
    for note in notes(near) {
        let _ = writeln!(out, "%% {note}");
    }
    out.push_str("flowchart TD\n");
    for (n, step) in near.steps.iter().enumerate() {
        let mut label = for_mermaid(&step.name);
        let second = second(near, n, step);
        if !second.is_empty() {
            let _ = write!(label, "<br/>{}", for_mermaid(&second));
        }
        let (open, close) = match step.kind {
            EntityKind::Account | EntityKind::Group => ("[", "]"),
            EntityKind::User => ("([", "])"),
            EntityKind::Member => ("{{", "}}"),
        };
        let here = if n == 0 { ":::here" } else { "" };
        let _ = writeln!(out, "    n{n}{open}\"{label}\"{close}{here}");
    }
    for (group, member) in near.memberships() {
        let _ = writeln!(out, "    n{group} --> n{member}");
    }
    for (n, (side, missing)) in more(near).enumerate() {
        let _ = writeln!(out, "    m{n}[\"{}\"]:::more", for_mermaid(&more_words(missing)));
        let _ = match side {
            Side::Up => writeln!(out, "    m{n} -.-> n{}", missing.of),
            Side::Down => writeln!(out, "    n{} -.-> m{n}", missing.of),
        };
    }
    out.push_str("    classDef here stroke-width:3px\n    classDef more stroke-dasharray:4\n");
    out
}

/// Text within a quoted label of Mermaid. A label is HTML and Markdown, and `#…;` in it a character by its number: whatever
/// either could take for its own is written so.
fn for_mermaid(text: &str) -> String {
    let text: Vec<char> = visible(text).chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    for (n, c) in text.iter().copied().enumerate() {
        let beside = |n: Option<usize>| n.and_then(|n| text.get(n)).is_some_and(|c| c.is_alphanumeric());
        let within = beside(n.checked_sub(1)) && beside(Some(n + 1));
        let plain = match c {
            // A list or a heading begins with these; within a word they are letters.
            '.' | '-' | '@' => within,
            ' ' | ',' | '(' | ')' => true,
            // Mermaid's own signs for what it has unescaped.
            '\u{fb02}' | '°' | '¶' => false,
            c => c.is_ascii_alphanumeric() || !c.is_ascii(),
        };
        if plain {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", c as u32);
        }
    }
    out
}

fn dot(near: &Near) -> String {
    let mut out = String::new();
    for note in notes(near) {
        let _ = writeln!(out, "// {note}");
    }
    out.push_str("digraph neighbourhood {\n    graph [charset=\"UTF-8\", rankdir=TB];\n");
    out.push_str("    node [fontname=\"sans-serif\"];\n");
    for (n, step) in near.steps.iter().enumerate() {
        let mut label = for_dot(&step.name);
        let second = second(near, n, step);
        if !second.is_empty() {
            let _ = write!(label, "\\n{}", for_dot(&second));
        }
        let shape = match step.kind {
            EntityKind::Account | EntityKind::Group => "box",
            EntityKind::User => "ellipse",
            EntityKind::Member => "hexagon",
        };
        let here = if n == 0 { ", penwidth=3" } else { "" };
        let _ = writeln!(out, "    n{n} [label=\"{label}\", tooltip=\"{}\", shape={shape}{here}];", for_dot(&step.id));
    }
    for (group, member) in near.memberships() {
        let _ = writeln!(out, "    n{group} -> n{member};");
    }
    for (n, (side, missing)) in more(near).enumerate() {
        let _ = writeln!(out, "    m{n} [label=\"{}\", shape=plaintext];", for_dot(&more_words(missing)));
        let _ = match side {
            Side::Up => writeln!(out, "    m{n} -> n{} [style=dashed];", missing.of),
            Side::Down => writeln!(out, "    n{} -> m{n} [style=dashed];", missing.of),
        };
    }
    out.push_str("}\n");
    out
}

/// Text within a quoted string of DOT that is a label: a backslash begins `\N` and the like, `&` a character of HTML.
fn for_dot(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

/// The data of a node: its key, and the type of that.
const KEYS: &[(&str, &str)] = &[
    ("label", "string"),
    ("directory_id", "string"),
    ("kind", "string"),
    ("about", "string"),
    ("in_cycle", "boolean"),
    ("incomplete", "string"),
    ("left_out", "long"),
];

fn as_graphml(near: &Near) -> String {
    let keys = KEYS.iter().map(|(name, kind)| Key { id: name, of: "node", name, kind });
    let mut out = graphml::head(None, keys, false, "neighbourhood");
    let notes: Vec<String> = notes(near).collect();
    let _ = writeln!(out, "    <desc>{}</desc>", graphml::text(&notes.join(" ")));
    for (n, step) in near.steps.iter().enumerate() {
        let _ = writeln!(out, "    <node id=\"n{n}\">");
        let incomplete = step.state.filter(|state| *state != State::Complete).map_or("", State::as_str);
        let left_out = left_out(near, n);
        let values = [
            step.name.clone(),
            step.id.clone(),
            step.kind.as_str().to_owned(),
            step.label.clone(),
            step.in_cycle.to_string(),
            incomplete.to_owned(),
            if left_out > 0 { left_out.to_string() } else { String::new() },
        ];
        for ((key, _), value) in KEYS.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
            graphml::data(&mut out, key, &value);
        }
        out.push_str("    </node>\n");
    }
    for (n, (group, member)) in near.memberships().into_iter().enumerate() {
        let _ = writeln!(out, "    <edge id=\"e{n}\" source=\"n{group}\" target=\"n{member}\"/>");
    }
    out.push_str(graphml::END);
    out
}

#[cfg(test)]
mod tests;
