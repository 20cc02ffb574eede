//! Text inside a script: as one word that no shell reads anything into.

use std::fmt::Write as _;

/// For a POSIX shell: in single quotes, within which nothing means anything but the quote itself.
pub(super) fn sh(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// For PowerShell: a literal in single quotes, or an expression where the text is not plain ASCII. PowerShell takes
/// curly quotes for quotes, and its older version reads a file without a mark in the machine's code page.
pub(super) fn powershell(text: &str) -> String {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let units: Vec<String> = text.encode_utf16().map(|unit| format!("0x{unit:04x}")).collect();
    format!("(-join [char[]]@({}))", units.join(","))
}

/// For a string inside JSON, without its quotes. All but letters, digits, spaces, dots and hyphens is spelled by number:
/// `az` also looks for `=@` (a file to load) in its arguments.
pub(super) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b) if b.is_ascii_alphanumeric() || b" .-".contains(&b) => out.push(char::from(b)),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// For a string inside an OData filter, without its quotes.
pub(super) fn odata(text: &str) -> String {
    text.replace('\'', "''")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes() {
        assert_eq!(sh("it's $(x)"), r"'it'\''s $(x)'");
        assert_eq!(powershell("it's $(x) `n"), "'it''s $(x) `n'");
        assert_eq!(powershell("’"), "(-join [char[]]@(0x2019))");
        assert_eq!(powershell("a\nb"), "(-join [char[]]@(0x0061,0x000a,0x0062))");
        assert_eq!(json("a=@/etc/passwd\"🗝"), r"a\u003d\u0040\u002fetc\u002fpasswd\u0022\ud83d\udddd");
        assert_eq!(odata("O'Neill"), "O''Neill");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A real shell gives back what was quoted, and does nothing else.
        #[test]
        #[cfg(unix)]
        fn a_shell_reads_back_what_was_quoted(text in "([ -~]|[$`'\"\\\\\n;&|()<>*?!#~éß🗝’])*") {
            let script = format!("printf %s {}", sh(&text));
            let output = Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
            prop_assert!(output.status.success() && output.stderr.is_empty());
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }

        /// Nothing but ASCII letters and signs that mean nothing inside single quotes, and no lone quote.
        #[test]
        fn powershell_sees_one_literal(text in any::<String>()) {
            let quoted = powershell(&text);
            prop_assert!(quoted.bytes().all(|b| (b' '..=b'~').contains(&b)));
            if let Some(inner) = quoted.strip_prefix('\'').and_then(|q| q.strip_suffix('\'')) {
                prop_assert!(!inner.replace("''", "").contains('\''));
                prop_assert_eq!(inner.replace("''", "'"), text);
            }
        }

        #[test]
        fn json_reads_back_what_was_quoted(text in any::<String>()) {
            let quoted = format!("\"{}\"", json(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
            prop_assert!(!quoted.contains(['=', '@', '\'']));
        }
    }
}
