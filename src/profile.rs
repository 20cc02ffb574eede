//! Who, where and through what: profiles in the config directory, and how flags, profile and environment become
//! [`Settings`]. No secret is ever in a profile or in settings; those live in the vault.
//!
//! A profile is not trusted for being there: see [`own`] and [`trust`].

mod file;
mod folder;
pub mod manage;
pub mod own;
pub mod paths;
mod registry;
mod secrets;
mod settings;
mod table;
pub mod trust;

pub use file::{JupiterOneProfile, Profile};
pub use folder::{ProfileError, Profiles};
pub use registry::{Claim, Registry, Writer as TargetWriter};
pub use secrets::{credential, jupiterone_key, proxy_password};
pub use settings::{Environment, Flags, Settings, SettingsError, TenantRef};
pub use table::TableError;
pub use trust::{Trust, Untrusted, What};
