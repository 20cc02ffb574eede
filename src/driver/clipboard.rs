//! The clipboard: the system's own, by a program that everybody has for it, or the terminal's, by OSC 52.
//!
//! Over SSH only the terminal's can be the person's. What is copied goes through standard input or the terminal, never
//! through an argument. How either answers is not waited for by the loop.

use std::{ffi::OsStr, path::PathBuf, process::Stdio, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::io::AsyncWriteExt;

use crate::domain::text::grouped;

/// What a terminal takes at most: 100,000 characters of a sequence are usual, eight of them are its frame, and base64
/// makes four of three.
pub const LONGEST: usize = 74_994;

/// How long a clipboard's program may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is around the program.
#[derive(Debug, Clone, Default)]
pub struct Around {
    pub over_ssh: bool,
    pub wrapped: Wrapped,
    /// The system's own clipboard can be set by this program and these arguments.
    pub program: Option<Program>,
}

/// What stands between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrapped {
    #[default]
    No,
    Tmux,
    Screen,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub path: PathBuf,
    pub arguments: &'static [&'static str],
}

impl Program {
    fn name(&self) -> String {
        self.path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}

/// Programs, the variable without which they have nothing to talk to, and their arguments.
const PROGRAMS: &[(&str, Option<&str>, &[&str])] = &[
    ("wl-copy", Some("WAYLAND_DISPLAY"), &[]),
    ("xclip", Some("DISPLAY"), &["-selection", "clipboard"]),
    ("xsel", Some("DISPLAY"), &["--input", "--clipboard"]),
    ("pbcopy", None, &[]),
    ("clip.exe", None, &[]),
];

impl Around {
    /// As this environment says; `there` tells whether a file can be run.
    pub fn of(variable: impl Fn(&str) -> Option<String>, there: impl Fn(&std::path::Path) -> bool) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let over_ssh = ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].into_iter().any(set);
        let wrapped = match () {
            () if set("TMUX") => Wrapped::Tmux,
            () if set("STY") => Wrapped::Screen,
            () => Wrapped::No,
        };
        let path = variable("PATH").unwrap_or_default();
        let find = |name: &str| std::env::split_paths(OsStr::new(&path)).map(|dir| dir.join(name)).find(|p| there(p));
        let program = PROGRAMS
            .iter()
            .filter(|(_, needs, _)| !over_ssh && needs.is_none_or(set))
            .find_map(|(name, _, arguments)| Some(Program { path: find(name)?, arguments }));
        Self { over_ssh, wrapped, program }
    }

    pub fn of_process() -> Self {
        Self::of(|name| std::env::var(name).ok(), |path| path.is_absolute() && path.is_file())
    }
}

/// What is to be written to the terminal for it to take `text`.
///
/// # Errors
///
/// Where it is too long: why, and what to do instead, in words.
pub fn sequence(text: &str, wrapped: Wrapped) -> Result<String, String> {
    if text.len() > LONGEST {
        return Err(format!(
            "Not copied: {} bytes are more than a terminal's clipboard takes (OSC 52: {}). Write it to a file instead.",
            grouped(text.len() as u64),
            grouped(LONGEST as u64)
        ));
    }
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    Ok(match wrapped {
        Wrapped::No => plain,
        // The terminal's, where tmux lets it through (allow-passthrough); tmux's own, where it takes it (set-clipboard).
        Wrapped::Tmux => format!("\x1bPtmux;{}\x1b\\{plain}", plain.replace('\x1b', "\x1b\x1b")),
        // Its strings are short, so that the terminal gets it in pieces.
        Wrapped::Screen => {
            let pieces = plain.as_bytes().chunks(250);
            pieces.map(|piece| format!("\x1bP{}\x1b\\", String::from_utf8_lossy(piece))).collect()
        }
    })
}

/// What is said once it was written.
pub fn sent(text: &str, wrapped: Wrapped) -> String {
    let bytes = grouped(text.len() as u64);
    match wrapped {
        Wrapped::No => format!("Copied, if your terminal allows it (OSC 52): {bytes} bytes."),
        Wrapped::Tmux => {
            format!("Copied, if tmux (set-clipboard on) and your terminal allow it (OSC 52): {bytes} bytes.")
        }
        Wrapped::Screen => format!("Copied, if screen and your terminal allow it (OSC 52): {bytes} bytes."),
    }
}

/// Gives `text` to a program of the system's. Says what happened, or why it did not.
///
/// # Errors
///
/// When it cannot be run, says no, or does not end in time.
pub async fn give(program: &Program, text: &str) -> Result<String, String> {
    let name = program.name();
    let mut command = tokio::process::Command::new(&program.path);
    command
        .args(program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let given = async {
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut input = child.stdin.take().ok_or("it takes no input")?;
        input.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
        drop(input);
        let status = child.wait().await.map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
    };
    match tokio::time::timeout(PATIENCE, given).await {
        Ok(Ok(())) => Ok(format!("Copied to the clipboard ({name}): {} bytes.", grouped(text.len() as u64))),
        Ok(Err(error)) => Err(format!("{name}: {error}")),
        Err(_) => Err(format!("{name} did not end within {} s", PATIENCE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_clipboard_is_the_person_s() {
        let check = |variables: &[(&str, &str)], there: &[&str], want: (Option<&str>, Wrapped)| {
            let variable = |name: &str| {
                let path = ("PATH", "/opt/bin:/usr/bin");
                variables.iter().chain([&path]).find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
            };
            let around = Around::of(variable, |path| there.iter().any(|p| path == std::path::Path::new(p)));
            assert_eq!((around.program.map(|p| p.name()).as_deref(), around.wrapped), want, "{variables:?}");
        };
        let all = ["/usr/bin/wl-copy", "/usr/bin/xclip", "/usr/bin/xsel"];
        check(&[], &all, (None, Wrapped::No));
        check(&[("WAYLAND_DISPLAY", "wayland-0"), ("DISPLAY", ":0")], &all, (Some("wl-copy"), Wrapped::No));
        check(&[("DISPLAY", ":0")], &all, (Some("xclip"), Wrapped::No));
        check(&[("DISPLAY", ":0")], &["/opt/bin/xsel"], (Some("xsel"), Wrapped::No));
        check(&[("DISPLAY", ":0")], &[], (None, Wrapped::No));
        check(&[("DISPLAY", ":0"), ("SSH_CONNECTION", "a b")], &all, (None, Wrapped::No));
        check(&[("TMUX", "/tmp/tmux,1,0"), ("SSH_TTY", "/dev/pts/1")], &all, (None, Wrapped::Tmux));
        check(&[("STY", "1.pts")], &all, (None, Wrapped::Screen));
        check(&[], &["/usr/bin/pbcopy"], (Some("pbcopy"), Wrapped::No));
    }

    #[test]
    fn a_terminal_is_sent_what_it_understands() {
        assert_eq!(sequence("hi", Wrapped::No).unwrap(), "\x1b]52;c;aGk=\x07");
        assert_eq!(sequence("hi", Wrapped::Tmux).unwrap(), "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\\x1b]52;c;aGk=\x07");
        assert_eq!(sequence("hi", Wrapped::Screen).unwrap(), "\x1bP\x1b]52;c;aGk=\x07\x1b\\");
        let long = sequence(&"x".repeat(1_000), Wrapped::Screen).unwrap();
        assert!(long.split("\x1b\\").all(|piece| piece.len() <= 252));
        assert_eq!(sequence(&"x".repeat(LONGEST), Wrapped::No).unwrap().len(), 100_000);
        let refused = sequence(&"x".repeat(LONGEST + 1), Wrapped::No).unwrap_err();
        assert!(refused.contains("74,995 bytes") && refused.contains("74,994"), "{refused}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_says_no_is_told() {
        let program = |path: &str, arguments| Program { path: path.into(), arguments };
        assert!(give(&program("/bin/cat", &[]), "text").await.unwrap().contains("(cat): 4 bytes"));
        assert!(give(&program("/nowhere/xclip", &[]), "text").await.unwrap_err().starts_with("xclip: "));
        assert!(give(&program("/bin/false", &[]), "").await.unwrap_err().contains("false: it ended with"));
    }
}
