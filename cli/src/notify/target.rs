//! Where notices go.

use std::{
    io::Write,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use mutua_node::{keystore::PASSPHRASE_VARIABLE, notices::Notice};
use ureq::Agent;

use crate::{
    context::PASSPHRASE_FILE_VARIABLE,
    failure::{Done, Failure},
    page::plain,
};

/// How long a program, or whoever answers at an address, may take for one notice.
const TIME: Duration = Duration::from_secs(30);

/// Where notices go.
#[derive(Debug)]
pub(crate) enum Target {
    /// A program is run for each.
    Command {
        /// Which.
        program: String,
        /// Its first arguments.
        arguments: Vec<String>,
    },
    /// Each is posted to this address.
    Webhook {
        /// The address.
        address: String,
        /// Posts.
        agent: Box<Agent>,
    },
}

impl Target {
    /// An address that notices are posted to.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn webhook(address: &str) -> Done<Self> {
        let is_address = address.parse::<ureq::http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        if !is_address {
            return Err(Failure::input(
                "node.toml, [notify], webhook: what stands there is no address such as https://example.org/hook",
            ));
        }
        let config = Agent::config_builder()
            .timeout_global(Some(TIME))
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Ok(Self::Webhook { address: address.to_owned(), agent: Box::new(Agent::new_with_config(config)) })
    }

    /// What it is called in messages and file names.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// Tells one notice.
    ///
    /// # Errors
    /// When the program fails, or nobody takes it at the address.
    pub(crate) fn tell(&self, notice: &Notice) -> Done {
        match self {
            Self::Command { program, arguments } => run(program, arguments, notice),
            // The address may hold a secret: it is in no message.
            Self::Webhook { address, agent } => match agent.post(address).send_json(notice) {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(Failure::refused(format!("the webhook answered {}", answer.status()))),
                Err(error) => Err(Failure::refused(format!("the webhook cannot be reached: {error}"))),
            },
        }
    }
}

fn run(program: &str, arguments: &[String], notice: &Notice) -> Done {
    let failed = |error| Failure::refused(format!("'{program}' cannot be run: {error}"));
    let whole = serde_json::to_vec(notice).map_err(|error| failed(error.into()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .arg(plain(&notice.text, false))
        .env_remove(PASSPHRASE_VARIABLE)
        .env_remove(PASSPHRASE_FILE_VARIABLE)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program need not read it.
        let _ = pipe.write_all(&whole);
    }
    match wait(&mut child).map_err(failed)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(Failure::refused(format!("'{program}' has failed ({status})"))),
        None => Err(Failure::refused(format!("'{program}' took more than {} seconds", TIME.as_secs()))),
    }
}

/// Waits for the end; whoever takes too long is ended.
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= TIME {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
