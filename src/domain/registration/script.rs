//! Puts the scripts together: a head with this registration's values, then text that is the same for everybody
//! (`assets/scripts`).
//!
//! Each script is one block, which is run only once all of it was read: a file that was cut off does nothing, and it can
//! be pasted as it is. Running it again after it was cut off goes on where it stopped: the app carries a mark.

use sha2::{Digest, Sha256};

use super::{GRAPH_APP, Registration, Shell, quote};
use crate::domain::{cloud::Cloud, ids::ClientId, portal};

/// The script that registers the app, installs the public key, and consents where the person may.
///
/// It prints one line on its standard output, which [`super::read_pasted`] reads.
pub fn register_script(shell: Shell, registration: &Registration) -> String {
    Script { shell, registration, client: None }.text()
}

/// The script for whoever may consent, once the app is there.
pub fn consent_script(shell: Shell, registration: &Registration, client: &ClientId) -> String {
    Script { shell, registration, client: Some(client) }.text()
}

struct Script<'a> {
    shell: Shell,
    registration: &'a Registration,
    /// The app that is there; without it, one is made.
    client: Option<&'a ClientId>,
}

impl Script<'_> {
    fn text(&self) -> String {
        match (self.shell, self.client) {
            (Shell::AzureCli, None) => self.sh(include_str!("../../../assets/scripts/register.sh")),
            (Shell::AzureCli, Some(_)) => self.sh(include_str!("../../../assets/scripts/consent.sh")),
            (Shell::PowerShell, None) => self.ps1(include_str!("../../../assets/scripts/register.ps1")),
            (Shell::PowerShell, Some(_)) => self.ps1(include_str!("../../../assets/scripts/consent.ps1")),
        }
    }

    /// What it does, for the person who reads it before running it. No word of anybody's goes into a comment.
    fn about(&self) -> String {
        let what = match self.client {
            None => {
                "Registers an app for tenantry in Microsoft Entra, lets it read the directory, and installs the public\n\
                 # half of the key that tenantry made, where it made one. Changes nothing else, and leaves an app of the\n\
                 # same name alone."
            }
            Some(_) => "Gives an app registration admin consent: lets it read the directory. Changes nothing else.",
        };
        let run = match self.shell {
            Shell::AzureCli => "Run it with sh; it needs the Azure CLI, logged in.",
            Shell::PowerShell => "Run it in PowerShell 5.1 or 7; it needs the module Microsoft.Graph.Authentication.",
        };
        format!("# {what}\n# {run}\n# It holds no secret, and prints none.\n")
    }

    fn sh(&self, body: &str) -> String {
        let values: String = self
            .values()
            .into_iter()
            .map(|(name, value)| format!("{name}={}\n", quote::sh(&value)))
            .chain([
                format!("az_cloud={}\n", azure_cloud(self.registration.cloud)),
                self.client.map_or_else(|| self.app_sh(), |client| format!("client={}\n", quote::sh(client.as_str()))),
            ])
            .collect();
        let common = include_str!("../../../assets/scripts/common.sh");
        // What looks like a variable in quotes is Graph's `$filter`, or a literal of az's queries; what looks like a
        // wrong quote is somebody's name.
        format!(
            "#!/bin/sh\n{}# shellcheck disable=SC2016,SC1112\n\ntenantry() (\nset -eu\n{values}{common}{body})\n\ntenantry\n",
            self.about(),
        )
    }

    fn ps1(&self, body: &str) -> String {
        let client = self.client.map_or("", ClientId::as_str);
        let environment = graph_environment(self.registration.cloud);
        let app = if self.client.is_some() { String::new() } else { self.app_ps1() };
        let mut values: String = self
            .values()
            .into_iter()
            .map(|(name, value)| format!("${} = {}\n", camel(name), quote::powershell(&value)))
            .collect();
        values.push_str(&format!(
            "$permissions = $permissions -split ' '\n$environment = '{environment}'\n$scopes = @('Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All')\n\
             {app}$script:client = '{client}'\n$script:made = ''\n",
        ));
        let common = include_str!("../../../assets/scripts/common.ps1");
        format!("{}\n& {{\n$ErrorActionPreference = 'Stop'\n{values}{common}{body}}}\n", self.about())
    }

    /// What both languages need, by the shell's names.
    fn values(&self) -> Vec<(&'static str, String)> {
        let Registration { cloud, permissions, tenant, .. } = self.registration;
        let permissions_page = portal::page(&cloud.admin_center(), portal::Page::Permissions, Some("CLIENT"));
        vec![
            ("cloud", cloud.as_str().to_owned()),
            ("graph_url", cloud.graph().to_string()),
            ("graph_app", GRAPH_APP.to_owned()),
            ("permissions", permissions.join(" ")),
            ("want_tenant", tenant.as_deref().unwrap_or_default().trim().to_ascii_lowercase()),
            ("permissions_page", permissions_page),
        ]
    }

    fn app_sh(&self) -> String {
        let Registration { name, public_key, .. } = self.registration;
        let mark = self.mark();
        let keys = public_key.as_ref().map_or_else(String::new, |key| {
            format!(
                r#","keyCredentials":[{{"type":"AsymmetricX509Cert","usage":"Verify","key":"{}","displayName":"{}"}}]"#,
                base64_only(&key.certificate_base64),
                quote::json(&key.display),
            )
        });
        let app = format!(
            r#""displayName":"{}","signInAudience":"AzureADMyOrg","tags":["{mark}"]{keys}"#,
            quote::json(name.as_str())
        );
        let filter = format!("displayName eq '{}'", quote::odata(name.as_str()));
        format!("mark={mark}\nname_filter={}\napp_json={}\n", quote::sh(&filter), quote::sh(&app))
    }

    fn app_ps1(&self) -> String {
        let Registration { name, public_key, .. } = self.registration;
        let (key, display) = public_key
            .as_ref()
            .map_or_else(Default::default, |key| (base64_only(&key.certificate_base64), key.display.clone()));
        format!(
            "$mark = '{}'\n$name = {}\n$key = '{key}'\n$keyDisplay = {}\n",
            self.mark(),
            quote::powershell(name.as_str()),
            quote::powershell(&display),
        )
    }

    /// The tag by which a script knows the app that it made itself: the same for the same registration, and with a key
    /// for no other.
    fn mark(&self) -> String {
        let Registration { cloud, name, permissions, public_key, tenant } = self.registration;
        let key = public_key.as_ref().map_or("", |key| &key.certificate_base64);
        let parts = [cloud.as_str(), name.as_str(), &permissions.join(" "), tenant.as_deref().unwrap_or(""), key];
        let hash = Sha256::digest(parts.join("\0"));
        let hex: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
        format!("tenantry-{hex}")
    }
}

/// What az calls a cloud. It knows no DoD: that is the US Government's, with another Graph.
const fn azure_cloud(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "AzureCloud",
        Cloud::UsGov | Cloud::Dod => "AzureUSGovernment",
        Cloud::China => "AzureChinaCloud",
    }
}

/// What the PowerShell module calls a cloud.
const fn graph_environment(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "Global",
        Cloud::UsGov => "USGov",
        Cloud::Dod => "USGovDoD",
        Cloud::China => "China",
    }
}

/// Nothing but the letters of base64.
fn base64_only(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')).collect()
}

/// `want_tenant` as PowerShell spells it: `wantTenant`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut out, part| {
        let mut letters = part.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
        out
    })
}
