//! The pages of the wizard and the three ways through them, with their words: what to click and what to copy, as data.
//!
//! Labels are those of the Entra admin center of 2025 and 2026 and of JupiterOne's own pages. The words name no
//! screen size and no key.

/// How somebody gets from nothing to a checked profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Way {
    /// Click by click through the portal.
    #[default]
    Guided,
    /// A script does the clicks, and prints one line to be pasted back.
    Script,
    /// All is there: one form.
    Everything,
}

/// A page. Which of them come, and in what order, is the way's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum WizardStep {
    #[default]
    Welcome,
    OpenCenter,
    Register,
    CopyIds,
    Credential,
    Permission,
    Consent,
    /// What the script is to make.
    App,
    Script,
    /// The line that the script printed.
    Line,
    Everything,
    Check,
    /// Until somebody has consented: a page beside the check, on no way.
    Waiting,
    Instance,
    JupiterOne,
    Save,
}

/// A line of a page's words.
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

impl Way {
    pub const ALL: [Self; 3] = [Self::Guided, Self::Script, Self::Everything];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Guided => "Guided",
            Self::Script => "Script",
            Self::Everything => "I have everything",
        }
    }

    /// For whom it is.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Guided => "never done this: the portal click by click, with links; ten minutes",
            Self::Script => "a script for Azure CLI or PowerShell does the clicks; no secret copied",
            Self::Everything => "an app registration exists: one form, or one pasted line",
        }
    }

    /// Its pages, in their order.
    pub const fn steps(self) -> &'static [WizardStep] {
        use WizardStep::{
            App, Check, Consent, CopyIds, Credential, Everything, Instance, JupiterOne, Line, OpenCenter, Permission,
            Register, Save, Script,
        };
        match self {
            Self::Guided => {
                &[OpenCenter, Register, CopyIds, Credential, Permission, Consent, Check, Instance, JupiterOne, Save]
            }
            Self::Script => &[App, Script, Line, Check, Instance, JupiterOne, Save],
            Self::Everything => &[Everything, Check, Save],
        }
    }

    /// A page's place on this way, from 1; the waiting belongs to the check.
    pub fn number(self, step: WizardStep) -> Option<usize> {
        let step = if step == WizardStep::Waiting { WizardStep::Check } else { step };
        self.steps().iter().position(|s| *s == step).map(|n| n + 1)
    }

    pub fn after(self, step: WizardStep) -> Option<WizardStep> {
        // `number` counts from 1, and so is the index of the next one.
        self.steps().get(self.number(step).unwrap_or(0)).copied()
    }

    pub fn before(self, step: WizardStep) -> Option<WizardStep> {
        match step {
            WizardStep::Welcome => None,
            WizardStep::Waiting => Some(WizardStep::Check),
            _ => {
                let number = self.number(step).unwrap_or(1);
                Some(number.checked_sub(2).map_or(WizardStep::Welcome, |n| self.steps()[n]))
            }
        }
    }
}

impl WizardStep {
    pub const ALL: [Self; 16] = [
        Self::Welcome,
        Self::OpenCenter,
        Self::Register,
        Self::CopyIds,
        Self::Credential,
        Self::Permission,
        Self::Consent,
        Self::App,
        Self::Script,
        Self::Line,
        Self::Everything,
        Self::Check,
        Self::Waiting,
        Self::Instance,
        Self::JupiterOne,
        Self::Save,
    ];

    /// For the list of steps.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Welcome => "Welcome",
            Self::OpenCenter => "Open the admin center",
            Self::Register => "Register an app",
            Self::CopyIds => "Copy the two IDs",
            Self::Credential => "Secret or certificate",
            Self::Permission => "Add Directory.Read.All",
            Self::Consent => "Grant admin consent",
            Self::App => "Name it, make a key",
            Self::Script => "Run the script",
            Self::Line => "Paste the line",
            Self::Everything => "All values",
            Self::Check => "Check it",
            Self::Waiting => "Wait for consent",
            Self::Instance => "Make an instance",
            Self::JupiterOne => "Connect JupiterOne",
            Self::Save => "Save",
        }
    }

    pub const fn words(self) -> &'static [Words] {
        match self {
            Self::Welcome | Self::Everything | Self::Check | Self::Waiting | Self::Save => &[],
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
            // What comes below it depends on the choice: see `Proof::words`.
            Self::Credential => &[Say("How is tenantry to prove that it is this app?")],
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
                Note(
                    "Greyed out? A Privileged Role Administrator or Global Administrator has to press it. Go on: \
                      the check waits for them, and has a message to send.",
                ),
            ],
            Self::App => {
                &[Say("A script registers the app, lets it read the directory (Directory.Read.All), and gives it the \
                     public half of a key that is made here now. The private half never leaves this computer.")]
            }
            Self::Script => &[],
            Self::Line => &[
                Say("At its end the script prints one line. Paste it:"),
                Gap,
                Take("tenant=… client=…"),
                Note("It holds no secret."),
            ],
            Self::Instance => &[
                Say("In JupiterOne, this tenant becomes an instance of an integration of your own. Once for all \
                     tenants, make the definition:"),
                Click(&["Integrations", "New definition", "Custom Definition", "a name, such as Microsoft 365"]),
                Gap,
                Say("For this tenant, make an instance of it:"),
                Click(&["the definition", "Custom instance", "a name, such as your tenant's"]),
                Gap,
                Say("On the instance's page, make its key:"),
                Click(&["API Keys", "New API Key"]),
                Take("the key, now: it is shown only once"),
                Take("the Instance ID, from the same page"),
                Note(
                    "You need to be an administrator of Integrations there. No time now? Put it off: everything but \
                      the upload works without it.",
                ),
            ],
            Self::JupiterOne => &[
                Say("Where the directory goes. The Account ID is in Settings → Account Management."),
                Gap,
                Say("An Integration API key can write into its own instance and nothing else: it cannot read, so \
                     that some checks say \"cannot check\". That is the key to take."),
                Note(
                    "A user's or an account's key can read as well, and could overwrite any instance: then its name \
                      is shown, and you are asked.",
                ),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_each_other() {
        for way in Way::ALL {
            let mut step = WizardStep::Welcome;
            let mut walked = Vec::new();
            while let Some(next) = way.after(step) {
                assert_eq!(way.before(next), Some(step));
                walked.push(next);
                step = next;
            }
            assert_eq!((walked.as_slice(), walked.last()), (way.steps(), Some(&WizardStep::Save)));
            assert_eq!(way.number(WizardStep::Waiting), way.number(WizardStep::Check));
            assert_eq!(way.before(WizardStep::Welcome), None);
        }
    }

    #[test]
    fn every_page_lies_on_a_way() {
        for step in WizardStep::ALL {
            let on = Way::ALL.iter().any(|way| way.steps().contains(&step));
            assert_ne!(on, matches!(step, WizardStep::Welcome | WizardStep::Waiting), "{step:?}");
        }
    }
}
