//! A preview as a page of Markdown, for a comment on a change or a ticket. Names of the directory cannot become markup.

use std::fmt::Write;

use super::against;
use crate::domain::{
    preview::Preview,
    text::{grouped, visible},
};

/// The page.
pub fn page(preview: &Preview) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(preview, &mut out);
    out
}

fn write(preview: &Preview, out: &mut String) -> std::fmt::Result {
    writeln!(out, "# What an upload would do\n")?;
    let target =
        preview.target.as_ref().map_or_else(|| "no JupiterOne target is configured".to_owned(), ToString::to_string);
    writeln!(out, "- Target: {}", plain(&target))?;
    writeln!(out, "- Names: {}", preview.naming)?;
    writeln!(out, "- Run {} of {}", preview.run, preview.collected_at.strftime("%Y-%m-%d %H:%M UTC"))?;
    writeln!(out, "- Compared: {}", plain(&against(&preview.baseline)))?;
    writeln!(out, "- {} requests, {} bytes\n", grouped(preview.requests), grouped(preview.bytes))?;
    writeln!(out, "| `_type` | create | change | delete | same |")?;
    writeln!(out, "|---|---:|---:|---:|---:|")?;
    let all = preview.changes.iter().map(|(name, c)| (format!("`{name}`"), *c));
    for (name, c) in all.chain([("**together**".to_owned(), preview.total())]) {
        let [create, change, delete, same] = [c.create, c.change, c.delete, c.same].map(grouped);
        writeln!(out, "| {name} | {create} | {change} | {delete} | {same} |")?;
    }
    let mut list = |title: &str, lines: Vec<String>| -> std::fmt::Result {
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n## {title}\n")?;
        lines.iter().try_for_each(|line| writeln!(out, "- {}", plain(line)))
    };
    list("What has to be confirmed", preview.guards.iter().map(|guard| guard.problem().summary).collect())?;
    list("Where deletions come from", preview.causes.iter().map(|cause| cause.words(preview)).collect())?;
    let findings = preview.findings.iter().map(|one| format!("{}: {}", one.words(), one.named(5)));
    list("What is mended, or not sent", findings.collect())?;
    let gaps = preview.gaps.iter().map(|gap| {
        let kept = if gap.is_carried_forward() { ", what was last known is sent again" } else { "" };
        format!("{} ({}){kept}", gap.name, gap.state.as_str())
    });
    list("What could not be read", gaps.collect())?;
    list("Of which nothing is deleted", preview.partial_types.clone())
}

/// Text that stays text: nothing of it is markup, a link or a line of its own.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '#' | '!' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // An address is made a link of by many who show Markdown.
    out.replace("://", ":&#47;&#47;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let check = |text: &str, want: &str| assert_eq!(plain(text), want, "{text}");
        check("Sales EU", "Sales EU");
        check("a|b", "a\\|b");
        check("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;");
        check("[pay](https://x.example)", "\\[pay\\](https:&#47;&#47;x.example)");
        check("*b* `c` #1 ![i] @all ~s~ a&amp;b", "\\*b\\* \\`c\\` \\#1 \\!\\[i\\] \\@all \\~s\\~ a&amp;amp;b");
        assert!(!plain("two\nlines\n# title").contains('\n'));
    }
}
