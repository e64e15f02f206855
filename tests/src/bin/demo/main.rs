//! `scripts/demo`: one round of a community, with seven real processes on this machine.

mod election;
mod stage;
mod story;
mod telling;
mod town;
mod verdict;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use mutua_tests::{Folder, PASSPHRASE};

use stage::{PARTS, Stage};
use telling::Teller;

/// One round of a community, with seven real processes on this machine
#[derive(Debug, Parser)]
#[command(name = "scripts/demo")]
struct Arguments {
    /// Instead of the small town: a real election in Pabulib's format
    #[arg(long, value_name = "FILE.pb")]
    election: Option<PathBuf>,
    /// Leave the nodes running afterwards, to play with
    #[arg(long)]
    keep: bool,
    /// Seconds from the founding to the close [default: chosen by the machine's speed]
    #[arg(long, value_name = "SECONDS")]
    close: Option<u64>,
    /// Where the homes of the nodes go [default: a temporary folder, removed afterwards]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

fn main() -> ExitCode {
    // What fails here fails in front of a reader: the message, without the machinery.
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("an unexpected end");
        eprintln!("\nThe demo FAILED: {message}");
    }));
    let arguments = Arguments::parse();
    let mut teller = Teller::new();
    let temporary = arguments.folder.is_none().then(|| Folder::new("demo"));
    let folder = match (&arguments.folder, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => unreachable!("one of the two is there"),
    };
    let mut stage = Stage::new(&folder);
    let agree = match &arguments.election {
        None => story::found(&mut teller, &mut stage, arguments.close).tell(),
        Some(file) => election::tell(&mut teller, &mut stage, file, arguments.close),
    };
    let agree = match agree {
        Ok(agree) => agree,
        Err(problem) => panic!("{problem}"),
    };
    if arguments.keep {
        keep(&teller, &stage);
    }
    if let Err(problem) = stage.stop() {
        panic!("{problem}");
    }
    println!("\nAll seven nodes ended cleanly, after {:.0} s.", teller.seconds());
    if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tells how to play, and waits for Ctrl-C.
fn keep(teller: &Teller, stage: &Stage) {
    println!("\nThe seven nodes go on running. In another terminal:\n");
    println!("    export PATH=\"{}:$PATH\"", program_folder().display());
    println!("    export MUTUA_PASSPHRASE='{PASSPHRASE}'");
    println!("    export MUTUA_HOME='{}'", stage.nodes[PARTS.len() - 1].home().display());
    for (command, what) in [
        ("mutua page --open", "the web page of this node"),
        ("mutua status", "where the node stands"),
        ("mutua proposals", "what can be voted on"),
        ("mutua outcome 1", "the round that has closed, and why"),
        ("mutua outcome current", "the next round, if it closed now"),
        ("mutua propose motion --title 'More demos' --text 'Every week'", "a member's idea"),
        ("mutua vote PROPOSAL=10", "the first digits of a proposal's id will do"),
        ("mutua log export log.archive && mutua audit log.archive", "trust nobody"),
    ] {
        println!("    {command:<64} # {what}");
    }
    println!("\nThe homes of the others lie beside it. Ctrl-C ends all seven.");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waited = runtime.and_then(|runtime| runtime.block_on(tokio::signal::ctrl_c()));
    match waited {
        Ok(()) => println!("\nStopping."),
        Err(error) => teller.say(format!("Ctrl-C cannot be waited for: {error}")),
    }
}

fn program_folder() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.parent().map(PathBuf::from).unwrap_or_default()
}
