//! GraphML, as every file of ours in it is written: its head, the data of a node or an edge, and what becomes of text.
//!
//! Names come from the directory and are hostile: they stand in the text of elements only, made [`visible`] and escaped;
//! never in a comment, and never as an identifier.

use std::fmt::Write as _;

use super::text::visible;

/// A column: of nodes or of edges, its name, and the type of its values in GraphML's words.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    pub id: &'a str,
    pub of: &'static str,
    pub name: &'a str,
    pub kind: &'static str,
}

/// What nodes look like in yEd, which takes their labels from nowhere else: the key of [`shape`].
pub const SHAPE: &str = "shape";

/// Everything before a directed graph's first node; ends with [`END`]. `mark` is a comment of our own words.
pub fn head<'a>(mark: Option<&str>, keys: impl IntoIterator<Item = Key<'a>>, with_shapes: bool, graph: &str) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if let Some(mark) = mark {
        let _ = writeln!(out, "<!-- {mark} -->");
    }
    out.push_str("<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" ");
    if with_shapes {
        out.push_str("xmlns:y=\"http://www.yworks.com/xml/graphml\" ");
    }
    out.push_str(
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns \
         http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n",
    );
    for Key { id, of, name, kind } in keys {
        let _ = writeln!(out, "  <key id=\"{id}\" for=\"{of}\" attr.name=\"{}\" attr.type=\"{kind}\"/>", text(name));
    }
    if with_shapes {
        let _ = writeln!(out, "  <key id=\"{SHAPE}\" for=\"node\" yfiles.type=\"nodegraphics\"/>");
    }
    let _ = writeln!(out, "  <graph id=\"{graph}\" edgedefault=\"directed\">");
    out
}

pub const END: &str = "  </graph>\n</graphml>\n";

/// A value of a node or an edge.
pub fn data(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "      <data key=\"{key}\">{}</data>", text(value));
}

/// A node's label and its shape (yEd's word), as yEd draws it.
pub fn shape(out: &mut String, label: &str, shape: &str) {
    let _ = writeln!(
        out,
        "      <data key=\"{SHAPE}\"><y:ShapeNode><y:NodeLabel>{}</y:NodeLabel><y:Shape type=\"{shape}\"/></y:ShapeNode></data>",
        text(label)
    );
}

/// Text within an element of XML, or a quoted attribute: what XML has no place for, not even escaped, is a replacement
/// character.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}
