//! The commands: one file a group.

mod allocate;
mod audit;
mod charter;
pub(crate) mod init;
mod join;
mod key;
mod run;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::Done;

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

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Found a community
    Init(init::Arguments),
    /// Make a home for a member of an existing community
    Join(join::Arguments),
    /// Run the node
    Run(run::Arguments),
    /// Make and show keys
    Key(key::Arguments),
    /// Check a charter, or show its id
    Charter(charter::Arguments),
    /// Check a community's whole log from a file, trusting nobody
    Audit(audit::Arguments),
    /// Apply an allocation rule to an election in Pabulib's format, offline
    Allocate(allocate::Arguments),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// [`crate::failure::Failure`] with what is wrong and the exit status.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self {
            Self::Init(arguments) => arguments.run(context),
            Self::Join(arguments) => arguments.run(context),
            Self::Run(arguments) => arguments.run(context),
            Self::Key(arguments) => arguments.run(context),
            Self::Charter(arguments) => arguments.run(context),
            Self::Audit(arguments) => arguments.run(context),
            Self::Allocate(arguments) => arguments.run(context),
        }
    }
}
