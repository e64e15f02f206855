//! The desk: commands that the owner's page asks for, each carried out by a process of this program.
//!
//! So a page can do what a command can, with the same checks and the same care for numbers, and the node never holds a
//! member's key. The passphrase goes to the process by a pipe: neither the list of processes nor a file shows it.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use clap::{Arg, ArgMatches, CommandFactory, Parser, builder::ValueParser, parser::ValueSource};
use mutua_node::{
    api::{
        desk::{ActError, Acting, Desk},
        types::{ActView, OwnKey},
    },
    keystore::PASSPHRASE_VARIABLE,
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::{
    Arguments,
    context::{HOME_VARIABLE, PASSPHRASE_FILE_VARIABLE},
    failure::{Done, Failure, Status},
    home::Home,
};

/// Most words of a command, and bytes of them all: a ballot on a thousand proposals has a word of some 70 bytes for each.
const WORDS: usize = 2_000;
const WORD_BYTES: usize = 256 << 10;

/// Commands under way at once. Those with the same key wait for each other anyway.
const AT_ONCE: usize = 4;

/// How long a command waits for its turn.
const PLACE_TIME: Duration = Duration::from_secs(5);

/// How long a page waits for one: an API request ends after a minute. The command has time limits of its own.
const TIME: Duration = Duration::from_secs(50);

/// What a page does not choose: how it is answered.
const REFUSED: [&str; 2] = ["--json", "--help"];

/// A desk whose commands are processes.
pub(crate) struct ChildDesk {
    program: PathBuf,
    home: Home,
    places: Arc<Semaphore>,
}

impl ChildDesk {
    /// The desk of this home.
    ///
    /// # Errors
    /// When this program cannot be found.
    pub(crate) fn of(home: Home) -> Done<Self> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::refused(format!("this program cannot find itself on the disk: {error}"))
        })?;
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Ok(Self { program, home, places })
    }

    /// Starts the command, and waits until it has ended.
    fn carry_out(&self, words: &[String], passphrase: &str) -> Result<ActView, ActError> {
        let failed = |error: std::io::Error| ActError::Failed(format!("the command cannot be run: {error}"));
        let mut child = Command::new(&self.program)
            .arg("--json")
            .args(words)
            .env(HOME_VARIABLE, self.home.path())
            .env(PASSPHRASE_FILE_VARIABLE, "/dev/stdin")
            .env_remove(PASSPHRASE_VARIABLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut pipe) = child.stdin.take() {
            // A command that has ended already says why.
            let _ = pipe.write_all(passphrase.as_bytes());
        }
        told(&child.wait_with_output().map_err(failed)?)
    }
}

impl Desk for ChildDesk {
    fn keys(&self) -> Result<Vec<OwnKey>, String> {
        self.home.own_keys().map_err(|failure| failure.message().to_owned())
    }

    fn act(self: Arc<Self>, words: Vec<String>, passphrase: Zeroizing<String>) -> Acting {
        Box::pin(async move {
            check(&words)?;
            // Whoever waits for a place holds one of the API's, which the commands need to reach their node.
            let place = tokio::time::timeout(PLACE_TIME, Arc::clone(&self.places).acquire_owned())
                .await
                .map_err(|_| {
                    ActError::Failed(format!("{AT_ONCE} commands are under way: this one was not begun"))
                })?
                .map_err(|_| ActError::Failed("the node is stopping".to_owned()))?;
            let name = words.first().cloned().unwrap_or_default();
            let working = tokio::task::spawn_blocking(move || {
                let _place = place;
                self.carry_out(&words, &passphrase)
            });
            tokio::time::timeout(TIME, working)
                .await
                .map_err(|_| {
                    ActError::Failed(format!(
                        "'mutua {name}' has not ended within {} seconds, and goes on. Look whether it was done before you \
                         say it again: what is signed is kept, and handed in first",
                        TIME.as_secs()
                    ))
                })?
                .map_err(|_| ActError::Failed("the command was broken off".to_owned()))?
        })
    }
}

/// Is this a command that a page may ask for?
fn check(words: &[String]) -> Result<(), ActError> {
    let bytes: usize = words.iter().map(String::len).sum();
    if words.len() > WORDS || bytes > WORD_BYTES {
        return Err(ActError::Input(format!(
            "a command has at most {WORDS} words with {WORD_BYTES} bytes together; this one has {} with {bytes}",
            words.len()
        )));
    }
    if words.iter().any(|word| word.contains('\0')) {
        return Err(ActError::Input("a word of the command holds a zero byte".into()));
    }
    for word in words {
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        if REFUSED.contains(&name) {
            return Err(ActError::Input(format!("'{name}' is for the terminal: a page does not choose it")));
        }
    }
    let given = std::iter::once("mutua").chain(words.iter().map(String::as_str));
    let unread = |error: clap::Error| ActError::Input(plain(&error.to_string()));
    let parsed = Arguments::try_parse_from(given.clone()).map_err(unread)?;
    if !parsed.command.may_be_asked_for() {
        return Err(ActError::Input(format!(
            "'mutua {}' is for the terminal: a page asks only for what a member or an office says",
            words.first().map_or("", String::as_str)
        )));
    }
    let program = Arguments::command();
    let matches = program.clone().try_get_matches_from(given).map_err(unread)?;
    path_given(&program, &matches).map_or(Ok(()), |name| {
        Err(ActError::Input(format!("'{name}' is for the terminal: a page names no file and no folder")))
    })
}

/// The argument that names a file or a folder, if one was given in words: its type says so, whatever it is called.
fn path_given(command: &clap::Command, matches: &ArgMatches) -> Option<String> {
    let is_given = |arg: &&Arg| {
        matches!(matches.try_contains_id(arg.get_id().as_str()), Ok(true))
            && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    let named =
        |arg: &Arg| arg.get_long().map_or_else(|| arg.get_id().to_string(), |long| format!("--{long}"));
    let here = command.get_arguments().filter(|arg| is_path(arg)).find(is_given).map(named);
    here.or_else(|| {
        let (name, below) = matches.subcommand()?;
        path_given(command.find_subcommand(name)?, below)
    })
}

fn is_path(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == ValueParser::path_buf().type_id()
}

/// What a command that has ended said.
fn told(output: &Output) -> Result<ActView, ActError> {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let answer = serde_json::from_slice(&output.stdout)
            .map_err(|error| ActError::Failed(format!("the command's answer cannot be read: {error}")))?;
        return Ok(ActView { answer, notes: said.lines().map(str::to_owned).collect() });
    }
    let why = plain(&said);
    Err(match output.status.code() {
        Some(code) if code == Status::Refused as i32 => ActError::Refused(why),
        Some(code) if code == Status::Input as i32 => ActError::Input(why),
        Some(code) if code == Status::Node as i32 => ActError::Node(why),
        Some(code) if code == Status::Keys as i32 => ActError::Keys(why),
        _ => ActError::Failed(format!("the command was broken off ({}). {why}", output.status)),
    })
}

/// An error as it is told elsewhere than in a terminal.
fn plain(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix("error: ").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something that each command of a page says, whole.
    const SAYINGS: [&[&str]; 24] = [
        &["vote", "5b3e90aa=10", "c07d11ee=yes", "--standing"],
        &["delegate", "3f1c8a21", "--category=farms"],
        &["delegate", "--end"],
        &["predict", "5b3e90aa", "2.5%"],
        &["argue", "5b3e90aa", "--for=--unsigned=../../text"],
        &["endorse", "c07d11ee", "--withdraw"],
        &[
            "propose",
            "loan",
            "--title=t",
            "--borrower=b",
            "--purpose=p",
            "--category=c",
            "--amount=1",
            "--term=1",
            "--rate=1%",
            "--repayment=annuity",
            "--expires=+1d",
        ],
        &["propose", "motion", "--title=t", "--text=--batch"],
        &["amend", "5b3e90aa", "--amount=1"],
        &["withdraw", "5b3e90aa", "--reason=r"],
        &["admit", "5b3e90aa", "--name=--home=/"],
        &["suspend", "3f1c8a21", "--reason=r"],
        &["readmit", "3f1c8a21", "--reason=r"],
        &["fund", "1", "--source=s"],
        &["disburse", "5b3e90aa", "1"],
        &["release", "5b3e90aa", "1", "--reason=r"],
        &["repay", "5b3e90aa", "--principal=1"],
        &["write-off", "5b3e90aa", "1", "--reason=r"],
        &["recover", "5b3e90aa", "1"],
        &["moderate", "c07d11ee", "--hide", "--reason=r"],
        &["respond", "c07d11ee", "--status=accepted", "--reason=r"],
        &["respond", "--round=3", "--status=done", "--reason=r"],
        &[
            "attest",
            "5b3e90aa",
            "--grade=1",
            "--default=1%",
            "--loss=40%",
            "--greatest=1",
            "--outlook=1",
            "--valid=+1d",
        ],
        &["revoke", "5b3e90aa", "--reason=r"],
    ];

    fn words(of: &[&str]) -> Vec<String> {
        of.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn whatever_a_page_says_it_adds_no_path() {
        let mut program = Arguments::command();
        program.build();
        let mut tried = 0;
        for saying in SAYINGS {
            let saying = words(saying);
            check(&saying).unwrap_or_else(|error| panic!("{saying:?}: {error}"));
            let command = saying.iter().fold(&program, |at, word| at.find_subcommand(word).unwrap_or(at));
            for arg in command.get_arguments().filter(|arg| is_path(arg)) {
                let Some(long) = arg.get_long() else { panic!("{saying:?} has a path as it is") };
                for added in [vec![format!("--{long}=x")], vec![format!("--{long}"), "x".to_owned()]] {
                    let refused = check(&[saying.clone(), added].concat());
                    assert!(matches!(refused, Err(ActError::Input(_))), "{saying:?} with --{long}");
                    tried += 1;
                }
            }
        }
        assert!(
            tried >= 2 * 3 * SAYINGS.len(),
            "each has --home, --passphrase-file and --unsigned at least: {tried}"
        );
    }

    #[test]
    fn what_is_no_saying_is_for_the_terminal() {
        for refused in [
            &["propose", "charter", "charter.json", "--title=t", "--purpose=p"][..],
            &["vote", "5b3e90aa=10", "--json"],
            &["argue", "5b3e90aa", "--for", "--unsigned=x"],
            &["leave"],
            &["key", "new", "other"],
            &["sign", "file"],
            &["run"],
            &["--help"],
            &["vote", "-h"],
            &["-V"],
        ] {
            assert!(matches!(check(&words(refused)), Err(ActError::Input(_))), "{refused:?}");
        }
    }
}
