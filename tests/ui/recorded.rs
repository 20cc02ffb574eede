//! Sessions that are recorded, and looked at again.

use std::{path::Path, sync::Arc};

use crossterm::event::{Event, KeyCode, KeyEvent};
use futures::{StreamExt, stream};
use ratatui::backend::TestBackend;
use tenantry::{
    app::{settings::Preferences, views::Mode},
    driver::{Engine, Headful, Nowhere, Outside, Player, UiOptions},
    recording::{Entry, Piece, ReadError, Shown, Writer, read},
};

use super::fake::{Fake, Still, Ui, quiet, screen, text};

fn recorded(path: &Path, size: (u16, u16)) -> Ui {
    let engine: Arc<dyn Engine> = Arc::new(Fake::default());
    let options = UiOptions {
        mode: Mode::Real,
        preferences: Preferences { record: Some(path.to_owned()), ..Preferences::default() },
        zone: jiff::tz::TimeZone::UTC,
        vault: "GNOME Keyring".to_owned(),
        fills: None,
        profile: None,
        clock: Arc::new(Still),
    };
    Headful::new(TestBackend::new(size.0, size.1), stream::pending(), options, engine, Box::new(Nowhere)).unwrap()
}

/// What is seen again is what was seen, colours included, at each size that there was.
#[tokio::test(start_paused = true)]
async fn what_was_seen_is_seen_again() {
    let folder = tempfile::tempdir().unwrap();
    for size in [(120, 36), (80, 24), (40, 12), (20, 5)] {
        let path = folder.path().join(format!("{}.ndjson", size.0));
        let mut ui = recorded(&path, size);
        assert!(ui.until(quiet).await.unwrap());
        let first = screen(&ui);
        ui.press("i a b tab c").unwrap();
        ui.feed([Event::Paste("tenant=wrong".to_owned())]).unwrap();
        ui.press("f1").unwrap();
        let last = ui.backend().buffer().clone();
        let recording = read(&path).unwrap();
        let shown = &recording.shown;
        assert_eq!(shown[0].text(), first, "{size:?}");
        let all: Vec<&str> = shown.iter().flat_map(|shown| &shown.because).map(String::as_str).collect();
        assert_eq!(all, ["the profiles' job ended", "i", "a", "b", "tab", "c", "paste of 12", "f1"], "{size:?}");

        // One line more: there the player says where it is.
        let keys = [KeyCode::End, KeyCode::Char('q')].map(|code| Outside::Terminal(Event::Key(KeyEvent::from(code))));
        let backend = TestBackend::new(size.0, size.1 + 1);
        let mut player = Player::new(backend, stream::iter(keys).chain(stream::pending()), recording.clone()).unwrap();
        player.run().await.unwrap();
        let seen = player.backend().buffer();
        let height = usize::from(size.1) * usize::from(size.0);
        assert_eq!(seen.content[..height], last.content[..], "{size:?}");
        // In twenty cells it rather says how to leave.
        let place = if size.0 < 40 { "q quit".to_owned() } else { format!(" {0} of {0}", shown.len()) };
        assert!(text(seen).lines().last().unwrap().contains(&place), "{}", text(seen));
    }
}

/// A file that is there is somebody's; one that is cut off is read as far as it goes; what is no recording is said.
#[test]
fn files_as_they_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ndjson");
    let row = |text: &str| vec![Piece(text.to_owned(), "Reset".to_owned(), "Reset".to_owned(), 0)];
    let begun = |most| Writer::within(&path, jiff::Timestamp::UNIX_EPOCH, most);
    let mut writer = begun(2_000).unwrap();
    assert!(begun(2_000).is_err(), "it is there");
    for n in 0..40 {
        writer.happened(Entry::Key("j".to_owned())).unwrap();
        writer.drawn((20, 3), vec![row("the same"), row(&format!("row {n}")), row("the same")]).unwrap();
    }
    let whole = read(&path).unwrap();
    let said = |shown: &[Shown]| shown.last().unwrap().because.join(" ");
    assert!(whole.shown.len() < 40 && said(&whole.shown).contains("full"), "{:?}", whole.shown.last());
    assert!(std::fs::metadata(&path).unwrap().len() < 2_300);

    let text = std::fs::read_to_string(&path).unwrap();
    let cut = folder.path().join("cut");
    let of = |text: &str| {
        std::fs::write(&cut, text).unwrap();
        read(&cut)
    };
    assert_eq!(of(&text[..text.len() / 2]).unwrap().shown[..3], whole.shown[..3]);
    assert!(matches!(of(""), Err(ReadError::Other(_))));
    assert!(matches!(of("{\"a\":1}\n"), Err(ReadError::Other(_))));
    let first = text.lines().next().unwrap();
    assert!(matches!(of(&format!("{first}\n")), Err(ReadError::Empty(_))));
    assert!(matches!(of(&text.replacen("\"frame\"", "\"film\"", 1)), Err(ReadError::Damaged { line: 3, .. })));
    let newer = text.replacen("\"tenantry_recording\":1", "\"tenantry_recording\":2", 1);
    assert!(matches!(of(&newer), Err(ReadError::Newer { version: 2, .. })));
}
