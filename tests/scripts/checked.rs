//! The scripts, read by others' eyes: shellcheck for the shell's, a grammar for PowerShell's (PowerShell itself cannot be
//! installed here).

use std::process::Command;

use tenantry::domain::{
    cloud::Cloud,
    registration::{AppName, PublicKey, Registration, Shell, consent_script, register_script},
};

use super::{
    left_out,
    stand_in::{client, registration},
};

/// Names that would break a script, were they not quoted.
const NAMES: [&str; 5] = ["JupiterOne", "O'Neill's \"app\" $(x) `x`", "}); #", "’; x ’", "Müller 🗝 @'"];

fn scripts(shell: Shell) -> Vec<String> {
    let registrations = NAMES.into_iter().flat_map(|name| {
        [
            registration(name),
            Registration {
                cloud: Cloud::Dod,
                public_key: Some(PublicKey { certificate_base64: "AA'==".to_owned(), display: name.to_owned() }),
                tenant: Some("contoso.com'; x '".to_owned()),
                name: AppName::parse(name).unwrap(),
                permissions: vec!["User.Read.All", "Device.Read.All"],
            },
            Registration { public_key: None, tenant: None, ..registration(name) },
        ]
    });
    registrations.flat_map(|r| [register_script(shell, &r), consent_script(shell, &r, &client())]).collect()
}

#[test]
fn shellcheck_finds_nothing_or_left_out() {
    const NAME: &str = "shellcheck_finds_nothing_or_left_out";
    if Command::new("shellcheck").arg("--version").output().is_err() {
        left_out::left_out(NAME, "shellcheck is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = scripts(Shell::AzureCli)
        .iter()
        .enumerate()
        .map(|(n, script)| {
            let file = folder.path().join(format!("{n}.sh"));
            std::fs::write(&file, script).unwrap();
            file
        })
        .collect();
    let output = Command::new("shellcheck").args(["--shell=sh", "--format=gcc"]).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    left_out::ran(NAME);
}

#[test]
fn powershell_scripts_are_powershell() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let errors = |text: &str, parser: &mut tree_sitter::Parser| {
        let tree = parser.parse(text, None).unwrap();
        let mut bad = Vec::new();
        let mut left = vec![tree.root_node()];
        while let Some(node) = left.pop() {
            if node.is_error() || node.is_missing() {
                bad.push(format!("{}: {:?}", node.start_position(), node.utf8_text(text.as_bytes())));
            }
            left.extend((0..node.child_count()).filter_map(|n| node.child(n.try_into().unwrap())));
        }
        bad
    };
    for script in scripts(Shell::PowerShell) {
        assert_eq!(errors(&script, &mut parser), Vec::<String>::new(), "{script}");
        assert!(script.is_ascii(), "the older PowerShell reads other letters in the machine's code page");
    }
    assert_ne!(errors("& {\n$x = 'it's'\n}\n", &mut parser), Vec::<String>::new(), "it does find what is wrong");
    assert_ne!(errors("function X { if ($x { 1 } }", &mut parser), Vec::<String>::new(), "it does find what is wrong");
}
