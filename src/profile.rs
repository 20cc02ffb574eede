//! Who, where and through what: profiles in the config directory, and how flags, profile and environment become
//! [`Settings`]. No secret is ever in a profile or in settings; those live in the vault.

mod file;
pub mod paths;
mod registry;
mod settings;

pub use file::{JupiterOneProfile, Profile, ProfileError, Profiles};
pub use registry::{Claim, Registry, RegistryError, Writer as TargetWriter};
pub use settings::{Environment, Flags, Settings, SettingsError, TenantRef, credential, jupiterone_key};
