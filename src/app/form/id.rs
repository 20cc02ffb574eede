//! The fields by name: their labels, and what choices they offer.

use crate::{app::steps::Words, domain::cloud::Cloud};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldId {
    Cloud,
    Login,
    Graph,
    Center,
    Tenant,
    Client,
    Proof,
    Secret,
    Expires,
    KeyPath,
    KeyPassword,
    /// What the app registration is to be called.
    AppName,
    Shell,
    Line,
    Account,
    Region,
    Url,
    /// An instance or a scope; asked for only where a scope is in use.
    Into,
    Instance,
    Scope,
    Key,
    /// What the profile is to be called.
    Name,
}

impl FieldId {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cloud => "Cloud",
            Self::Login => "Login URL",
            Self::Graph => "Graph URL",
            Self::Center => "Admin center",
            Self::Tenant => "Tenant ID",
            Self::Client => "Client ID",
            Self::Proof => "Proves it by",
            Self::Secret => "Client secret",
            Self::Expires => "Ends on",
            Self::KeyPath => "File",
            Self::KeyPassword => "Password",
            Self::AppName => "App name",
            Self::Shell => "Script for",
            Self::Line => "Line",
            Self::Account => "Account ID",
            Self::Region => "Region",
            Self::Url => "API URL",
            Self::Into => "Goes into",
            Self::Instance => "Instance ID",
            Self::Scope => "Scope",
            Self::Key => "API key",
            Self::Name => "Profile name",
        }
    }

    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Cloud | Self::Region | Self::Into | Self::Proof | Self::Shell => "",
            Self::Login => "https://login.… of your cloud",
            Self::Graph => "https://graph.… of your cloud",
            Self::Center => "https://… for links; may stay empty",
            Self::Tenant => "Directory (tenant) ID, or a verified domain",
            Self::Client => "Application (client) ID",
            Self::Secret => "paste the Value",
            Self::Expires => "2027-05-20; may stay empty",
            Self::KeyPath => "path of a .pem or .pfx with the private key",
            Self::KeyPassword => "empty if it has none",
            Self::AppName => "as it shall be called in the portal",
            Self::Line => "tenant=… client=…",
            Self::Account => "of your JupiterOne account",
            Self::Url => "https://api.us.jupiterone.io",
            Self::Instance => "of the custom instance",
            Self::Scope => "name of the scope",
            Self::Key => "paste the Integration API key",
            Self::Name => "such as contoso",
        }
    }

    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::Key | Self::KeyPassword)
    }

    /// Of the JupiterOne side, which may be put off.
    pub const fn is_jupiterone(self) -> bool {
        matches!(self, Self::Account | Self::Region | Self::Url | Self::Into | Self::Instance | Self::Scope | Self::Key)
    }

    /// Chosen with the arrow keys, not typed.
    pub const fn is_choice(self) -> bool {
        matches!(self, Self::Cloud | Self::Region | Self::Into | Self::Proof | Self::Shell)
    }
}

/// Which cloud, by its name or by its hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    Of(Cloud),
    Own,
}

impl Default for Hosts {
    fn default() -> Self {
        Self::Of(Cloud::default())
    }
}

impl Hosts {
    pub const ALL: [Self; 5] =
        [Self::Of(Cloud::Global), Self::Of(Cloud::UsGov), Self::Of(Cloud::Dod), Self::Of(Cloud::China), Self::Own];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Of(cloud) => cloud.title(),
            Self::Own => "hosts of its own",
        }
    }

    pub const fn cloud(self) -> Option<Cloud> {
        match self {
            Self::Of(cloud) => Some(cloud),
            Self::Own => None,
        }
    }

    /// As little as tells it apart.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Of(Cloud::Global) => "Global",
            Self::Of(Cloud::UsGov) => "GCC High",
            Self::Of(Cloud::Dod) => "DoD",
            Self::Of(Cloud::China) => "China",
            Self::Own => "other hosts",
        }
    }
}

/// How the app proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proof {
    #[default]
    Secret,
    /// A certificate made here.
    Made,
    /// A certificate of a file.
    File,
}

impl Proof {
    pub const ALL: [Self; 3] = [Self::Secret, Self::Made, Self::File];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Secret => "a secret",
            Self::Made => "a certificate made here",
            Self::File => "a certificate of a file",
        }
    }

    pub const fn short(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Made => "new certificate",
            Self::File => "certificate file",
        }
    }

    /// What to do in the portal for it.
    pub const fn words(self) -> &'static [Words] {
        use Words::{Click, Note, Say, Take};
        match self {
            Self::Secret => &[
                Say("In your app, create a secret:"),
                Click(&["Certificates & secrets", "Client secrets", "New client secret", "Add"]),
                Take("the column Value, now: it is shown only once"),
                Note(
                    "The column Secret ID is not the secret. Does the portal say \"Credential type not allowed as \
                      per assigned policy\"? Your tenant forbids secrets: choose a certificate.",
                ),
            ],
            Self::Made => &[Note(
                "The better way: nothing secret is copied. A key pair is made here, the app is shown its public half.",
            )],
            Self::File => &[Note(
                "PEM (key and certificate) or PFX. Its certificate must be in the app under Certificates & secrets → \
                 Certificates.",
            )],
        }
    }
}

/// Where the JupiterOne account lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Region {
    #[default]
    Us,
    Eu,
    Custom,
}

impl Region {
    pub const ALL: [Self; 3] = [Self::Us, Self::Eu, Self::Custom];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Us => "US",
            Self::Eu => "EU",
            Self::Custom => "other URL",
        }
    }

    pub const fn url(self) -> Option<&'static str> {
        match self {
            Self::Us => Some("https://api.us.jupiterone.io"),
            Self::Eu => Some("https://api.eu.jupiterone.io"),
            Self::Custom => None,
        }
    }
}

/// What of the account an upload goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Into {
    #[default]
    Instance,
    Scope,
}

impl Into {
    pub const ALL: [Self; 2] = [Self::Instance, Self::Scope];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Instance => "an instance",
            Self::Scope => "a scope",
        }
    }
}
