//! What Graph refuses, what a token lacks, and the JupiterOne side.

use serde_json::json;
use tenantry::{app::form::FieldId, app::steps::WizardStep, domain::origin::Origin, profile::Flags};

use super::{Bench, Row, SECRET, Wrong, fill, is_over};
use crate::screen::Screen;

/// What of the JupiterOne side is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theirs {
    /// Another key than the account's.
    Key,
    Account,
    /// The account has this ID, the key another's.
    OtherAccount,
    /// No such instance, for a key that may look.
    Instance,
    /// Its name in its ID's place.
    InstanceForm,
    /// That of JupiterOne's own Microsoft 365 integration.
    Managed,
    /// It exists, and holds what another integration put there.
    Unconfirmed,
    /// Nobody listens at the URL.
    Url,
    /// An ID in the key's place.
    KeyIsId,
    NoKey,
}

const INSTANCE: &str = "0e6b1b1e-7f5a-4bb3-9d0a-5b1d3c1f2a77";
const CAE: (&str, &str) = (
    "www-authenticate",
    r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
);

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    let denied = |name, path| Row {
        name,
        wrong: Wrong::Graph(path, 403, None, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        code: "Authorization_RequestDenied",
        next: "add Directory.Read.All (Microsoft Graph, Application permissions), then choose Grant admin consent",
        link: "~/CallAnAPI/",
        key: "f mend",
    };
    let graph = |name, path, status, header, code, next, link| Row {
        name, wrong: Wrong::Graph(path, status, header, code, "refused"), code, next, link, key: "f mend",
    };
    let theirs = |name, wrong, code, next, key| Row { name, wrong: Wrong::JupiterOne(wrong), code, next, link: "", key };
    vec![
        denied("the organization is forbidden", "/organization"),
        denied("users are forbidden", "/users"),
        denied("groups are forbidden", "/groups"),
        denied("members are forbidden", "/members"),
        graph("a policy stops the token (CAE)", "/organization", 401, Some(CAE), "InvalidAuthenticationToken", "Service principal sign-ins, the entry of this time names the policy", ""),
        graph("Graph does not take the token", "/organization", 401, None, "InvalidAuthenticationToken", "Check that login service and Graph are of the same cloud", ""),
        graph("the service principal is not there yet", "/organization", 401, None, "Authorization_IdentityNotFound", "Grant admin consent, wait a minute", "adminconsent"),
        graph("the service principal is disabled", "/organization", 403, None, "Authorization_IdentityDisabled", "set Enabled for users to sign in? to Yes", ""),
        graph("Graph is in trouble", "/organization", 503, None, "serviceNotAvailable", "Try again in some minutes", ""),
        Row { name: "consent is missing", wrong: Wrong::Roles(&[]), code: "no_roles", next: "A Privileged Role Administrator or Global Administrator may", link: "adminconsent", key: "f mend" },
        Row { name: "a permission is missing", wrong: Wrong::Roles(&["User.Read.All"]), code: "missing_roles", next: "then choose Grant admin consent", link: "~/CallAnAPI/", key: "f mend" },
        Row { name: "the app may write", wrong: Wrong::Roles(&["Directory.Read.All", "Directory.ReadWrite.All"]), code: "", next: "Remove Directory.ReadWrite.All in API permissions", link: "", key: "↵ continue" },
        Row { name: "a token of another tenant", wrong: Wrong::OtherToken, code: "other_token", next: "Check the IDs, and what stands between you and the login", link: "", key: "f mend" },
        theirs("another JupiterOne key", Theirs::Key, "UNAUTHORIZED", "Check the account id and the region", "f mend"),
        theirs("another JupiterOne account", Theirs::Account, "UNAUTHORIZED", "Check the account id and the region", "f mend"),
        theirs("the key is another account's", Theirs::OtherAccount, "other_account", "Copy the account id from JupiterOne: Settings, Account Management", "f mend"),
        theirs("no such instance", Theirs::Instance, "SYNC_JOB_INVALID_INTEGRATION_INSTANCE", "copy its ID", "f mend"),
        theirs("an instance's name for its ID", Theirs::InstanceForm, "instance_shape", "Copy it from JupiterOne: Integrations", "f mend"),
        theirs("the managed integration's instance", Theirs::Managed, "managed_instance", "Create a custom instance: Integrations, Custom Definition", "f mend"),
        theirs("an instance that may be another's", Theirs::Unconfirmed, "", "y: yes, it is. f: no, to the field.", "y yes, this instance"),
        theirs("another JupiterOne URL", Theirs::Url, "connection_refused", "Check the address and the firewall", "↵ check again"),
        theirs("an ID for JupiterOne's key", Theirs::KeyIsId, "", "copy the key itself", "^R check now"),
        theirs("no JupiterOne key", Theirs::NoKey, "", "API Keys → New API Key", "^R check now"),
    ]
}

/// The one form with the JupiterOne side, up to where it leads.
pub async fn connect(bench: &Bench, wrong: Theirs) -> Screen {
    let demo = &bench.stage.demo;
    let (tenant, client) = (demo.tenant_id.to_string(), demo.client_id.to_string());
    let counter = &bench.counter;
    bench.begin(&tenant, super::READS);
    let custom = json!({ "id": INSTANCE, "name": "Firewalls", "integrationDefinition": { "name": "Custom", "integrationType": "custom" } });
    let managed = json!({ "id": INSTANCE, "name": "M365", "integrationDefinition": { "name": "Microsoft 365", "integrationType": "microsoft-365" } });
    counter.jupiterone_has(match wrong {
        Theirs::Managed => managed,
        Theirs::Instance => serde_json::Value::Null,
        _ => custom,
    });
    let nobody = Origin::parse("http://127.0.0.1:9").unwrap();
    let (url, account) = match wrong {
        Theirs::Key | Theirs::KeyIsId | Theirs::NoKey => (&demo.jupiterone_url, demo.jupiterone_account.as_str()),
        Theirs::Account => (&demo.jupiterone_url, "another"),
        Theirs::OtherAccount => (&counter.origin, "another"),
        Theirs::Url => (&nobody, "acme"),
        Theirs::Instance | Theirs::InstanceForm | Theirs::Managed | Theirs::Unconfirmed => (&counter.origin, "acme"),
    };
    let key = match wrong {
        Theirs::Account => demo.jupiterone_api_key.expose(),
        Theirs::KeyIsId => "84841066-274d-4ec0-a5c1-276be684bdd3",
        Theirs::NoKey => "",
        _ => SECRET,
    };
    let flags: Flags = bench.at(&counter.origin, &counter.origin);
    let mut screen = bench.open(flags);
    fill(&mut screen, &tenant, &client, SECRET);
    screen.press("enter enter");
    screen.paste(account);
    screen.press("enter right right enter");
    screen.paste(url.as_str());
    screen.press("enter");
    screen.paste(if wrong == Theirs::InstanceForm { "tenantry" } else { INSTANCE });
    screen.press("enter");
    assert_eq!(screen.model().wizard.focused(), Some(FieldId::Key));
    screen.paste(key);
    // As people end a form.
    screen.press("enter");
    if screen.model().wizard.step != WizardStep::Everything {
        screen.until("the checks' end", is_over).await;
    }
    screen
}
