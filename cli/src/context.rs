//! What every command knows.

use std::path::PathBuf;

use clap::Args;

/// What every command knows.
#[derive(Debug, Args)]
pub(crate) struct Context {
    /// The node's home folder [default: ~/.mutua]
    #[arg(long, global = true, env = "MUTUA_HOME", value_name = "DIR", help_heading = "Common options")]
    pub home: Option<PathBuf>,
    /// Show results as JSON
    #[arg(long, global = true, help_heading = "Common options")]
    pub json: bool,
    /// Read the passphrase of keys from the first line of this file [otherwise: MUTUA_PASSPHRASE, or a prompt]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub passphrase_file: Option<PathBuf>,
}
