//! `mutua auditor-token`: what auditors have to show.

use clap::Args;
use serde::Serialize;

use crate::{context::Context, failure::Done, home::Home, output};

const EXAMPLE: &str = "\
Example:
  mutua auditor-token
  mutua run --auditors 0.0.0.0:4612        # or in node.toml: auditors = \"0.0.0.0:4612\"

An auditor keeps the token in a file and reads the log from elsewhere:
  mutua audit http://node.example:4612 --token-file token

The token opens the log and the outcomes for reading, and nothing else. It travels unencrypted: over networks that
others can listen to, use a tunnel, or a proxy that speaks TLS.";

/// What `mutua auditor-token` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Make another one; once the node is restarted, the old one opens nothing
    #[arg(long)]
    new: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    token: &'a str,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let token = if self.new { home.new_auditor_token()? } else { home.auditor_token()? };
        output::show(context.json, &Shown { token: &token }, |page| {
            page.line(token.as_str());
        })
    }
}
