//! Saying something: a record is signed here, with a key of this home, and handed to the node.

use std::time::Duration;

use clap::Args;
use mutua_node::{
    api::types::ChainView,
    keystore::{KeyInfo, KeyLock, Keystore},
    service::ReceptionStatus,
};
use mutua_protocol::{
    charter::{Charter, Community, Role},
    hash::RecordId,
    keys::{PublicKey, SecretKey},
    records::{Body, Kind, Record},
};
use serde::Serialize;

use crate::{
    Done,
    client::{Client, patiently},
    commands::Context,
    failure::Failure,
    home::{Home, passphrase},
    output,
    page::Page,
    times,
};

/// How long to wait for another process that signs with the same key.
const LOCK_TIME: Duration = Duration::from_secs(15);

/// How long to wait for what a record depends on: a seal takes a second or so.
const PARKED_TIME: Duration = Duration::from_secs(10);

/// With which key.
#[derive(Debug, Args)]
pub(crate) struct SignerArguments {
    /// Sign with this key: its label, or the first digits of its public key [default: the one that fits]
    #[arg(long = "as", value_name = "LABEL")]
    pub label: Option<String>,
}

/// A key that is unlocked and locked against other processes, and where its chain ends.
pub(crate) struct Signer {
    pub client: Client,
    pub community: Community,
    pub chain: ChainView,
    key: SecretKey,
    label: String,
    _lock: KeyLock,
}

/// What was said.
#[derive(Debug, Serialize)]
pub(crate) struct Said {
    /// The record.
    pub id: RecordId,
    /// What kind of record.
    pub kind: Kind,
    /// By whom.
    pub author: PublicKey,
    /// Its number in their chain.
    pub sequence: u64,
}

impl Signer {
    /// Takes the key that fits, or the one that was named, for something that needs this role.
    ///
    /// # Errors
    /// When no node is running, no key fits, or the passphrase is wrong.
    pub(crate) fn take(context: &Context, arguments: &SignerArguments, role: Option<Role>) -> Done<Self> {
        let home = Home::existing(context)?;
        let community = home.community()?;
        let client = Client::of(&home)?;
        let keystore = home.keystore()?;
        let label = fitting(&keystore, arguments.label.as_deref(), role, &community.charter, &client)?;
        // Locked before the chain is asked for, until the record is on the node's disk.
        let lock = keystore.lock(&label, LOCK_TIME).map_err(Failure::keys)?;
        let passphrase = passphrase(context, &format!("Passphrase of the key '{label}': "))?;
        let key = keystore.unlock(&label, &passphrase).map_err(Failure::keys)?;
        let chain = client.chain(&key.public())?;
        Ok(Self { client, community, chain, key, label, _lock: lock })
    }

    /// Who signs.
    pub(crate) fn author(&self) -> PublicKey {
        self.key.public()
    }

    /// The key's label.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Signs a record and hands it in. When this returns, it is on the node's disk.
    ///
    /// # Errors
    /// When the body breaks a bound, or the node does not take it.
    pub(crate) fn say(&self, body: Body) -> Done<Said> {
        let author = self.author();
        body.check(&self.community, &author).map_err(Failure::input)?;
        let kind = body.kind();
        let record = Record {
            community: self.community.id,
            author,
            sequence: self.chain.sequence + 1,
            previous: self.chain.id,
            clock: times::now(),
            body,
        };
        let signed = record.sign(&self.key);
        let said = Said { id: signed.record.id(), kind, author, sequence: signed.record.sequence };
        // The very same bytes are handed in again: another record with this number would be a fork.
        let bytes = [signed.bytes()];
        let mut waiting_for = String::new();
        let taken = patiently(PARKED_TIME, || {
            let answer = self.client.submit(&bytes)?;
            match answer.records.into_iter().next().map(|reception| reception.status) {
                Some(ReceptionStatus::Accepted | ReceptionStatus::Held) => Ok(Some(())),
                Some(ReceptionStatus::Parked { reason }) => {
                    waiting_for = reason;
                    Ok(None)
                }
                Some(ReceptionStatus::Refused { rule, reason }) => {
                    Err(Failure::refused(format!("the node refuses the record ({rule}): {reason}")))
                }
                None => Err(Failure::node("the node did not say what became of the record")),
            }
        })?;
        taken.map(|()| said).ok_or_else(|| {
            Failure::refused(format!(
                "the record cannot be sealed yet: {waiting_for}. The node does not keep it for good; say it again \
                 when that has changed"
            ))
        })
    }
}

/// Tells what was said.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn tell(context: &Context, said: &Said, more: impl FnOnce(&mut Page)) -> Done {
    output::show(context.json, said, |page| {
        more(page);
        page.line(format!(
            "(record {}, number {} of its author's; the witnesses seal it within seconds)",
            said.id.short(),
            said.sequence
        ));
    })
}

/// The label of the key to sign with.
fn fitting(
    keystore: &Keystore,
    named: Option<&str>,
    role: Option<Role>,
    charter: &Charter,
    client: &Client,
) -> Done<String> {
    if let Some(name) = named {
        return Ok(keystore.find(name).map_err(Failure::keys)?.label);
    }
    let keys: Vec<KeyInfo> =
        keystore.list().map_err(Failure::keys)?.into_iter().filter(|key| key.keyring.is_none()).collect();
    let holders: Vec<&KeyInfo> =
        keys.iter().filter(|key| role.is_none_or(|role| charter.holds(&key.public, role))).collect();
    if keys.is_empty() {
        return Err(Failure::keys("there is no key in this home; make one with 'mutua key new LABEL'"));
    }
    match (&holders[..], role) {
        ([only], _) => Ok(only.label.clone()),
        ([], Some(role)) => Err(Failure::keys(format!(
            "none of the keys in this home ({}) is the charter's {}; name the home that has it with --home",
            labels(&keys.iter().collect::<Vec<_>>()),
            format!("{role:?}").to_lowercase()
        ))),
        (several, _) => among(several, client),
    }
}

/// The only one of several keys that is a member's; else the one that `join` or `init` made.
fn among(several: &[&KeyInfo], client: &Client) -> Done<String> {
    let mut members = Vec::new();
    for key in several {
        if client.chain(&key.public)?.member.is_some() {
            members.push(*key);
        }
    }
    if let [only] = members[..] {
        return Ok(only.label.clone());
    }
    ["me", "founder"]
        .iter()
        .find(|usual| several.iter().any(|key| key.label == **usual))
        .map(|label| (*label).to_owned())
        .ok_or_else(|| {
            Failure::keys(format!("several keys fit ({}); choose one with --as LABEL", labels(several)))
        })
}

fn labels(keys: &[&KeyInfo]) -> String {
    keys.iter().map(|key| key.label.as_str()).collect::<Vec<_>>().join(", ")
}
