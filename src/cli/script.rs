//! `tenantry script`: clap types only.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What the scripts are about comes from the common options: --cloud, --tenant-id, --client-id.
#[derive(Debug, Subcommand)]
pub enum Script {
    /// A script that registers the app, and consents where its runner may; prints one line to paste back
    Register {
        #[command(flatten)]
        about: About,
        /// What runs it
        #[arg(long, value_enum, default_value_t)]
        shell: ScriptShell,
        /// Certificate whose key the app shall know (DER or PEM); without it the app has no credential yet
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
        /// Write it to this new file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// A script for who may consent: gives the app of --client-id its permissions
    Consent {
        #[command(flatten)]
        about: About,
        /// What runs it
        #[arg(long, value_enum, default_value_t)]
        shell: ScriptShell,
        /// Write it to this new file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// A message that asks who may consent to do so for the app of --client-id
    Message {
        #[command(flatten)]
        about: About,
        /// Write it to this new file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

impl Script {
    pub const fn about(&self) -> &About {
        match self {
            Self::Register { about, .. } | Self::Consent { about, .. } | Self::Message { about, .. } => about,
        }
    }
}

/// The app registration that a script is about.
#[derive(Debug, Args)]
pub struct About {
    /// The app's name
    #[arg(long, value_name = "NAME", default_value = "tenantry")]
    pub name: String,
    /// One permission for each kind of thing, instead of Directory.Read.All
    #[arg(long)]
    pub least_privilege: bool,
    /// One permission more
    #[arg(long, value_name = "PERMISSION", value_parser = ["Member.Read.Hidden", "AuditLog.Read.All"])]
    pub also: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ScriptShell {
    /// A POSIX shell with the Azure CLI
    #[default]
    Az,
    /// PowerShell 5.1 or 7 with Microsoft.Graph.Authentication
    Powershell,
}
