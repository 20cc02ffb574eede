//! What a person enters in a wrong form, which is never sent, and keyrings that do not keep.

use std::sync::Arc;

use tenantry::{
    app::{steps::WizardStep, wizard::Save},
    credentials::{
        VaultError,
        vault::{Absence, DEADLINE},
    },
};

use super::{Bench, Failing, LARGE, Row, Wrong, fill, is_over};
use crate::screen::Screen;

const ID: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
const CHECK: &str = "^R check now";
const MEND: &str = "f mend";

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    let typed = |name, tenant, client, secret, next| Row {
        name, wrong: Wrong::Typed(tenant, client, secret), code: "", next, link: "", key: CHECK,
    };
    let kept = |code, error: fn() -> VaultError, next| Row {
        name: code, wrong: Wrong::Keyring(error), code: "", next, link: "", key: "↵ read the directory",
    };
    vec![
        typed("no tenant", Some(""), None, None, "copy Directory (tenant) ID"),
        typed("a company's name for the tenant", Some("Contoso Ltd"), None, None, "copy Directory (tenant) ID"),
        typed("a URL for the tenant", Some("https://contoso.com"), None, None, "copy Directory (tenant) ID"),
        typed("half a tenant ID", Some("84841066-274d-4ec0-a5c1"), None, None, "copy Directory (tenant) ID"),
        typed("zeros for the tenant", Some("00000000-0000-0000-0000-000000000000"), None, None, "copy Directory (tenant) ID"),
        typed("no client ID", None, Some(""), None, "copy Application (client) ID"),
        typed("a name for the client ID", None, Some("tenantry"), None, "copy it anew"),
        typed("no secret", None, None, Some(""), "copy the column Value"),
        typed("the Secret ID", None, None, Some(ID), "copy the column Value instead. Nothing was sent"),
        typed("a secret with a space in it", None, None, Some("abc def"), "copy the column Value anew"),
        Row { name: "another tenant's ID", wrong: Wrong::Typed(Some("99999999-274d-4ec0-a5c1-276be684bdd3"), None, None), code: "AADSTS90002", next: "Check the Directory (tenant) ID", link: "~/Overview/", key: MEND },
        Row { name: "a domain of nobody", wrong: Wrong::Typed(Some("nobody.example"), None, None), code: "AADSTS90002", next: "the tenant lives in another cloud", link: "~/Overview/", key: MEND },
        Row { name: "another client ID", wrong: Wrong::Typed(None, Some(ID), None), code: "AADSTS700016", next: "Copy the Application (client) ID", link: "~/Overview/", key: MEND },
        Row { name: "another secret", wrong: Wrong::Typed(None, None, None), code: "AADSTS7000215", next: "the Secret ID was copied instead of the Value", link: "~/Credentials/", key: MEND },
        kept("keyring_no_session_bus", || VaultError::Absent(Absence::NoBus("x".to_owned())), "start one with `dbus-run-session`"),
        kept("keyring_no_service", || VaultError::Absent(Absence::NoService("x".to_owned())), "Install and start a Secret Service"),
        kept("keyring_network_logon", || VaultError::Absent(Absence::NetworkLogon("x".to_owned())), "Log in at the desktop or with a password"),
        kept("keyring_no_keychain", || VaultError::Absent(Absence::NoKeychain("x".to_owned())), "Open Keychain Access once"),
        kept("keyring_no_kernel_keys", || VaultError::Absent(Absence::NoKernelKeys("x".to_owned())), "Start a Secret Service in a session with D-Bus"),
        kept("keyring_absent", || VaultError::Absent(Absence::Other("x".to_owned())), "Log in to a desktop session"),
        kept("keyring_locked", || VaultError::Locked, "Unlock the keyring, then try again"),
        kept("keyring_locked_remotely", || VaultError::LockedRemotely("-25308".to_owned()), "Run `security unlock-keychain`"),
        kept("keyring_no_collection", || VaultError::NoCollection, "create a default keyring"),
        kept("keyring_refused", || VaultError::Refused("dismissed".to_owned()), "allow access when the desktop asks"),
        kept("keyring_timeout", || VaultError::TimedOut(DEADLINE), "A prompt may be waiting behind another window"),
        kept("keyring_too_long", || VaultError::TooLong(2560), "Check that only the secret was pasted"),
        kept("keyring_full", || VaultError::Full("quota".to_owned()), "Remove profiles that nobody needs"),
        kept("keyring_ambiguous", || VaultError::Ambiguous, "Delete the entries that begin with `tenantry:`"),
        kept("keyring_not_text", || VaultError::NotText, "Delete the entry in the password manager"),
        kept("keyring_failed", || VaultError::Failed("x".to_owned()), "restart the keyring service"),
    ]
}

/// All is right, and the keyring does not keep it.
pub async fn keep(bench: &Bench, error: fn() -> VaultError) -> Screen {
    let demo = &bench.stage.demo;
    let flags = bench.at(&demo.login_url, &demo.graph_url);
    // Each begins as a person who has no profile yet.
    drop(std::fs::remove_dir_all(bench.stage.paths().config));
    let mut screen = Screen::real(&bench.stage, flags, Arc::new(Failing(error)), LARGE);
    fill(&mut screen, demo.tenant_id.as_str(), demo.client_id.as_str(), demo.client_secret.expose());
    screen.press("ctrl-r");
    screen.until("the checks' end", is_over).await;
    screen.press("enter");
    if screen.model().wizard.step != WizardStep::Save {
        screen.press("ctrl-s");
    }
    screen.press("enter");
    screen.until("the end of saving", |m| matches!(m.wizard.save, Save::Saved(_) | Save::Failed(_))).await;
    screen.shows_not(&[demo.client_secret.expose()]);
    screen
}
