//! Lost keys: a member asks to go on under a new one, and a registrar confirms it.
//!
//! The request is a small file. Nothing in it is secret, and it can be made without a node. It holds the new key's
//! consent, so that a registrar cannot name a key that is not the member's; what makes it the right member's is
//! the registrar's own knowledge of the person.

use std::path::{Path, PathBuf};

use clap::Args;
use mutua_node::{
    api::types::{ChainView, ReplacementView},
    keystore::Protection,
};
use mutua_protocol::{
    charter::{Community, Role},
    hash::CommunityId,
    keys::{PublicKey, Purpose, Signature},
    records::{Body, replacement},
};
use serde::{Deserialize, Serialize};

use crate::{
    client::Client,
    commands::{Context, receipt},
    confirm::confirm,
    failure::{Done, Failure},
    files,
    home::{Home, new_passphrase, passphrase},
    named, output,
    page::{Page, Table, cut},
    signing::{Signer, SignerArguments, tell},
    times,
};

/// Greatest size of a request.
const REQUEST_BYTES: u64 = 4 << 10;

/// What a request says it is.
const REQUEST: &str = "mutua: a new key for a lost one, version 1";

/// A member's request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    what: String,
    community: CommunityId,
    lost: PublicKey,
    successor: PublicKey,
    consent: Signature,
}

impl Request {
    fn read(path: &Path, community: &Community) -> Done<Self> {
        let text = files::read_text(path, REQUEST_BYTES)?;
        let request: Self = serde_json::from_str(&text).map_err(|error| {
            Failure::file(
                path,
                format!("is no request for a new key ('mutua key request' writes one): {error}"),
            )
        })?;
        if request.what != REQUEST {
            return Err(Failure::file(path, "is a request of another version"));
        }
        if request.community != community.id {
            return Err(Failure::file(
                path,
                format!(
                    "is for the community {}, and this home belongs to {} ({})",
                    request.community.short(),
                    community.charter.name,
                    community.id.short()
                ),
            ));
        }
        Ok(request)
    }
}

const REQUEST_EXAMPLE: &str = "\
Example:
  mutua key request me-2 --lost 3f1c...64 digits...9a

Makes the key 'me-2' and a file that asks for it to take the place of the lost one; give the file to a registrar. It holds
nothing secret. No node is needed if the lost key is given in full; 'mutua members' shows it at any node.";

/// What `mutua key request` is told.
#[derive(Debug, Args)]
#[command(after_help = REQUEST_EXAMPLE)]
pub(super) struct Ask {
    /// What to call the new key, which is made unless it is there
    #[arg(value_name = "NEW")]
    new: String,
    /// The lost key: in full, or its first digits if a node is running
    #[arg(long, value_name = "KEY")]
    lost: String,
    /// The file to write [default: named after the new key]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Asked {
    file: PathBuf,
    lost: PublicKey,
    successor: PublicKey,
}

impl Ask {
    pub(super) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let community = home.community()?;
        let keystore = home.keystore()?;
        let lost = match (self.lost.parse(), keystore.find(&self.lost)) {
            (Ok(key), _) => key,
            (_, Ok(found)) => found.public,
            _ => {
                let members = Client::of(&home)?.members()?;
                named::key(&self.lost, &members.iter().map(|member| member.key).collect::<Vec<_>>())?
            }
        };
        // Without a node nobody knows which charter is in force; the registrar's node will say so then.
        if let Ok(client) = Client::of(&home) {
            not_in_charter(&client.community(home.community()?)?, &lost)?;
        }
        let held = keystore.list().map_err(Failure::keys)?;
        let successor = if held.iter().any(|key| key.label == self.new) {
            let passphrase = passphrase(context, &format!("Passphrase of the key '{}': ", self.new))?;
            keystore.unlock(&self.new, &passphrase).map_err(Failure::keys)?
        } else {
            let passphrase = new_passphrase(context)?;
            keystore.create(&self.new, &passphrase, Protection::Strong).map_err(Failure::keys)?
        };
        if successor.public() == lost {
            return Err(Failure::input("the new key is the lost one"));
        }
        let request = Request {
            what: REQUEST.to_owned(),
            community: community.id,
            lost,
            successor: successor.public(),
            consent: successor.sign(Purpose::Replacement, &replacement(community.id, &lost)),
        };
        let text = serde_json::to_string_pretty(&request)
            .map_err(|error| Failure::input(format!("the request cannot be written: {error}")))?;
        let file =
            self.out.unwrap_or_else(|| PathBuf::from(format!("new-key-{}.json", request.successor.short())));
        receipt::write(&file, (text + "\n").as_bytes(), self.force)?;
        let asked = Asked { file, lost, successor: request.successor };
        output::show(context.json, &asked, |page| {
            page.line(format!("{} asks for the key", asked.file.display()));
            page.line(asked.successor);
            page.line("to take the place of");
            page.line(asked.lost);
            page.gap().line(
                "Give the file to a registrar, who has to be sure that it is you: compare the digits of the new key in \
                 person or on the telephone. Until it is confirmed, ask them to suspend the lost key if it may be in \
                 other hands.",
            );
        })
    }
}

fn not_in_charter(community: &Community, lost: &PublicKey) -> Done {
    if community.charter.names(lost) {
        return Err(Failure::refused(format!(
            "the charter names the key {}, so it cannot be replaced: the charter would have to change",
            lost.short()
        )));
    }
    Ok(())
}

const REPLACE_EXAMPLE: &str = "\
Example:
  mutua key replace new-key-8f3a01c2.json --reason \"Passport checked in the office\"

Shows whose key it is and what it does, and asks. Everybody can read the reason. Needs a registrar's key.";

/// What `mutua key replace` is told.
#[derive(Debug, Args)]
#[command(after_help = REPLACE_EXAMPLE)]
pub(super) struct Confirm {
    /// The member's request, as 'mutua key request' writes it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How you know that it is the same person; everybody can read it
    #[arg(long)]
    reason: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Confirm {
    pub(super) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let client = Client::of(&home)?;
        let community = client.community(home.community()?)?;
        let Request { lost, successor, consent, .. } = Request::read(&self.file, &community)?;
        let body = Body::ReplaceKey { lost, successor, consent, reason: self.reason };
        body.check(&community, &lost).map_err(|error| Failure::file(&self.file, error))?;
        not_in_charter(&community, &lost)?;
        let chain = client.chain(&lost)?;
        let page = about(&chain, successor, &body)?;
        confirm(self.yes, &page, "Are you sure that this is the same person?")?;
        let name = chain.member.map_or_else(String::new, |member| member.name);
        let signer = Signer::take(context, &self.signer, Some(Role::Registrar))?;
        let said = signer.say(body)?;
        tell(context, &said, |page| {
            page.line(format!(
                "{name} goes on under the key {}; {} signs nothing any more.",
                successor.short(),
                lost.short()
            ));
        })
    }
}

/// What the replacement does.
fn about(chain: &ChainView, successor: PublicKey, body: &Body) -> Done<Page> {
    let lost = chain.author;
    let Some(member) = &chain.member else {
        return Err(Failure::refused(match chain.successor {
            Some(successor) => format!(
                "the key {} was replaced by {} before. If that was not the member, ask for a request that names \
                 that key as the lost one; 'mutua key replacements' shows what registrars have confirmed",
                lost.short(),
                successor.short()
            ),
            None => format!("the key {lost} is not a member's"),
        }));
    };
    if member.status == "left" {
        return Err(Failure::refused(format!(
            "{} has left: admit the new key instead (mutua admit {successor})",
            member.name
        )));
    }
    let Body::ReplaceKey { reason, .. } = body else { return Ok(Page::default()) };
    let mut page = Page::default();
    page.line("A lost key is replaced:").gap();
    page.facts([
        ("member", member.name.clone()),
        ("group, weight", format!("{}, {}", member.group, member.weight)),
        (
            "status",
            member.suspended.as_ref().map_or_else(
                || member.status.clone(),
                |why| format!("suspended ({why}); the new key is suspended, too, until it is readmitted"),
            ),
        ),
        ("lost key", lost.to_string()),
        ("new key", successor.to_string()),
        ("reason", reason.clone()),
    ]);
    page.gap().line(
        "The new key takes over name, weight, ballots, proposals and track record. The lost one signs nothing afterwards. \
         Everybody can see who confirmed it, and why.",
    );
    Ok(page)
}

const LIST_EXAMPLE: &str = "\
Example:
  mutua key replacements

Every lost key that a registrar has replaced, so that nobody loses a key without having lost it.";

/// What `mutua key replacements` is told.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLE)]
pub(super) struct List {}

impl List {
    pub(super) fn run(context: &Context) -> Done {
        let replacements: Vec<ReplacementView> =
            Client::of(&Home::existing(context)?)?.get("/v1/replacements")?;
        output::show(context.json, &replacements, |page| {
            let mut table = Table::new(&["sealed", "member", "lost key", "new key", "registrar", "reason"]);
            for replacement in &replacements {
                let said = &replacement.replacement;
                table.row([
                    times::show(said.time),
                    cut(&replacement.name, 30),
                    said.lost.short(),
                    said.successor.short(),
                    said.registrar.short(),
                    cut(&said.reason, 50),
                ]);
            }
            if replacements.is_empty() {
                page.line("No registrar has replaced a key.");
            } else {
                page.table(table);
            }
        })
    }
}
