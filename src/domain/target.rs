//! A target: the place in JupiterOne that an upload synchronises, wholly.

use serde::{Deserialize, Serialize};

use super::{origin::Origin, problem::Problem};

/// Whose objects a job replaces: an integration instance's, or a scope's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Source `integration-external`, with this integration instance ID.
    Instance(String),
    /// Source `api`, with this scope.
    Scope(String),
}

/// JupiterOne origin, account and destination.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    pub origin: Origin,
    pub account: String,
    pub destination: Destination,
}

impl Target {
    /// The text under which stores and the registry keep what they know of it; one target, one text.
    pub fn key(&self) -> String {
        let (kind, id) = match &self.destination {
            Destination::Instance(id) => ("integration-external", id.trim().to_ascii_lowercase()),
            Destination::Scope(name) => ("api", name.trim().to_owned()),
        };
        format!("{}|{}|{kind}|{id}", self.origin, self.account.trim())
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, id) = match &self.destination {
            Destination::Instance(id) => ("instance", id),
            Destination::Scope(name) => ("scope", name),
        };
        write!(f, "JupiterOne account {}, {what} {id} at {}", self.account, self.origin)
    }
}

/// An integration instance, as JupiterOne tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub id: String,
    pub name: String,
    /// The definition's name, such as `Custom`.
    pub definition: Option<String>,
    /// The definition's `integrationType`, such as `microsoft-365`.
    pub integration_type: Option<String>,
}

/// Who fills an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// Whoever has its key: it is of a custom definition.
    ByOthers,
    /// An integration of JupiterOne's own: what it brings would be deleted by a full synchronisation from here.
    ByItsIntegration,
    /// Nothing was told of its definition.
    Untold,
}

impl Instance {
    /// Whether JupiterOne itself fills it with a Microsoft 365 tenant. It then holds devices and policies beside what
    /// we send (`facts/jupiterone.md` §6).
    pub fn is_managed_microsoft(&self) -> bool {
        let known = ["microsoft-365", "microsoft365", "graph-microsoft-365", "azure-ad", "entra-id", "intune"];
        self.definitions().iter().any(|name| known.contains(&name.as_str()))
    }

    /// By its definition's type and name, which both begin with the word where it is a custom one.
    pub fn filled(&self) -> Filled {
        let names = self.definitions();
        if names.iter().all(String::is_empty) {
            Filled::Untold
        } else if names.iter().any(|name| name == "custom" || name.starts_with("custom-"))
            && !self.is_managed_microsoft()
        {
            Filled::ByOthers
        } else {
            Filled::ByItsIntegration
        }
    }

    /// Why nothing of ours is uploaded to it.
    pub fn refusal(&self) -> Problem {
        Problem::new(format!("the instance `{}` is filled by {}", self.name, self.filler()))
            .code("managed_instance")
            .hint("An upload would delete what that integration brings, such as its devices and policies. Create a custom instance, and upload to that one.")
    }

    fn filler(&self) -> String {
        match (&self.definition, &self.integration_type) {
            _ if self.is_managed_microsoft() => "JupiterOne's own Microsoft 365 integration".to_owned(),
            (Some(name), Some(kind)) => format!("the integration {name} (type {kind}), which is no custom one"),
            (Some(name), None) | (None, Some(name)) => format!("the integration {name}, which is no custom one"),
            (None, None) => "an integration that is not told".to_owned(),
        }
    }

    fn definitions(&self) -> [String; 2] {
        [&self.integration_type, &self.definition]
            .map(|t| t.as_deref().unwrap_or_default().trim().to_ascii_lowercase().replace(['_', ' '], "-"))
    }
}

impl std::fmt::Display for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = match (&self.definition, &self.integration_type) {
            (Some(name), Some(kind)) => format!("definition {name}, type {kind}"),
            (Some(name), None) => format!("definition {name}"),
            (None, Some(kind)) => format!("type {kind}"),
            (None, None) => "of a definition that is not told".to_owned(),
        };
        write!(f, "{} ({of})", self.name)
    }
}

/// What is at a target to which nothing was uploaded yet, as far as a key can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A scope: its name is all there is to it.
    Scope,
    /// An instance of a custom definition.
    Custom(Instance),
    /// The key cannot read what the instance is, as an Integration API key cannot.
    Untold(Problem),
}

/// The devices of JupiterOne's Microsoft 365 integration, by `_type`.
const DEVICES: [&str; 7] = ["user_endpoint", "workstation", "laptop", "desktop", "computer", "server", "smartphone"];

/// What that integration owns beside accounts, users and groups (`facts/jupiterone.md` §6), its relationships included:
/// exempt from deletion wherever nobody can tell whose an instance is.
pub fn managed_types() -> Vec<String> {
    let mut all: Vec<String> = [
        "intune_compliance_policy",
        "intune_detected_application",
        "intune_device_configuration",
        "intune_host_agent",
        "intune_managed_application",
        "intune_noncompliance_finding",
        "intune_host_agent_assigned_device_configuration",
        "intune_host_agent_assigned_compliance_policy",
        "intune_device_configuration_identified_noncompliance_finding",
        "intune_compliance_policy_identified_noncompliance_finding",
        "intune_managed_application_manages_detected_application",
    ]
    .map(str::to_owned)
    .into();
    for device in DEVICES {
        all.push(device.to_owned());
        all.extend(
            ["azure_user_has", "azure_user_uses", "intune_host_agent_manages"].map(|by| format!("{by}_{device}")),
        );
        all.extend(
            [
                "has_intune_noncompliance_finding",
                "assigned_intune_managed_application",
                "installed_intune_detected_application",
            ]
            .map(|what| format!("{device}_{what}")),
        );
    }
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fills_an_instance() {
        let check = |kind: Option<&str>, definition: Option<&str>, want: Filled, microsoft: bool| {
            let own = |t: Option<&str>| t.map(str::to_owned);
            let instance = Instance {
                id: "i".to_owned(),
                name: "Microsoft 365".to_owned(),
                definition: own(definition),
                integration_type: own(kind),
            };
            assert_eq!(
                (instance.filled(), instance.is_managed_microsoft()),
                (want, microsoft),
                "{kind:?} {definition:?}"
            );
            assert!(instance.refusal().line().contains("Microsoft 365"));
        };
        check(None, None, Filled::Untold, false);
        check(Some(" "), None, Filled::Untold, false);
        check(Some("custom"), Some("Custom"), Filled::ByOthers, false);
        check(Some("custom_contoso"), Some("Contoso directory"), Filled::ByOthers, false);
        check(None, Some("Custom Integration"), Filled::ByOthers, false);
        check(Some("microsoft_365"), None, Filled::ByItsIntegration, true);
        check(Some("microsoft-365"), Some("Custom"), Filled::ByItsIntegration, true);
        check(None, Some("Microsoft 365"), Filled::ByItsIntegration, true);
        check(Some("aws"), Some("AWS"), Filled::ByItsIntegration, false);
        check(Some("customer_io"), Some("Customer.io"), Filled::ByItsIntegration, false);
    }

    #[test]
    fn what_another_integration_owns() {
        let all = managed_types();
        assert_eq!(all.len(), 11 + 7 * 7);
        for name in ["server", "azure_user_uses_laptop", "desktop_installed_intune_detected_application"] {
            assert!(all.iter().any(|t| t == name), "{name}");
        }
        // Nothing of ours is among it: what we send is deleted where it is gone.
        assert!(crate::domain::naming::Naming::ActiveDirectory.all_types().all(|ours| !all.iter().any(|t| t == ours)));
    }
}
