//! The journey as lines, with the real program, a demo server in another process, and a pipe on both sides.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::program::{Done, Home, Served};

const SIZE: [&str; 6] = ["--users", "60", "--groups", "32", "--seed", "7"];

/// Says these lines to it, and waits for its end.
fn talk(mut command: Command, lines: &[&str]) -> Done {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Dropped once all is written, which is the end of the input.
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let done = Done::of(&child.wait_with_output().unwrap());
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!done.stdout.contains(steers) && !done.stderr.contains(steers), "{:?} {:?}", done.stdout, done.stderr);
    done
}

/// That all of these were said, in this order.
#[track_caller]
fn in_order(said: &str, wanted: &[&str]) {
    let mut rest = said;
    for one in wanted {
        match rest.find(one) {
            Some(at) => rest = &rest[at + one.len()..],
            None => panic!("{one:?} is not said here or later:\n{rest}\nall of it:\n{said}"),
        }
    }
}

#[test]
fn from_nothing_to_jupiterone_by_lines() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    let secrets = [served.text("client_secret"), served.text("jupiterone_api_key")];
    let mut command = home.tenantry();
    // This machine's kernel may keep keys; nobody's are to be touched.
    command.arg("--plain").env("TENANTRY_KERNEL_KEYRING", "off");
    let lines = [
        "everything",
        "previous-field",
        "5",
        served.text("login_url"),
        served.text("graph_url"),
        "",
        "not a tenant",
        served.text("tenant_id"),
        served.text("client_id"),
        "1",
        secrets[0],
        "",
        served.text("jupiterone_account"),
        "3",
        served.text("jupiterone_url"),
        served.text("jupiterone_instance"),
        secrets[1],
        "",
        "continue",
        "continue",
        "continue",
        "continue",
        "/enabled:true",
        "1",
        "back",
        "/",
        "list groups",
        "page-down",
        "1 members",
        "overview",
        "preview",
        "upload",
        "",
        "continue",
        "upload",
        "custom instance",
    ];
    let done = talk(command, &lines).expect(0);
    in_order(
        &done.stdout,
        &[
            "== Step 1 of 5, Credentials: Welcome ==",
            "page 1 of 3: All values ==",
            "5. hosts of its own",
            "Login URL: http",
            "Tenant ID: not a tenant. FAILED: ",
            "Client secret: given, ",
            "API key: given, ",
            "OK: Microsoft gives a token",
            "OK: the checks passed.",
            "NEEDS YOU: no keyring",
            "== Step 2 of 5, Ingest ==",
            "OK: all of the directory was read.",
            "Users: OK, 60",
            "== Step 3 of 5, Browse: Users ==",
            "Rows 1 to 20 of 60:",
            "Filter: enabled:true",
            "Object ID: ",
            "== Step 3 of 5, Browse: Groups ==",
            "Rows 1 to 20 of 32:",
            "Rows 13 to 32 of 32:",
            ", then members ==",
            "== Overview of ",
            "== Step 4 of 5, Preview: what an upload would do ==",
            "Nothing has been sent.",
            "== Step 5 of 5, Upload to JupiterOne ==",
            "An empty line does nothing here.",
            "Type custom instance to start the upload",
            "FAILED: not the word. Nothing was sent.",
            "OK: JupiterOne has finished the job",
            "Left.",
        ],
    );
    for secret in secrets {
        let tail = &secret[secret.len() - 4..];
        assert!(!done.stdout.contains(secret) && !done.stderr.contains(secret));
        assert!(!done.stdout.contains(&format!("...{tail}")), "not even its end is said");
    }
}

#[test]
fn a_mistake_is_told_with_its_next_step_and_mended() {
    let home = Home::new();
    let mut command = home.tenantry();
    command.args(["demo"]).args(SIZE).env("TENANTRY_PLAIN", "1");
    let lines = ["everything", "fill-in-wrongly", "check-now", "mend", "fill-in", "check-now"];
    let done = talk(command, &lines).expect(0);
    in_order(
        &done.stdout,
        &[
            "A mistake is filled in: ",
            "FAILED: ",
            "Next step: ",
            "What happened: ",
            "Filled in: the right values",
            "OK: the checks passed.",
            "The input has ended.",
        ],
    );
}

/// Without a terminal and without being asked, it names the way by lines; the end of the input ends it in order.
#[test]
fn the_end_of_the_input_is_the_end() {
    let home = Home::new();
    let none = Done::of(&home.tenantry().output().unwrap()).expect(2);
    assert!(none.stderr.contains("tenantry --plain"), "{}", none.stderr);
    let mut command = home.tenantry();
    command.arg("--plain");
    let done = talk(command, &["guided", "what is this?"]).expect(0);
    in_order(&done.stdout, &["Open the admin center ==", "The input has ended.", "Left."]);
    assert!(!done.stdout.contains("what is this"), "what is no choice is not repeated");
}
