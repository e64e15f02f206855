//! What every command knows.

use std::path::PathBuf;

use clap::Args;

/// The environment variable that names the node's home.
pub(crate) const HOME_VARIABLE: &str = "MUTUA_HOME";

/// The environment variable that names the passphrase's file.
pub(crate) const PASSPHRASE_FILE_VARIABLE: &str = "MUTUA_PASSPHRASE_FILE";

/// What every command knows.
#[derive(Debug, Args)]
pub(crate) struct Context {
    /// The node's home folder [default: ~/.mutua]
    #[arg(long, global = true, env = HOME_VARIABLE, value_name = "DIR", help_heading = "Common options")]
    pub home: Option<PathBuf>,
    /// Show results as JSON
    #[arg(long, global = true, help_heading = "Common options")]
    pub json: bool,
    /// Read the passphrase of keys from the first line of this file [otherwise: MUTUA_PASSPHRASE, or a prompt]
    #[arg(long, global = true, env = PASSPHRASE_FILE_VARIABLE, value_name = "FILE", help_heading = "Common options")]
    pub passphrase_file: Option<PathBuf>,
}
