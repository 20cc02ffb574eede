//! `tenantry replay` where there is no terminal, or with `--text`: the screens as text, for tickets and pipes.

use std::io::{self, Write};

use super::output::{Exit, Output};
use crate::{
    cli,
    jobs::JobError,
    recording::{self, Recording},
};

pub fn run(args: &cli::Replay) -> Exit {
    let output = Output::new(false);
    let recording = match recording::read(&args.file) {
        Ok(recording) => recording,
        Err(error) => return output.fail(&JobError::Unfit(Box::new(error.problem()))),
    };
    match told(&recording, args.step, &mut io::stdout().lock()) {
        Ok(()) => Exit::Done,
        // Whoever read it has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(_) => Exit::Failed,
    }
}

/// Every step, or the one that is asked for; the last one where there are fewer.
fn told(recording: &Recording, step: Option<usize>, out: &mut impl Write) -> io::Result<()> {
    let count = recording.shown.len();
    let wanted = match step {
        Some(step) => step.clamp(1, count)..=step.clamp(1, count),
        None => 1..=count,
    };
    for (number, shown) in (1..).zip(&recording.shown).filter(|(number, _)| wanted.contains(number)) {
        let (width, height) = shown.size;
        let seconds = shown.ms as f64 / 1_000.0;
        writeln!(out, "── step {number} of {count}, +{seconds:.1} s, {width}x{height}: {}", shown.why())?;
        writeln!(out, "{}", shown.text())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Entry, Piece, Writer, read};

    #[test]
    fn steps_are_screens_and_what_led_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ndjson");
        let mut writer = Writer::create(&path, jiff::Timestamp::UNIX_EPOCH).unwrap();
        let row = |text: &str| vec![Piece(text.to_owned(), "Reset".to_owned(), "Reset".to_owned(), 0)];
        writer.drawn((10, 2), vec![row("users"), row("q quit")]).unwrap();
        writer.happened(Entry::Key("j".to_owned())).unwrap();
        writer.happened(Entry::Secret(12)).unwrap();
        writer.drawn((10, 2), vec![row("gro\u{202e}ups"), row("q quit")]).unwrap();
        let recording = read(&path).unwrap();
        let check = |step, want: &str| {
            let mut out = Vec::new();
            told(&recording, step, &mut out).unwrap();
            let text: String = String::from_utf8(out).unwrap().replace("+0.0 s, ", "");
            assert_eq!(text, want);
        };
        let (first, second) = (
            "── step 1 of 2, 10x2: by itself\nusers\nq quit\n\n",
            "── step 2 of 2, 10x2: j, 12 of a secret\ngro<U+202E>ups\nq quit\n\n",
        );
        check(None, &format!("{first}{second}"));
        check(Some(1), first);
        check(Some(9), second);
    }
}
