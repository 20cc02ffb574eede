//! What a person has to bring, and whether it works: the vault that keeps secrets, the shapes of what is pasted, advice
//! for every code of the services, and the doctor's checks.
//!
//! A secret is kept by the operating system or in memory, never in a file. Nothing here writes to Microsoft or to
//! JupiterOne.

pub mod advice;
pub mod certificate;
pub mod command;
pub mod consent;
pub mod doctor;
pub mod os_vault;
mod public_key;
pub mod shapes;
pub mod vault;

pub use self::{
    advice::{Place, explain, explain_at},
    doctor::{DoctorInput, doctor},
    os_vault::OsVault,
    public_key::read_public_key,
    shapes::check_secret,
    vault::{Entry, MemoryVault, Vault, VaultError, with_deadline},
};
