//! The command line of mutua: arguments in, text or JSON out, and no decisions of its own.

mod amounts;
mod client;
mod commands;
mod confirm;
mod context;
mod desk;
mod difference;
mod draft;
mod election;
mod explaining;
mod failure;
mod files;
mod founding;
mod home;
mod named;
mod notify;
mod numbers;
mod outbox;
mod output;
mod page;
mod progress;
mod record_file;
mod rules;
mod sheet;
mod signing;
mod spelled;
mod times;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;
use context::Context;

/// What the exit status means: the same for every command.
const EXIT_STATUS: &str = "\
Exit status:
  0  done
  1  refused, or a check failed, or results differ
  2  wrong usage, or input that cannot be read
  3  no node is running, or it cannot be reached
  4  keys: wrong passphrase, missing key, or a key file that others may read

'mutua COMMAND --help' shows an example of each command.";

/// Members of a credit cooperative decide together which loans their pool funds.
#[derive(Debug, Parser)]
#[command(name = "mutua", version, about, after_help = EXIT_STATUS, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    context: Context,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let Arguments { context, command } = Arguments::parse();
    match command.run(&context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
