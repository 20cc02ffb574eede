//! The words of the wizard: what to click and what to copy, one step at a time, as data.
//!
//! Labels are those of the Entra admin center of 2025 and 2026 and of JupiterOne's own pages. The words name no
//! screen size and no key; links are made for the cloud.

use crate::domain::{
    cloud::Cloud,
    portal::{self, Page},
};

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum WizardStep {
    #[default]
    Welcome,
    OpenCenter,
    Register,
    CopyIds,
    Secret,
    Permission,
    Consent,
    Check,
    JupiterOne,
    Save,
}

/// A line of a step's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    Say(&'static str),
    /// What to click, from left to right.
    Click(&'static [&'static str]),
    /// What to copy.
    Take(&'static str),
    /// By the way.
    Note(&'static str),
    Gap,
}

use Words::{Click, Gap, Note, Say, Take};

impl WizardStep {
    pub const ALL: [Self; 10] = [
        Self::Welcome,
        Self::OpenCenter,
        Self::Register,
        Self::CopyIds,
        Self::Secret,
        Self::Permission,
        Self::Consent,
        Self::Check,
        Self::JupiterOne,
        Self::Save,
    ];

    /// How many steps there are after the welcome.
    pub const COUNT: usize = Self::ALL.len() - 1;

    pub const fn number(self) -> usize {
        self as usize
    }

    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self.number() + 1).copied()
    }

    pub fn previous(self) -> Option<Self> {
        self.number().checked_sub(1).map(|n| Self::ALL[n])
    }

    /// For the list of steps.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Welcome => "Welcome",
            Self::OpenCenter => "Open the admin center",
            Self::Register => "Register an app",
            Self::CopyIds => "Copy the two IDs",
            Self::Secret => "Create a client secret",
            Self::Permission => "Add Directory.Read.All",
            Self::Consent => "Grant admin consent",
            Self::Check => "Check it",
            Self::JupiterOne => "Connect JupiterOne",
            Self::Save => "Save",
        }
    }

    pub const fn words(self) -> &'static [Words] {
        match self {
            Self::Welcome => &[
                Say("tenantry copies a Microsoft 365 directory into JupiterOne: its account, users, groups \
                     and who is in which group. Five steps:"),
                Gap,
            ],
            Self::OpenCenter => &[
                Say("In a browser, open the Microsoft Entra admin center and sign in to the tenant you want to read."),
                Gap,
                Say("You need the role Application Developer or higher there. The last step, consent, needs a \
                     Privileged Role Administrator or Global Administrator."),
                Gap,
                Note("Several tenants? Settings (the cog) → Directories + subscriptions shows which one you are in."),
            ],
            Self::Register => &[
                Say("Register an app. It is tenantry's identity in your tenant."),
                Gap,
                Click(&["Entra ID", "App registrations", "New registration"]),
                Gap,
                Say("Name                     anything, such as JupiterOne"),
                Say("Supported account types  Single tenant only"),
                Say("Redirect URI             leave empty"),
                Gap,
                Say("Then press Register."),
                Note("You already have one? Go on; the next step asks for its IDs."),
            ],
            Self::CopyIds => &[
                Say("The app's Overview page opens. Copy two values from it:"),
                Gap,
                Take("Directory (tenant) ID"),
                Take("Application (client) ID"),
                Note("Not the Object ID, which stands between them."),
            ],
            Self::Secret => &[
                Say("In your app, create a secret:"),
                Click(&["Certificates & secrets", "Client secrets", "New client secret", "Add"]),
                Gap,
                Take("the column Value, now: it is shown only once"),
                Note("The column Secret ID is not the secret."),
            ],
            Self::Permission => &[
                Say("Let the app read the directory. It gets no right to change anything."),
                Gap,
                Click(&["API permissions", "Add a permission", "Microsoft Graph", "Application permissions"]),
                Gap,
                Say("Search for Directory.Read.All, tick it, and press Add permissions."),
                Note("Application permissions, not Delegated permissions: nobody signs in when tenantry runs."),
            ],
            Self::Consent => &[
                Say("On the same page, API permissions, an administrator allows it:"),
                Gap,
                Click(&["Grant admin consent for your tenant", "Yes"]),
                Gap,
                Say("The column Status must now read Granted."),
                Note("Greyed out? A Privileged Role Administrator or Global Administrator has to press it."),
            ],
            Self::Check => &[],
            Self::JupiterOne => &[
                Say("In JupiterOne, make a custom instance for this tenant:"),
                Click(&["Integrations", "Custom Definition", "New custom instance"]),
                Take("its Instance ID, and a key: API Keys → New API Key"),
                Note("Account ID: Settings → Account Management."),
            ],
            Self::Save => &[],
        }
    }

    /// Where the step happens. `{client}` is filled in once it is known.
    pub fn link(self, cloud: Cloud, client: Option<&str>) -> Option<String> {
        let page = match self {
            Self::OpenCenter => Page::Center,
            Self::Register => Page::Register,
            Self::CopyIds => Page::Overview,
            Self::Secret => Page::Secrets,
            Self::Permission | Self::Consent => Page::Permissions,
            Self::Welcome | Self::Check | Self::JupiterOne | Self::Save => return None,
        };
        Some(portal::page(&cloud.admin_center(), page, client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_of_the_cloud_and_the_app() {
        for cloud in Cloud::ALL {
            for step in WizardStep::ALL {
                for client in [None, Some("84841066-274d-4ec0-a5c1-276be684bdd3")] {
                    if let Some(link) = step.link(cloud, client) {
                        assert!(link.starts_with(cloud.admin_center().as_str()), "{link}");
                        assert!(!link.contains('{'), "{link}");
                    }
                }
            }
        }
    }

    #[test]
    fn steps_follow_each_other() {
        for step in WizardStep::ALL {
            assert_eq!(step.next().and_then(WizardStep::previous).unwrap_or(step), step);
        }
        assert_eq!(WizardStep::Welcome.previous(), None);
        assert_eq!(WizardStep::Save.next(), None);
    }
}
