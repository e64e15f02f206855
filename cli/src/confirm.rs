//! Asking before something is signed that cannot be taken back.

use std::io::{BufRead, IsTerminal, Write};

use crate::{
    failure::{Done, Failure},
    page::Page,
};

/// Shows what is about to be signed, and asks. With `--yes` nobody is asked, and nothing is shown.
///
/// # Errors
/// When the answer is no, or there is nobody to ask.
pub(crate) fn confirm(yes: bool, what: &Page, question: &str) -> Done {
    if yes {
        return Ok(());
    }
    let mut input = std::io::stdin().lock();
    if !input.is_terminal() {
        return Err(Failure::input(format!(
            "nobody is there to answer '{question}': give the command at a terminal, or with --yes"
        )));
    }
    // Standard output is for the result.
    let mut terminal = std::io::stderr();
    let mut answer = String::new();
    write!(terminal, "{}\n{question} [yes/no] ", what.text())
        .and_then(|()| terminal.flush())
        .and_then(|()| input.read_line(&mut answer))
        .map_err(|error| Failure::input(format!("the terminal cannot be used: {error}")))?;
    match answer.trim().to_lowercase().as_str() {
        "yes" | "y" => Ok(()),
        _ => Err(Failure::refused("that was no yes: nothing is signed")),
    }
}
