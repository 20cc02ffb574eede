//! The scripts that tenantry makes for others, run: with a stand-in for `az` on every machine, through the real Azure CLI
//! where it is installed, and read by shellcheck and by a grammar of PowerShell.

#[path = "support/left_out.rs"]
mod left_out;
#[path = "scripts/stand_in.rs"]
mod stand_in;

#[cfg(unix)]
#[path = "scripts/checked.rs"]
mod checked;
#[cfg(unix)]
#[path = "scripts/program.rs"]
mod program;
#[cfg(unix)]
#[path = "scripts/real_az.rs"]
mod real_az;
#[cfg(unix)]
#[path = "scripts/run.rs"]
mod run;
