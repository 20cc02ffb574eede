//! How a line is said: in ASCII where the words are ours, with what the directory says made visible, and nothing that a
//! terminal would take for a command.

use crate::domain::{problem::Problem, text::visible};

/// A line as it is written. Line ends within become spaces.
pub fn spoken(text: &str) -> String {
    let one: String =
        text.split(['\n', '\r']).map(str::trim_end).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let mut out = String::with_capacity(one.len());
    for c in visible(&one).chars() {
        match c {
            '…' => out.push_str("..."),
            '→' => out.push_str("->"),
            '←' => out.push_str("<-"),
            '·' => out.push(','),
            '−' | '–' | '—' => out.push('-'),
            '\u{a0}' => out.push(' '),
            c => out.push(c),
        }
    }
    // "Contoso · contoso.com" is read as "Contoso, contoso.com".
    out.replace(" ,", ",").replace(" ...", "...")
}

/// Lines in the making.
#[derive(Debug, Default)]
pub struct Lines(Vec<String>);

impl Lines {
    pub fn say(&mut self, text: impl AsRef<str>) {
        let text = spoken(text.as_ref());
        if !text.is_empty() {
            self.0.push(text);
        }
    }

    /// `Tenant: contoso.com`; nothing for an empty value.
    pub fn fact(&mut self, label: &str, value: impl AsRef<str>) {
        if !value.as_ref().trim().is_empty() {
            self.say(format!("{label}: {}", value.as_ref()));
        }
    }

    /// What went wrong, with the next step before what happened: who listens hears first what to do.
    pub fn problem(&mut self, lead: &str, what: &str, problem: &Problem) {
        self.say(format!("{lead}: {what}"));
        self.fact("Next step", problem.hint.as_deref().unwrap_or_default());
        if problem.summary != what {
            self.fact("What happened", &problem.summary);
        }
        self.fact("Code", problem.code.as_deref().unwrap_or_default());
        self.fact("HTTP status", problem.status.map(|status| status.to_string()).unwrap_or_default());
        self.fact("The service says", problem.message.as_deref().unwrap_or_default());
        self.fact("Link", problem.link.as_deref().unwrap_or_default());
        let id = format!("{} id", capital(problem.id_name()));
        self.fact(&id, problem.request_id.as_deref().unwrap_or_default());
        self.fact("Trace id", problem.trace_id.as_deref().unwrap_or_default());
        self.fact("Time (UTC)", problem.at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default());
    }

    /// What failed by its own summary.
    pub fn failed(&mut self, problem: &Problem) {
        self.problem("FAILED", &problem.summary, problem);
    }

    /// A text of several lines, each by itself, with its beginning and its end said.
    pub fn block(&mut self, name: &str, text: &str) {
        self.say(format!("{name} begins."));
        self.0.extend(text.lines().map(|line| visible(line).into_owned()));
        self.say(format!("{name} ends."));
    }

    pub fn done(self) -> Vec<String> {
        self.0
    }
}

pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// How long, as people say it: `1 hour 2 minutes`, `40 seconds`.
pub fn long(seconds: f64) -> String {
    use crate::domain::text::counted;
    let all = if seconds.is_finite() { seconds.max(0.0).round() as u64 } else { 0 };
    match (all / 3600, all / 60 % 60, all % 60) {
        (0, 0, s) => counted(s, "second"),
        (0, m, 0) => counted(m, "minute"),
        (0, m, s) if m < 5 => format!("{} {}", counted(m, "minute"), counted(s, "second")),
        (0, m, _) => counted(m, "minute"),
        (h, m, _) => format!("{} {}", counted(h, "hour"), counted(m, "minute")),
    }
}

/// `12.4 MB`.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        _ => format!("{:.1} MB", n as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_words_and_nothing_steers_the_terminal() {
        let check = |text: &str, want: &str| assert_eq!(spoken(text), want);
        check("Settings → Account …", "Settings -> Account...");
        check("Contoso · contoso.com", "Contoso, contoso.com");
        check("a\u{1b}[2Jb\rc\nd", "a\u{241b}[2Jb c d");
        check("Zoë 李雷", "Zoë 李雷");
    }

    #[test]
    fn durations_are_said_in_words() {
        let check = |seconds: f64, want: &str| assert_eq!(long(seconds), want);
        check(0.4, "0 seconds");
        check(1.0, "1 second");
        check(62.0, "1 minute 2 seconds");
        check(900.0, "15 minutes");
        check(7_260.0, "2 hours 1 minute");
    }

    #[test]
    fn the_next_step_comes_before_what_happened() {
        let mut lines = Lines::default();
        lines.problem(
            "FAILED",
            "Microsoft gives a token",
            &Problem::new("refused").code("AADSTS7000215").hint("Copy it."),
        );
        assert_eq!(
            lines.done(),
            ["FAILED: Microsoft gives a token", "Next step: Copy it.", "What happened: refused", "Code: AADSTS7000215"]
        );
    }
}
