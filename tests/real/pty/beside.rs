//! The UI beside a process that collects: it shows how far that has come, offers no second run, and browses what was there.

use std::process::Stdio;

use super::{
    CTRL_C,
    terminal::{LARGE, Terminal},
};
use crate::{
    processes::{SIZE, asked, signal, until_asked},
    program::{Home, Served},
};

#[test]
fn what_another_process_reads_is_shown_and_not_read_twice() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    served.run(&home, &["collect", "--json"]).expect(0);
    let before = asked(&served);
    let mut other = served.tenantry(&home);
    let mut other =
        other.args(["collect", "--full", "--json"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until_asked(&served, before + 5);
    // It stands still, so that it cannot be through by the time somebody looks.
    signal(other.id(), libc::SIGSTOP);
    let mut add = home.tenantry();
    add.args(["profile", "add", "--profile", "one", "--tenant-id", served.text("tenant_id")]);
    add.args(["--client-id", served.text("client_id")]);
    served.urls(&mut add);
    let added = add.output().unwrap();
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let mut command = served.tenantry(&home);
    command.args(["--profile", "one"]);
    let mut terminal = Terminal::start(&command, LARGE);
    terminal.shows("is writing to it");
    terminal.press("2", &format!("Process {} is reading this tenant", other.id()));
    terminal.shows("Nothing can be read here meanwhile.");
    terminal.shows("browse run 1 of");
    signal(other.id(), libc::SIGCONT);
    assert!(other.wait().unwrap().success());
    // Nobody pressed a key.
    terminal.shows("Press Enter to read what changed");
    terminal.send(CTRL_C);
    drop(terminal);
}
