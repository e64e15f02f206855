//! `mutua page`: the link to the web page that the node of this home serves.

use std::fmt;

use clap::Args;
use mutua_node::run::Running;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    context::Context,
    failure::{Done, Failure},
    home::Home,
    output,
};

const EXAMPLE: &str = "\
Example:
  mutua page
  mutua page --open

Whoever has the link can read what this node shows and hand in signed records, from this machine. It holds
for as long as the home's file 'api-token' stays the same.";

/// Under this name a file lies in the home that leads a browser to the page. A browser is told the name of that file,
/// because other users of the machine can see what programs are started with.
const DOOR: &str = "page.html";

/// What `mutua page` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Open it
    #[arg(long)]
    open: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    link: &'a str,
}

impl Arguments {
    /// Shows the link, or opens it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let link = Link::of(&home, &home.running()?)?;
        output::show(context.json, &Shown { link: &link.0 }, |page| {
            page.line(link.to_string());
        })?;
        if self.open { link.open(&home) } else { Ok(()) }
    }
}

/// A link to the page, with the token behind the `#`: browsers neither send nor log that part.
pub(crate) struct Link(Zeroizing<String>);

impl Link {
    /// To the node that runs in this home.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub(crate) fn of(home: &Home, running: &Running) -> Done<Self> {
        let token = home.token()?;
        Ok(Self(format!("http://{}/#token={}", running.api, token.as_str()).into()))
    }

    /// Opens it in the browser that the user has chosen.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn open(&self, home: &Home) -> Done {
        let text = format!(
            "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\"><title>mutua</title>\n\
             <meta http-equiv=\"refresh\" content=\"0; url={0}\"><a href=\"{0}\">mutua</a>\n",
            self.0.as_str()
        );
        home.write_secret(DOOR, text.as_bytes())?;
        open::that_detached(home.path().join(DOOR)).map_err(|error| {
            Failure::refused(format!(
                "no browser could be opened ({error}); open the link that 'mutua page' shows"
            ))
        })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
