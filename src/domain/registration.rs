//! Making the app registration by script, and asking another person for consent: scripts and messages as text, and the
//! line that a script prints, read back.
//!
//! Pure: nothing is run or sent here. No script holds a secret, makes one or prints one: what it installs is the public
//! half of a key that never leaves the machine. What a person typed goes into a script only through [`quote`], so that
//! no name can become a command.

mod message;
mod pasted;
mod quote;
mod script;

pub use self::{
    message::consent_message,
    pasted::{Pasted, read_pasted},
    script::{consent_script, register_script},
};

use super::{cloud::Cloud, problem::Problem, text::is_hostile};

/// The app id of Microsoft Graph, the same in every cloud (facts: `facts/graph.md` §8.2).
pub const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// An app registration that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub cloud: Cloud,
    pub name: AppName,
    /// Application permissions of Microsoft Graph by their names, such as [`super::permission::DIRECTORY`].
    pub permissions: Vec<&'static str>,
    /// What the app shall know of the key that the wizard made; without it, the app is made without a credential.
    pub public_key: Option<PublicKey>,
    /// The tenant's ID or one of its domains, where it is known; the script then refuses any other.
    pub tenant: Option<String>,
}

/// The public half of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The certificate's DER, in base64 without line ends.
    pub certificate_base64: String,
    /// As the app's page lists it.
    pub display: String,
}

/// In which language a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Shell {
    /// POSIX sh with the Azure CLI (`az`): Linux, macOS, Azure Cloud Shell.
    #[default]
    AzureCli,
    /// PowerShell 5.1 or 7 with the module Microsoft.Graph.Authentication.
    PowerShell,
}

impl Shell {
    pub const ALL: [Self; 2] = [Self::AzureCli, Self::PowerShell];

    /// The ending of a script's file.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::AzureCli => "sh",
            Self::PowerShell => "ps1",
        }
    }

    /// How a script in a file is run; also the way to paste it, as both files are one block.
    pub fn run_line(self, file: &str) -> String {
        match self {
            Self::AzureCli => format!("sh {}", quote::sh(file)),
            Self::PowerShell => format!("powershell -ExecutionPolicy Bypass -File {}", quote::powershell(file)),
        }
    }
}

/// The name of an app registration: one line of 1 to 120 characters, none of which hides itself.
///
/// Quotes, `$` and backticks are allowed: the scripts quote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppName(String);

impl AppName {
    /// What Entra allows.
    pub const MAX: usize = 120;

    /// Reads a name as a person types it: white space around it goes.
    ///
    /// # Errors
    ///
    /// With code `app_name_shape`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        let wrong = |summary: &str| {
            Err(Problem::new(summary)
                .code("app_name_shape")
                .hint(format!("Give a name of one line and at most {} characters, such as JupiterOne.", Self::MAX)))
        };
        if text.is_empty() {
            wrong("the app's name is empty")
        } else if text.chars().any(is_hostile) {
            wrong("the app's name holds line ends or characters that are not seen")
        } else if text.chars().count() > Self::MAX {
            wrong("the app's name is too long")
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AppName {
    fn default() -> Self {
        Self("tenantry".to_owned())
    }
}

impl std::fmt::Display for AppName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_apps() {
        let check = |text: &str, want: Option<&str>| {
            let got = AppName::parse(text);
            assert_eq!(got.as_ref().ok().map(AppName::as_str), want, "{text:?}");
            assert!(got.is_ok() || got.is_err_and(|p| p.code.as_deref() == Some("app_name_shape") && p.hint.is_some()));
        };
        check(" JupiterOne\n", Some("JupiterOne"));
        check("O'Neill's \"app\" $(reboot) `reboot` %PATH% \\", Some("O'Neill's \"app\" $(reboot) `reboot` %PATH% \\"));
        check("Verzeichnis für Müller & Söhne 🗝", Some("Verzeichnis für Müller & Söhne 🗝"));
        check(&"é".repeat(120), Some(&"é".repeat(120)));
        check(&"é".repeat(121), None);
        check("  ", None);
        check("a\nreboot", None);
        check("a\u{202e}b", None);
        check("a\0b", None);
        assert_eq!(AppName::parse(AppName::default().as_str()), Ok(AppName::default()));
    }
}
