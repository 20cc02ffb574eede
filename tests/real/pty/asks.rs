//! `tenantry upload` on a terminal asks before it sends; only the very word will do.

use serde_json::Value;

use super::{
    CTRL_C, SMALL,
    terminal::{LARGE, Terminal},
};
use crate::program::{Home, Served};

/// What was asked of JupiterOne, but for what only reads: who the key is, and what the instance.
fn asked(served: &Served) -> Vec<Value> {
    let seen = served.door("jupiterone_url", "GET", "/_demo/requests");
    let all = seen["requests"].as_array().unwrap().iter();
    let reads = |path: &str| path.starts_with("/_demo") || path == "/graphql";
    all.filter(|r| r["service"] == "jupiterone" && !reads(r["path"].as_str().unwrap())).cloned().collect()
}

#[test]
fn an_upload_asks_and_takes_no_other_word() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    served.run(&home, &["collect"]).expect(0);
    let upload = || {
        let mut command = served.tenantry(&home);
        command.arg("upload");
        let terminal = Terminal::start(&command, LARGE);
        terminal.shows("type custom instance to synchronise");
        terminal
    };
    for answer in ["no\r", "y\r", "upload\r", "\r", "\x04"] {
        let mut terminal = upload();
        terminal.send(answer);
        assert_eq!(terminal.ends(), 4, "{answer:?}");
        let left = terminal.into_written().left();
        assert!(left.contains("not confirmed: nothing was sent"), "{answer:?}: {left}");
        assert_eq!(asked(&served), Vec::<Value>::new(), "{answer:?}");
    }
    let mut terminal = upload();
    terminal.send(CTRL_C);
    assert_eq!(terminal.ends(), 130);
    assert_eq!(asked(&served), Vec::<Value>::new());

    let mut terminal = upload();
    terminal.send("custom instance\r");
    assert_eq!(terminal.ends(), 0);
    assert!(terminal.into_written().left().contains("FINISHED"));
    assert!(asked(&served).len() > 3);

    // The target is known by now: a plain yes will do, and is still asked for.
    served.advance();
    served.run(&home, &["collect"]).expect(0);
    let mut command = served.tenantry(&home);
    command.arg("upload");
    let mut terminal = Terminal::start(&command, LARGE);
    terminal.press("n\r", "type y to synchronise");
    assert_eq!(terminal.ends(), 4);
}
