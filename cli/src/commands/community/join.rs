//! `mutua join`: a home for a member of an existing community.

use std::path::PathBuf;

use clap::Args;
use mutua_node::keystore::Protection;
use mutua_protocol::keys::PublicKey;
use serde::Serialize;

use crate::{
    commands::community::init::NetworkArguments,
    context::Context,
    failure::{Done, Failure},
    files,
    home::{Home, new_passphrase},
    output,
};

const EXAMPLE: &str = "\
Example:
  mutua join charter.json --bootstrap /ip4/192.0.2.7/tcp/4610
  mutua run

Compare the community's id with somebody you trust: whoever has the same id has the same charter.";

/// What `mutua join` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The community's charter, a JSON file
    #[arg(value_name = "CHARTER")]
    charter: PathBuf,
    /// Label of the key to make
    #[arg(long, default_value = "me", value_name = "LABEL")]
    key: String,
    /// Make no key
    #[arg(long, conflicts_with = "key")]
    no_key: bool,
    /// This node is a witness, with the key of this label
    #[arg(long, value_name = "LABEL")]
    witness: Option<String>,
    #[command(flatten)]
    network: NetworkArguments,
}

#[derive(Serialize)]
struct Joined {
    community: String,
    name: String,
    home: PathBuf,
    key: Option<PublicKey>,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let community = files::read_charter(&self.charter)?;
        let home = Home::named(context)?;
        if let Some(label) = &self.witness {
            let key = home.keystore()?.find(label).map_err(Failure::keys)?.public;
            if community.witnesses.get(&key).is_none() {
                return Err(Failure::refused(format!("{key} ('{label}') is no witness in this charter")));
            }
        }
        // Before a key is made for nothing; and the home comes last, so that the same command can follow a slip of the finger.
        home.must_be_new()?;
        let key = self.own_key(context, &home)?;
        home.create(&community.charter, &self.network.settings(self.witness))?;
        let joined = Joined {
            community: community.id.to_string(),
            name: community.charter.name.clone(),
            home: home.path().to_path_buf(),
            key,
        };
        output::show(context.json, &joined, |page| {
            page.line(format!("{} has a home for {}.", joined.home.display(), joined.name));
            page.gap();
            page.facts([
                ("community", joined.community.clone()),
                ("your key", joined.key.map_or_else(|| "none made".to_owned(), |key| key.to_string())),
            ]);
            page.gap();
            page.line(
                "Next: start the node with 'mutua run', and give your key to a registrar, who admits you.",
            );
        })
    }
    /// The member's key, which may be there already.
    fn own_key(&self, context: &Context, home: &Home) -> Done<Option<PublicKey>> {
        if self.no_key {
            return Ok(None);
        }
        let keystore = home.keystore()?;
        let held = keystore.list().map_err(Failure::keys)?;
        if let Some(key) = held.iter().find(|key| key.label == self.key) {
            return Ok(Some(key.public));
        }
        let passphrase = new_passphrase(context)?;
        let key = keystore.create(&self.key, &passphrase, Protection::Strong).map_err(Failure::keys)?;
        Ok(Some(key.public()))
    }
}
