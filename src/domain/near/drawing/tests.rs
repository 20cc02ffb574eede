//! What is written is read back: GraphML by a parser of XML, DOT by one of Graphviz's language, Mermaid by its rules.

use std::collections::BTreeMap;

use layout::gv::{
    DotParser,
    parser::ast::{Graph, Stmt},
};

use super::{
    super::{
        Cause, Half, Missing, Near, Sides,
        tests::{near, step},
    },
    *,
};

/// The hostile names of the demo's tenant, and what breaks out of quotes, labels, comments and elements.
const HOSTILE: &[&str] = &[
    "<script>alert('x')</script> & \"quotes\" \\ back",
    "Robert'); DROP TABLE users;--",
    "Sales\u{202e}nimda\u{202c}\u{200b}\u{1b}[31m\u{7}\tTeam\r\nTwo",
    "Партнёрский отдел 🤝\u{202e}",
    "\\",
    "\"",
    "\\\"",
    "trailing \\",
    "\\N \\G \\n \\l",
    "&lt;b&gt; &#60; &amp; &nbsp;",
    "\"]; n9[\"x",
    "\"]:::here --> n0",
    "end",
    "%%{init: {\"securityLevel\": \"loose\"}}%%",
    "#quot; #35; #x22;",
    "`**bold**` _it_ ~~no~~",
    "1. a list",
    "- a list",
    "fa:fa-user $$x^2$$",
    "\u{fb02}°°60¶ß",
    "]]> --> <!-- <![CDATA[",
    "\u{0}\u{1}\u{8}\u{b}\u{c}\u{1f}\u{7f}\u{85}\u{9b}31m",
    "\u{fffe}\u{ffff}\u{2028}\u{2029}\u{feff}",
    "Straße 渋谷 👩‍👩‍👧 नमस्ते",
    "",
];

/// Every hostile name as a group in the middle's neighbourhood.
fn hostile() -> Near {
    let mut steps = vec![step("g")];
    steps.extend(HOSTILE.iter().map(|name| Step {
        name: (*name).to_owned(),
        id: format!("id {name}"),
        label: (*name).to_owned(),
        ..step("g")
    }));
    let last = u32::try_from(HOSTILE.len()).unwrap();
    let missing =
        vec![Missing { of: 2, count: 1_234, cause: Cause::Limit }, Missing { of: 3, count: 7, cause: Cause::Depth }];
    let half =
        Half { edges: (1..=last).map(|n| (0, n)).collect(), missing, within: 1_300, shown: u64::from(last), beyond: 3 };
    Near { sides: Sides::Down, depth: 1, limit: 30, steps, up: Half::default(), down: half, unknown: vec![1] }
}

/// As `visible` shows it, which is what every reader is to get back.
fn shown(text: &str) -> String {
    visible(text).into_owned()
}

fn no_control(text: &str) {
    let bad = text.chars().find(|c| *c != '\n' && crate::domain::text::is_hostile(*c));
    assert_eq!(bad, None);
}

/// The attributes of the nodes, and the edges, as a parser of DOT has them.
type Parsed = (BTreeMap<String, BTreeMap<String, String>>, Vec<(String, String)>);

fn parsed_dot(text: &str) -> Parsed {
    let mut parser = DotParser::new(text);
    let graph: Graph = parser.process().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let (mut nodes, mut edges) = (BTreeMap::new(), Vec::new());
    for stmt in graph.list.list {
        match stmt {
            Stmt::Node(node) => {
                assert!(nodes.insert(node.id.name, node.list.list.into_iter().collect()).is_none(), "each once");
            }
            Stmt::Edge(edge) => edges.extend(edge.to.iter().map(|(to, _)| (edge.from.name.clone(), to.name.clone()))),
            Stmt::Attribute(_) => {}
            Stmt::SubGraph(_) => panic!("no graph in a graph:\n{text}"),
        }
    }
    (nodes, edges)
}

#[test]
fn dot_is_what_a_parser_reads() {
    for near in [near(), hostile()] {
        let text = Drawing::Dot.text(&near);
        no_control(&text);
        let (nodes, edges) = parsed_dot(&text);
        let extra = more(&near).count();
        assert_eq!(nodes.len(), near.steps.len() + extra, "{text}");
        for (n, step) in near.steps.iter().enumerate() {
            let node = &nodes[&format!("n{n}")];
            // The parser leaves characters by name as they are.
            let label = node["label"].replace("&amp;", "&");
            let (name, _) = label.split_once('\n').unwrap_or((&label, ""));
            assert_eq!(name, shown(&step.name));
            assert_eq!(node["tooltip"].replace("&amp;", "&"), shown(&step.id));
        }
        let want: Vec<_> = near.memberships().iter().map(|(a, b)| (format!("n{a}"), format!("n{b}"))).collect();
        assert_eq!(edges[..want.len()], want, "{text}");
        assert_eq!(edges.len(), want.len() + extra);
        assert!(text.contains("// Left out: "), "{text}");
    }
    assert!(Drawing::Dot.text(&hostile()).contains("… and 1,234 more"));
}

#[test]
fn a_name_of_dot_is_no_character_by_name_and_no_order() {
    let check = |name: &str, want: &str| assert_eq!(for_dot(name), want);
    check("\\N \"a\"", "\\\\N \\\"a\\\"");
    check("&lt;", "&amp;lt;");
    check("a\nb", "a␊b");
}

#[test]
fn graphml_is_what_a_parser_of_xml_reads() {
    for near in [near(), hostile()] {
        let text = Drawing::GraphMl.text(&near);
        no_control(&text);
        let xml = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let root = xml.root_element();
        assert_eq!(root.tag_name().namespace(), Some("http://graphml.graphdrawing.org/xmlns"));
        let all = |name: &'static str| {
            xml.descendants().filter(move |node| node.has_tag_name(("http://graphml.graphdrawing.org/xmlns", name)))
        };
        let keys: Vec<_> = all("key").map(|key| key.attribute("id").unwrap()).collect();
        assert_eq!(all("node").count(), near.steps.len());
        for (n, (node, step)) in all("node").zip(&near.steps).enumerate() {
            assert_eq!(node.attribute("id"), Some(format!("n{n}").as_str()));
            let data: BTreeMap<_, _> = node
                .children()
                .filter(roxmltree::Node::is_element)
                .map(|data| (data.attribute("key").unwrap(), data.text().unwrap_or_default()))
                .collect();
            assert!(data.keys().all(|key| keys.contains(key)), "{data:?}");
            let name = shown(&step.name).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
            assert_eq!(data.get("label").copied().unwrap_or_default(), name);
            assert_eq!(data["kind"], step.kind.as_str());
            assert_eq!(data["in_cycle"], "false");
            let left: u64 =
                near.up.missing.iter().chain(&near.down.missing).filter(|m| m.of as usize == n).map(|m| m.count).sum();
            assert_eq!(data.get("left_out").map_or(0, |text| text.parse().unwrap()), left);
        }
        let edges: Vec<_> =
            all("edge").map(|edge| (edge.attribute("source").unwrap(), edge.attribute("target").unwrap())).collect();
        let want: Vec<_> = near.memberships().iter().map(|(a, b)| (format!("n{a}"), format!("n{b}"))).collect();
        assert!(edges.iter().copied().eq(want.iter().map(|(a, b)| (a.as_str(), b.as_str()))), "{edges:?}");
        let desc = all("desc").next().unwrap().text().unwrap();
        assert!(near.left_out().iter().all(|words| desc.contains(words)), "{desc}");
    }
    assert!(Drawing::GraphMl.text(&near()).contains("<data key=\"incomplete\">hidden</data>"));
}

/// The characters that a label of Mermaid shows: `#…;` by number, everything else as it is.
fn unescaped(label: &str) -> String {
    let (mut out, mut rest) = (String::new(), label);
    while let Some((before, after)) = rest.split_once('#') {
        let (code, tail) = after.split_once(';').expect("a sign begins a character by number");
        out.push_str(before);
        out.push(char::from_u32(code.parse().expect("a decimal number")).unwrap());
        rest = tail;
    }
    out + rest
}

#[test]
fn mermaid_is_a_line_each_and_its_labels_are_only_text() {
    for near in [near(), hostile()] {
        let text = Drawing::Mermaid.text(&near);
        no_control(&text);
        // A directive is looked for anywhere, also in a comment.
        assert!(!text.contains("%%{"), "{text}");
        let (mut names, mut edges) = (BTreeMap::new(), Vec::new());
        for line in text.lines().skip_while(|line| line.starts_with("%% ")) {
            let line = line.trim_start();
            if line == "flowchart TD" || line.starts_with("classDef ") {
                continue;
            }
            if let Some((from, to)) = line.split_once(" --> ") {
                edges.push((from.to_owned(), to.to_owned()));
                continue;
            }
            if line.contains(" -.-> ") {
                continue;
            }
            // A node: its id, a bracket, a quote, the label, a quote, a bracket.
            let (id, rest) = line.split_at(line.find(['[', '(', '{']).unwrap());
            let (open, rest) = rest.split_once('"').unwrap();
            let (label, close) = rest.split_once('"').unwrap();
            assert!(
                ["[", "([", "{{"].contains(&open) && ["]", "])", "}}", "]:::here", "]:::more"].contains(&close),
                "{line}"
            );
            assert!(id.len() > 1 && id[1..].chars().all(|c| c.is_ascii_digit()), "{line}");
            let (name, rest) = label.split_once("<br/>").unwrap_or((label, ""));
            for part in [name, rest] {
                assert!(
                    !part.contains([
                        '<', '>', '&', '`', '*', '_', '~', '$', '%', '[', ']', '{', '}', '|', '\\', ':', '/'
                    ]),
                    "{line}"
                );
            }
            names.insert(id.to_owned(), unescaped(name));
        }
        assert_eq!(names.len(), near.steps.len() + more(&near).count(), "{text}");
        for (n, step) in near.steps.iter().enumerate() {
            assert_eq!(names[&format!("n{n}")], shown(&step.name));
        }
        let want: Vec<_> = near.memberships().iter().map(|(a, b)| (format!("n{a}"), format!("n{b}"))).collect();
        assert_eq!(edges, want);
        assert!(text.contains("%% Left out: "), "{text}");
    }
}

#[test]
fn what_reads_well_is_left_as_it_is() {
    let check = |name: &str, want: &str| assert_eq!(for_mermaid(name), want);
    check("Ada Lovelace (external)", "Ada Lovelace (external)");
    check("svc-backup", "svc-backup");
    check("ada.l@contoso.com", "ada.l@contoso.com");
    check("1. one", "1#46; one");
    check("- one", "#45; one");
    check("a#b", "a#35;b");
    check("Straße °", "Straße #176;");
}

#[test]
fn what_mermaid_would_refuse_is_said() {
    let check = |edges: u32, long: bool, want: bool| {
        let name = "x".repeat(if long { 60_000 } else { 1 });
        let half = Half { edges: (1..=edges).map(|n| (0, n)).collect(), ..Half::default() };
        let steps = std::iter::once(step(&name)).chain((0..edges).map(|_| step("g"))).collect();
        let near = Near {
            steps,
            down: half,
            up: Half::default(),
            sides: Sides::Down,
            depth: 1,
            limit: 999,
            unknown: Vec::new(),
        };
        for drawing in Drawing::ALL {
            let warns = drawing.warning(&near, &drawing.text(&near)).is_some();
            assert_eq!(warns, want && drawing == Drawing::Mermaid, "{drawing:?} {edges}");
        }
    };
    check(500, false, false);
    check(501, false, true);
    check(1, true, true);
}
