//! `tenantry profile`: clap types only.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::Output;
use crate::domain::{limit::MaxDeletions, origin::Origin, reading::Age};

#[derive(Debug, Subcommand)]
pub enum Profile {
    /// Save a profile from the common options; its name is --profile, else "default"
    ///
    /// URLs, a proxy, an authority file and a command that are given here count as confirmed on this machine.
    Add {
        #[command(flatten)]
        says: ProfileSays,
        #[command(flatten)]
        certificate: CertificateArgs,
        /// Read client_secret=…, jupiterone_api_key=… and proxy_password=… lines from standard input, and keep them in the
        /// keyring
        #[arg(long)]
        secrets_stdin: bool,
    },
    /// Change what is given by options; the rest stays
    Edit(ProfileEdit),
    /// List the profiles
    List(Output),
    /// Show a profile (never a secret)
    Show {
        /// Its name; else the selected one
        name: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Use this profile where none is named, from now on
    Use {
        /// Its name
        name: String,
    },
    /// Give a profile another name; its secrets stay where they are
    Rename {
        /// Its name so far
        name: String,
        /// Its name from now on
        to: String,
    },
    /// Confirm the values of a profile that decide where secrets go: URLs, proxy, authority file, command
    ///
    /// A profile that came from elsewhere is not used before that; a change of such a value asks again.
    Trust {
        /// Its name; else the selected one
        name: Option<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Accept what the newest finished run lacks: from then on only new gaps make exit status 3
    ///
    /// A gap that gets another state is new. Accepted or not, nothing is deleted of what a gap may hide.
    AcceptGaps {
        /// The profile's name; else the selected one
        name: Option<String>,
        /// Only list what is accepted
        #[arg(long)]
        list: bool,
        /// Accept nothing any more
        #[arg(long, conflicts_with = "list")]
        none: bool,
    },
    /// Remove a profile and its secrets; the tenant's store is kept
    Remove {
        /// Its name
        name: String,
        /// Also delete the tenant's store, with its copies, unless another profile uses that tenant
        #[arg(long)]
        purge: bool,
        /// Do not ask
        #[arg(long, requires = "purge")]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub struct ProfileEdit {
    /// The profile's name; else --profile, else the selected one
    pub name: Option<String>,
    #[command(flatten)]
    pub says: ProfileSays,
    #[command(flatten)]
    pub certificate: CertificateArgs,
    /// Take a member out of the profile
    #[arg(long, value_name = "MEMBER", value_enum)]
    pub unset: Vec<Member>,
    /// Read client_secret=…, jupiterone_api_key=… and proxy_password=… lines from standard input, and keep them in the
    /// keyring
    #[arg(long)]
    pub secrets_stdin: bool,
}

/// What profiles say beside the common options.
#[derive(Debug, Clone, Default, Args)]
pub struct ProfileSays {
    /// Origin of the admin center, for links, where it is not the cloud's own
    #[arg(long, value_name = "URL")]
    pub admin_center_url: Option<Origin>,
    /// The day on which the client secret ends, as the portal shows it: warnings come 30, 14 and 7 days before
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub secret_expires: Option<Date>,
    /// A program and its arguments that print the client secret, in place of the keyring, such as `op read …`; no shell.
    /// The last option, or ended by `;`
    #[arg(long, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true, value_terminator = ";")]
    pub credential_command: Option<Vec<String>>,
    /// Read everything when the last full read is older than this, such as 12h or 7d
    #[arg(long, value_name = "DURATION")]
    pub full_every: Option<Age>,
    /// How many finished runs stay in the store
    #[arg(long, value_name = "N")]
    pub keep: Option<std::num::NonZeroUsize>,
    /// Resource units in ten seconds to count on
    #[arg(long, value_name = "UNITS")]
    pub quota: Option<std::num::NonZeroU64>,
    /// How many deletions of one type an upload makes without a word: a number, or a share of what is there, such as 5%
    #[arg(long, value_name = "N|P%")]
    pub max_deletions: Option<MaxDeletions>,
    /// Also read when users last signed in
    #[arg(long)]
    pub sign_in_activity: bool,
}

/// A certificate in a secret's place: read from a file, or made here.
#[derive(Debug, Clone, Default, Args)]
pub struct CertificateArgs {
    /// Prove who the app is by the private key and certificate of this PEM or PFX file instead of a secret; the key is kept
    /// in the keyring. A password comes as certificate_password=… with --secrets-stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["make_certificate", "credential_command"])]
    pub certificate: Option<PathBuf>,
    /// Make a key and a certificate, good for a year: the key is kept in the keyring, the .cer is to be uploaded to the app
    /// registration
    #[arg(long, conflicts_with = "credential_command")]
    pub make_certificate: bool,
    /// Where the made .cer goes [default: the data directory]
    #[arg(long, value_name = "FILE.cer", requires = "make_certificate")]
    pub out: Option<PathBuf>,
}

/// A member that a profile may do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Member {
    LoginUrl,
    GraphUrl,
    AdminCenter,
    Proxy,
    CaFile,
    SecretExpires,
    CredentialCommand,
    Certificate,
    FullEvery,
    Keep,
    Quota,
    MaxDeletions,
    SignInActivity,
    Naming,
    JupiteroneUrl,
    /// Account, instance or scope, and URL
    Jupiterone,
}
