//! `mutua key`: the private keys in the node's home.

use clap::{Args, Subcommand};
use mutua_node::keystore::Protection;
use serde::Serialize;

use super::Context;
use crate::{
    Done,
    failure::Failure,
    home::{Home, new_passphrase, passphrase},
    output,
    page::Table,
};

/// What `mutua key` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

const NEW_EXAMPLE: &str = "\
Example:
  mutua key new me

The key lies in the folder 'keys' of the node's home, encrypted with a passphrase. Without key and
passphrase nobody can sign in your name, and neither can you: keep a copy of the file.";

const LIST_EXAMPLE: &str = "\
Example:
  mutua key list";

const SHOW_EXAMPLE: &str = "\
Example:
  mutua key show me

The public key is what a registrar needs to admit you.";

const PASSPHRASE_EXAMPLE: &str = "\
Example:
  mutua key passphrase me";

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a new key
    #[command(after_help = NEW_EXAMPLE)]
    New {
        /// What to call it: small letters, digits, - and _
        #[arg(value_name = "LABEL")]
        label: String,
    },
    /// List the keys
    #[command(after_help = LIST_EXAMPLE)]
    List,
    /// Show the public key
    #[command(after_help = SHOW_EXAMPLE)]
    Show {
        /// Its label, or the first digits of its public key
        #[arg(value_name = "LABEL")]
        label: String,
    },
    /// Change the passphrase of a key
    #[command(after_help = PASSPHRASE_EXAMPLE)]
    Passphrase {
        /// Its label, or the first digits of its public key
        #[arg(value_name = "LABEL")]
        label: String,
        /// Read the new passphrase from the first line of this file [otherwise: a prompt]
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<std::path::PathBuf>,
    },
}

/// A key, as it is shown.
#[derive(Serialize)]
struct Shown {
    label: String,
    public: String,
    keyring: Option<u64>,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::named(context)?;
        let keystore = home.keystore()?;
        match self.action {
            Action::New { label } => {
                let passphrase = new_passphrase(context)?;
                let key = keystore.create(&label, &passphrase, Protection::Strong).map_err(Failure::keys)?;
                let shown = Shown { label, public: key.public().to_string(), keyring: None };
                output::show(context.json, &shown, |page| {
                    page.line(format!("key '{}' is made; its public key is", shown.label));
                    page.line(&shown.public);
                })
            }
            Action::List => {
                let keys: Vec<Shown> = keystore
                    .list()
                    .map_err(Failure::keys)?
                    .into_iter()
                    .map(|key| Shown {
                        label: key.label,
                        public: key.public.to_string(),
                        keyring: key.keyring,
                    })
                    .collect();
                output::show(context.json, &keys, |page| {
                    let mut table = Table::new(&["label", "public key", ""]);
                    for key in &keys {
                        let kind =
                            key.keyring.map_or_else(String::new, |count| format!("keyring of {count}"));
                        table.row([key.label.clone(), key.public.clone(), kind]);
                    }
                    if keys.is_empty() {
                        page.line("no keys yet; make one with 'mutua key new LABEL'");
                    }
                    page.table(table);
                })
            }
            Action::Show { label } => {
                let key = keystore.find(&label).map_err(Failure::keys)?;
                let shown = Shown { label: key.label, public: key.public.to_string(), keyring: key.keyring };
                output::show(context.json, &shown, |page| {
                    page.line(&shown.public);
                })
            }
            Action::Passphrase { label, new_passphrase_file } => {
                let info = keystore.find(&label).map_err(Failure::keys)?;
                let old = passphrase(context, "Present passphrase: ")?;
                let new = match new_passphrase_file {
                    Some(file) => {
                        mutua_node::keystore::Passphrase::resolve(Some(&file), || Ok(String::new()))
                            .map_err(Failure::keys)?
                    }
                    None => mutua_node::keystore::Passphrase::new(
                        rpassword::prompt_password("New passphrase: ").map_err(Failure::keys)?,
                    ),
                };
                keystore.change_passphrase(&info.label, &old, &new).map_err(Failure::keys)?;
                let shown =
                    Shown { label: info.label, public: info.public.to_string(), keyring: info.keyring };
                output::show(context.json, &shown, |page| {
                    page.line(format!("the passphrase of '{}' is changed", shown.label));
                })
            }
        }
    }
}
