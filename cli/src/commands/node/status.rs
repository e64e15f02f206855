//! `mutua status`: where the node stands.

use clap::Args;
use mutua_node::{
    api::types::DelegationsView,
    keystore::KeyInfo,
    service::{NodeStatus, WaitingQuestion},
};
use serde::Serialize;

use crate::{
    amounts,
    client::Client,
    commands::{deciding::delegate, operator::respond},
    context::Context,
    failure::Done,
    home::Home,
    outbox::Outbox,
    output,
    page::{Page, Table, cut},
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua status";

/// Of so many keys of a home it is shown what was delegated: each costs a look at all members.
const KEYS: usize = 8;

/// What `mutua status` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    status: &'a NodeStatus,
    /// Whose ballots count for the members whose keys are in this home, by delegation.
    delegations: &'a [DelegationsView],
    /// Records in the outbox.
    kept: usize,
}

impl Arguments {
    /// Shows it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let client = Client::of(&home)?;
        let status: NodeStatus = client.get("/v1/status")?;
        let currency = client.charter()?.currency;
        // A key that cannot be read is no reason to show nothing of the node.
        let keys = home.keystore().ok().and_then(|keys| keys.list().ok()).unwrap_or_default();
        let is_mine = |waits: &&WaitingQuestion| keys.iter().any(|key| key.public == waits.question.owner);
        let mine: Vec<&WaitingQuestion> = status.questions.iter().filter(is_mine).collect();
        let delegations = delegations(&client, &keys)?;
        let kept = Outbox::count(home.path());
        output::show(context.json, &Shown { status: &status, delegations: &delegations, kept }, |page| {
            tell(page, &status, &mine, &amounts::show(status.pool, &currency));
            for view in &delegations {
                page.gap();
                delegate::show(page, view);
            }
            if kept > 0 {
                page.gap().line(format!(
                    "Signed in this home, and not known to have reached the node: {kept}. The next command with the same \
                     key hands it in"
                ));
            }
        })
    }
}

/// What the members with these keys have delegated, and what was delegated to them: those of whom there is something to say.
fn delegations(client: &Client, keys: &[KeyInfo]) -> Done<Vec<DelegationsView>> {
    let mut found = Vec::new();
    for key in keys.iter().filter(|key| key.keyring.is_none()).take(KEYS) {
        if client.chain(&key.public)?.member.is_none() {
            continue;
        }
        let view: DelegationsView = client.get(&format!("/v1/delegations/{}", key.public))?;
        if !view.delegations.is_empty() || view.delegated_by.heads > 0 {
            found.push(view);
        }
    }
    Ok(found)
}

fn tell(page: &mut Page, status: &NodeStatus, mine: &[&WaitingQuestion], pool: &str) {
    if let Some(disagreement) = &status.disagreement {
        page.line("THIS NODE DIFFERS FROM THE WITNESSES").line(disagreement).gap();
    }
    if !status.evidence.is_empty() {
        page.line("THIS NODE HAS SEEN MISBEHAVIOUR");
        page.facts(status.evidence.iter().map(|(kind, count)| (kind.as_str(), count.to_string())));
        page.line("'mutua evidence list' shows whose, and 'mutua evidence export' writes files that anybody can check.");
        page.gap();
    }
    let now = times::now();
    let closes = match status.close.checked_sub(now) {
        Some(left) if left > 0 => format!("in {}", times::show_duration(left)),
        _ => "due: the next seal closes it".to_owned(),
    };
    let sealed = match status.height {
        0 => "none yet".to_owned(),
        height => format!("{height}, the newest ({}) of {}", status.head.short(), times::show(status.time)),
    };
    let outcome = status
        .outcome
        .as_ref()
        .map_or_else(|| "none yet".to_owned(), |(round, digest)| format!("round {round}, digest {digest}"));
    let waiting = match (status.tail, status.parked) {
        (0, 0) => "none".to_owned(),
        (tail, 0) => format!("{tail} to be sealed"),
        (tail, parked) => format!("{tail} to be sealed, {parked} for something that has not come yet"),
    };
    page.facts([
        ("community", format!("{} ({})", status.name, status.community.short())),
        ("round", format!("{}, closes {} ({closes})", status.round, times::show(status.close))),
        ("pool", pool.to_owned()),
        ("members", status.members.to_string()),
        ("proposals", status.proposals.to_string()),
        ("questions", format!("{} wait for an answer", status.questions_count)),
        ("seals", sealed),
        ("records sealed", status.records.to_string()),
        ("records waiting", waiting),
        ("last outcome", outcome),
        ("witness", witness(status)),
        ("peers", status.peers.len().to_string()),
        ("version", status.version.clone()),
    ]);
    let mut peers = Table::new(&["peer", ">seal", ">waiting", "last outcome", "address"]);
    for peer in &status.peers {
        let unknown = || "?".to_owned();
        peers.row([
            // The beginning is the same for all.
            peer.peer.get(peer.peer.len().saturating_sub(8)..).unwrap_or(&peer.peer).to_owned(),
            peer.height.map_or_else(unknown, |height| height.to_string()),
            peer.tail.map_or_else(unknown, |tail| tail.to_string()),
            peer.outcome.as_ref().map_or_else(
                || "-".to_owned(),
                |(round, digest)| {
                    let same = match &status.outcome {
                        Some((ours, own)) if ours == round && own == digest => " (the same)",
                        Some((ours, _)) if ours == round => " (ANOTHER ONE)",
                        _ => "",
                    };
                    format!("round {round}, {}{same}", digest.short())
                },
            ),
            peer.address.clone(),
        ]);
    }
    if !peers.is_empty() {
        page.gap().table(peers);
    }
    if status.waiting_count > 0 {
        page.gap().line(format!("Waiting for the board's answer: {}", status.waiting_count));
        let mut table = Table::new(&["what", "since", "so far", "title"]);
        for waits in status.waiting.iter().take(20) {
            let (what, so_far) = (respond::name(waits.about), waits.status.map(respond::word));
            let so_far = so_far.unwrap_or("nothing").to_owned();
            table.row([what, times::show(waits.since), so_far, cut(&waits.title, 50)]);
        }
        page.table(table);
    }
    if !mine.is_empty() {
        page.gap().line(format!("Questions that wait for your answer: {}", mine.len()));
        let mut table = Table::new(&["question", "since", "about"]);
        for waits in mine.iter().take(20) {
            let question = &waits.question;
            table.row([question.id.short(), times::show(question.since), cut(&waits.title, 60)]);
        }
        page.table(table);
        page.line("'mutua arguments PROPOSAL' shows them, and 'mutua argue QUESTION --answer TEXT' answers.");
    }
    for (title, counts) in [
        ("Refused since the start", &status.refused),
        ("Waiting for something", &status.parked_by),
        ("Sealed without effect since the start", &status.void),
    ] {
        if !counts.is_empty() {
            let mut table = Table::new(&["rule", ">number", "meaning"]);
            for (name, count) in counts {
                let meaning = status.meanings.get(name).cloned().unwrap_or_default();
                table.row([name.clone(), count.to_string(), meaning]);
            }
            page.gap().line(title).table(table);
        }
    }
    if status.forks > 0 {
        page.gap().line(format!("Authors who signed two records with one number: {}", status.forks));
    }
}

fn witness(status: &NodeStatus) -> String {
    let Some(witness) = &status.witness else { return "no".to_owned() };
    let doing = match (&witness.halted, witness.height, witness.round) {
        (Some(why), _, _) => format!("HALTED: {why}"),
        (None, Some(height), Some(0) | None) => format!("agreeing on seal {height}"),
        (None, Some(height), Some(round)) => format!("agreeing on seal {height}, attempt {}", round + 1),
        (None, None, _) => "waiting for records".to_owned(),
    };
    format!("yes, key {}, {doing}", witness.key.short())
}
