//! `mutua key`: the private keys in the node's home.

mod replacement;

use clap::{Args, Subcommand};
use mutua_node::keystore::{Keystore, Protection};
use mutua_protocol::{
    keys::Purpose,
    records::{Body, succession},
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    home::{Home, new_passphrase, other_passphrase, passphrase},
    output,
    page::Table,
    signing::{Signer, SignerArguments, tell},
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

const ROTATE_EXAMPLE: &str = "\
Example:
  mutua key rotate me-2

Makes the key 'me-2', and tells the community that the member goes on under it. Weight, ballots and proposals go
along. The old key signs nothing afterwards. A key that the charter names cannot be replaced. If the old key is lost, use
'mutua key request'.";

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a new key
    #[command(after_help = NEW_EXAMPLE)]
    New {
        /// What to call it: small letters, digits, - and _
        #[arg(value_name = "LABEL")]
        label: String,
        /// Protect it for a demonstration only: unlocking takes no time, and neither does guessing
        #[arg(long)]
        throw_away: bool,
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
    /// Replace the key of a member by a new one
    #[command(after_help = ROTATE_EXAMPLE)]
    Rotate {
        /// What to call the new key, which is made unless it is there
        #[arg(value_name = "NEW")]
        new: String,
        #[command(flatten)]
        signer: SignerArguments,
    },
    /// Ask for a new key to take the place of a lost one
    Request(replacement::Ask),
    /// Confirm that a member goes on under a new key (registrar)
    Replace(replacement::Confirm),
    /// List the lost keys that registrars have replaced
    Replacements(replacement::List),
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
            Action::New { label, throw_away } => {
                let passphrase = new_passphrase(context)?;
                let protection = if throw_away { Protection::ThrowAway } else { Protection::Strong };
                let key = keystore.create(&label, &passphrase, protection).map_err(Failure::keys)?;
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
            Action::Request(arguments) => arguments.run(context),
            Action::Replace(arguments) => arguments.run(context),
            Action::Replacements(_) => replacement::List::run(context),
            Action::Rotate { new, signer } => rotate(context, &keystore, &new, &signer),
            Action::Passphrase { label, new_passphrase_file } => {
                let info = keystore.find(&label).map_err(Failure::keys)?;
                let old = passphrase(context, "Present passphrase: ")?;
                let new = other_passphrase(new_passphrase_file.as_deref())?;
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

fn rotate(context: &Context, keystore: &Keystore, new: &str, signer: &SignerArguments) -> Done {
    let signer = Signer::take(context, signer, None)?;
    let old = signer.author();
    // Before a key is made for nothing.
    if signer.community.charter.names(&old) {
        return Err(Failure::refused(
            "the charter names this key, so it cannot be replaced: the charter would have to change",
        ));
    }
    if signer.chain.member.is_none() {
        return Err(Failure::refused(format!("the key '{}' is not a member's", signer.label())));
    }
    let held = keystore.list().map_err(Failure::keys)?;
    let successor = if held.iter().any(|key| key.label == new) {
        let passphrase = passphrase(context, &format!("Passphrase of the key '{new}': "))?;
        keystore.unlock(new, &passphrase).map_err(Failure::keys)?
    } else {
        let passphrase = new_passphrase(context)?;
        keystore.create(new, &passphrase, Protection::Strong).map_err(Failure::keys)?
    };
    let proof = successor.sign(Purpose::Succession, &succession(signer.community.id, &old));
    let said = signer.say(Body::RotateKey { successor: successor.public(), proof })?;
    tell(context, &said, |page| {
        page.line(format!(
            "The member of the key '{}' goes on under the key '{new}', {}.",
            signer.label(),
            successor.public()
        ));
    })
}
