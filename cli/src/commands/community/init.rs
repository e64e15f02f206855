//! `mutua init`: founding a community.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use mutua_node::keystore::Protection;
use mutua_protocol::{
    charter::{Community, Role, RoleHolders},
    keys::PublicKey,
    seals::Witness,
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    files,
    founding::Terms,
    home::{Home, Settings, new_passphrase},
    output, times,
};

const EXAMPLE: &str = "\
Example:
  mutua init --name \"Sonnental eG\" --period 30d
  mutua run

The founder's key holds every role and is the only witness: enough to begin with. For several
witnesses and separate keys, compose a charter with 'mutua charter new', and found the community with
--charter.";

/// What `mutua init` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The community's name
    #[arg(long, required_unless_present = "charter")]
    name: Option<String>,
    #[command(flatten)]
    terms: Terms,
    /// Found the community with this charter instead
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    charter: Option<PathBuf>,
    /// Label of the founder's key
    #[arg(long, default_value = "founder", value_name = "LABEL")]
    key: String,
    #[command(flatten)]
    network: NetworkArguments,
}

/// Where a node listens and finds others.
#[derive(Debug, Args)]
pub(crate) struct NetworkArguments {
    /// Where to listen for peers, again for each address [default: TCP and QUIC on port 4610]
    #[arg(long, value_name = "MULTIADDR")]
    pub listen: Vec<String>,
    /// Where to find peers, again for each address
    #[arg(long, value_name = "MULTIADDR")]
    pub bootstrap: Vec<String>,
    /// Where the local API listens [default: 127.0.0.1:4611]
    #[arg(long, value_name = "ADDRESS")]
    pub api: Option<SocketAddr>,
    /// Do not look for peers on the local network
    #[arg(long)]
    pub no_mdns: bool,
}

impl NetworkArguments {
    /// Settings with these.
    pub(crate) fn settings(self, witness: Option<String>) -> Settings {
        let mut settings = Settings { witness, bootstrap: self.bootstrap, ..Settings::usual() };
        if !self.listen.is_empty() {
            settings.listen = self.listen;
        }
        if let Some(api) = self.api {
            settings.api = api;
        }
        settings.mdns = !self.no_mdns;
        settings
    }
}

#[derive(Serialize)]
struct Founded {
    community: String,
    name: String,
    home: PathBuf,
    key: Option<PublicKey>,
    first_close: u64,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::named(context)?;
        home.must_be_new()?;
        let (community, key, witness) = match &self.charter {
            Some(path) => {
                let community = files::read_charter(path)?;
                // A witness's node is told so with `witness` in node.toml, or by a key with that label.
                let held = home.keystore()?.list().map_err(Failure::keys)?;
                let witness = held
                    .iter()
                    .find(|key| community.witnesses.get(&key.public).is_some())
                    .map(|key| key.label.clone());
                (community, None, witness)
            }
            None => {
                self.check()?;
                let passphrase = new_passphrase(context)?;
                let key = home
                    .keystore()?
                    .create(&self.key, &passphrase, Protection::Strong)
                    .map_err(Failure::keys)?
                    .public();
                (self.compose(key)?, Some(key), Some(self.key.clone()))
            }
        };
        home.create(&community.charter, &self.network.settings(witness))?;
        let founded = Founded {
            community: community.id.to_string(),
            name: community.charter.name.clone(),
            home: home.path().to_path_buf(),
            key,
            first_close: community.charter.schedule.first_close,
        };
        output::show(context.json, &founded, |page| {
            page.line(format!("{} is founded in {}.", founded.name, founded.home.display()));
            page.gap();
            page.facts([
                ("community", founded.community.clone()),
                ("first close", times::show(founded.first_close)),
                ("founder's key", founded.key.map_or_else(|| "none made".to_owned(), |key| key.to_string())),
            ]);
            page.gap();
            page.line("Next:");
            let admit = founded.key.map(|key| format!("  mutua admit {} --name YOU", key.short()));
            let mut next = vec![("  mutua run", "start the node, and leave it running".to_owned())];
            next.extend(admit.as_deref().map(|admit| (admit, "become a member yourself".to_owned())));
            next.push(("  mutua fund 10000 --source SAVINGS", "put money into the pool".to_owned()));
            page.facts(next);
            page.line("Give charter.json and your node's address to others, for 'mutua join'.");
        })
    }

    /// Says what is wrong before a key is made.
    fn check(&self) -> Done {
        let anybody = mutua_protocol::keys::SecretKey::from_seed(&[1; 32]).public();
        self.compose(anybody).map(|_| ())
    }

    fn compose(&self, founder: PublicKey) -> Done<Community> {
        let holds = |role| RoleHolders { role, keys: vec![founder], needed: 1 };
        let roles = [Role::Registrar, Role::Attestor, Role::Treasurer, Role::Board, Role::Moderator];
        let roles = roles.map(holds).to_vec();
        let witness = Witness { key: founder, power: 1, name: "founder".to_owned() };
        let charter = self.terms.charter(self.name.as_deref().unwrap_or_default(), roles, vec![witness])?;
        Community::new(charter).map_err(Failure::input)
    }
}
