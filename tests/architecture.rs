//! Who may import whom: the table of ARCHITECTURE.md, checked. Looks for `crate::X` and for `super::` chains that reach
//! the crate's root, anywhere in a file, tests included; and for the outside crates that a module must not name.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A module of the crate, what of ours it may use, and which outside crates it must not name.
struct Rule {
    module: &'static str,
    may: &'static [&'static str],
    never: &'static [&'static str],
}

const IO: &[&str] = &["tokio", "reqwest", "rusqlite", "ratatui", "crossterm", "axum", "keyring", "keyring_core"];
/// Everything but what draws.
const NO_SCREEN: &[&str] = &["rusqlite", "ratatui", "crossterm", "axum"];

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { module: "domain", may: &[], never: IO },
    Rule { module: "files", may: &[], never: IO },
    Rule { module: "net", may: &["domain"], never: NO_SCREEN },
    Rule { module: "graph", may: &["domain", "net"], never: &["rusqlite", "ratatui", "crossterm"] },
    Rule { module: "jupiterone", may: &["domain", "net"], never: &["rusqlite", "ratatui", "crossterm"] },
    Rule { module: "credentials", may: &["domain", "net", "graph", "jupiterone"], never: &["rusqlite", "ratatui", "crossterm"] },
    Rule { module: "profile", may: &["domain", "files", "net", "credentials"], never: NO_SCREEN },
    Rule { module: "store", may: &["domain", "files"], never: &["tokio", "reqwest", "ratatui", "crossterm", "axum"] },
    Rule { module: "requests", may: &["domain", "files"], never: IO },
    Rule { module: "recording", may: &["domain", "files"], never: IO },
    Rule { module: "ingest", may: &["graph", "domain", "store", "net"], never: &["rusqlite", "ratatui", "crossterm"] },
    Rule { module: "preview", may: &["domain", "store"], never: IO },
    Rule { module: "upload", may: &["domain", "store", "jupiterone", "net"], never: &["rusqlite", "ratatui", "crossterm"] },
    Rule { module: "explore", may: &["domain", "files", "store", "export"], never: IO },
    Rule { module: "export", may: &["domain", "files"], never: IO },
    Rule {
        module: "jobs",
        may: &["domain", "net", "graph", "jupiterone", "credentials", "profile", "requests", "store", "ingest", "preview", "upload", "export"],
        never: NO_SCREEN,
    },
    Rule { module: "app", may: &["domain"], never: IO },
    Rule { module: "tui", may: &["app", "domain"], never: &["tokio", "reqwest", "rusqlite", "axum"] },
    Rule {
        module: "driver",
        may: &[
            "app", "tui", "cli", "demo", "domain", "explore", "files", "jobs", "profile", "credentials", "recording", "requests", "store", "headless",
        ],
        never: &["reqwest", "rusqlite", "axum"],
    },
    // The driver's jobs and what they begin with; no screen, no engine, nothing that decides.
    Rule { module: "plain", may: &["app", "domain", "driver"], never: &["reqwest", "rusqlite", "ratatui", "crossterm", "axum"] },
    Rule { module: "log", may: &["files"], never: IO },
    Rule { module: "cli", may: &["domain"], never: IO },
    Rule {
        module: "headless",
        may: &["cli", "credentials", "demo", "domain", "explore", "export", "files", "jobs", "profile", "recording", "requests", "store"],
        never: &["reqwest", "rusqlite", "ratatui", "crossterm", "axum"],
    },
    Rule { module: "demo", may: &["domain"], never: &["reqwest", "rusqlite", "ratatui", "crossterm"] },
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The modules that a file lies in: `src/a/b.rs` is `[a, b]`.
fn module_path(path: &Path) -> Vec<String> {
    let relative = path.strip_prefix(src()).unwrap().with_extension("");
    relative.iter().map(|p| p.to_string_lossy().into_owned()).collect()
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect::<Vec<_>>().join("\n")
}

/// The first names behind a path's root: of `crate::{a::b, c}` a and c.
fn heads(rest: &str) -> Vec<String> {
    let ident =
        |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(list) = rest.strip_prefix('{') else { return vec![ident(rest)] };
    let (mut depth, mut start, mut out) = (0, 0, Vec::new());
    for (i, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                out.push(ident(&list[start..i]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push(ident(&list[start..i]));
                start = i + 1;
            }
            _ => {}
        }
    }
    out.retain(|name| !name.is_empty());
    out
}

/// The crate's modules that a text names, by `crate::` or by enough `super::`s.
fn used(text: &str, depth: usize) -> BTreeSet<String> {
    let text = without_comments(text);
    let mut out: BTreeSet<String> = text
        .match_indices("crate::")
        .filter(|(i, _)| {
            // Not the tail of `some_crate::`.
            !text[..*i].ends_with(|c: char| c.is_alphanumeric() || c == '_')
        })
        .flat_map(|(i, m)| heads(&text[i + m.len()..]))
        .collect();
    let mut inline: Vec<usize> = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let code = line.trim();
        if (code.starts_with("mod ") || code.contains(" mod ")) && code.ends_with('{') {
            inline.push(indent);
        } else if code == "}" && inline.last() == Some(&indent) {
            inline.pop();
        }
        let mut rest = line;
        while let Some(i) = rest.find("super::") {
            let mut chain = 0;
            rest = &rest[i..];
            while let Some(next) = rest.strip_prefix("super::") {
                chain += 1;
                rest = next;
            }
            if chain >= depth + inline.len() {
                out.extend(heads(rest));
            }
        }
    }
    out
}

#[test]
fn modules_use_only_what_they_may() {
    let mut all = Vec::new();
    files(&src(), &mut all);
    let mut wrong = Vec::new();
    for path in all {
        let modules = module_path(&path);
        if matches!(modules[0].as_str(), "lib" | "main") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let Some(rule) = RULES.iter().find(|r| r.module == modules[0]) else {
            wrong.push(format!("{}: no rule for module {}", path.display(), modules[0]));
            continue;
        };
        for module in used(&text, modules.len()) {
            if module != rule.module && !rule.may.contains(&module.as_str()) && RULES.iter().any(|r| r.module == module)
            {
                wrong.push(format!("{}: uses crate::{module}", path.display()));
            }
        }
        for name in rule.never {
            if without_comments(&text).contains(&format!("{name}::")) {
                wrong.push(format!("{}: names {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn preview_cannot_reach_upload_nor_app_the_world() {
    let may = |module: &str| RULES.iter().find(|r| r.module == module).unwrap().may;
    for never in ["upload", "jupiterone", "graph", "net"] {
        assert!(!may("preview").contains(&never));
    }
    assert_eq!(may("app"), ["domain"]);
    assert_eq!(may("domain"), [""; 0]);
}

/// What can be asked of GraphQL stands in one file, as constant documents; nothing else can make a question, and nothing at
/// all a mutation.
#[test]
fn graphql_is_asked_in_one_place_and_only_read() {
    let mut all = Vec::new();
    files(&src(), &mut all);
    let (mut asking, mut making) = (Vec::new(), Vec::new());
    for path in all {
        let modules = module_path(&path);
        let name = modules.join("::");
        // The demo answers; tests look at what was asked.
        if modules[0] == "demo" || name.ends_with("tests") || name.ends_with("stub") {
            continue;
        }
        let text = without_comments(&fs::read_to_string(&path).unwrap());
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        assert!(!text.contains("mutation"), "{name}");
        if text.contains("queryV1(") || text.contains("iamGetAccount {") || text.contains("\"/graphql\"") {
            asking.push(name.clone());
        }
        if text.contains("Call::question(") {
            making.push(name);
        }
    }
    asking.sort();
    assert_eq!(asking, ["jupiterone::graphql", "jupiterone::wire"]);
    assert_eq!(making, ["jupiterone::graphql"]);
}

#[test]
fn the_checker_sees_what_it_looks_for() {
    let check = |text: &str, depth, want: &[&str]| {
        assert_eq!(used(text, depth).iter().map(String::as_str).collect::<Vec<_>>(), want, "{text}");
    };
    check("use crate::graph::Client;", 1, &["graph"]);
    check("use crate::{\n    a::{b, c},\n    d,\n};", 1, &["a", "d"]);
    check("fn f() { crate::store::open() }", 2, &["store"]);
    check("use super::store;", 1, &["store"]);
    check("use super::sibling;", 2, &[]);
    check("use super::super::store;", 2, &["store"]);
    check("mod tests {\n    use super::*;\n    use super::super::store;\n}", 1, &["store"]);
    check("// crate::graph\nuse my_crate::x;", 1, &[]);
}

#[test]
fn no_file_is_a_junk_drawer() {
    let mut all = Vec::new();
    files(&src(), &mut all);
    for path in all {
        let modules = module_path(&path);
        let last = modules.last().unwrap().as_str();
        assert!(!["util", "utils", "helpers", "common", "misc", "mod"].contains(&last), "{}", path.display());
        // Long files are where everything grows into one; snapshots and tables live elsewhere.
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 1_200, "{} has {lines} lines", path.display());
    }
}
