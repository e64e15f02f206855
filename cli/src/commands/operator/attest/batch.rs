//! `mutua attest --batch`: many ratings from a table.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use mutua_node::api::{queue::Queue, types::ProposalView};
use mutua_protocol::{
    charter::{Community, Currency, Role},
    hash::DocumentHash,
    keys::PublicKey,
};
use serde::Serialize;

use super::{
    RATING,
    plan::{Plan, Planned, Standing},
    rows::{COLUMNS, NEEDED, Reader},
    verdict,
};
use crate::{
    amounts,
    client::Client,
    context::Context,
    failure::{Done, Failure, Status},
    files,
    home::Home,
    outbox::Note,
    output,
    page::{Page, cut, plain},
    sheet::Sheet,
    signing::{self, ITEMS, Item, Signer, SignerArguments, whose},
    times,
};

/// Greatest size of a table: its lines of the usual size, with room to spare.
const TABLE_BYTES: u64 = 64 << 20;

/// What a batch is told.
#[derive(Debug, Args)]
pub(crate) struct BatchArguments {
    /// Sign one attestation for each line of this table of comma-separated values
    #[arg(long, value_name = "FILE", conflicts_with_all = RATING, conflicts_with = "queue")]
    pub batch: Option<PathBuf>,
    /// With --batch: show what would be signed and what is wrong, and sign nothing
    #[arg(long, requires = "batch")]
    dry_run: bool,
    /// With --batch: sign a table once more that was signed before
    #[arg(long, requires = "batch")]
    again: bool,
}

/// What is shown of a batch that was checked.
#[derive(Serialize)]
struct Checked<'a> {
    attestor: PublicKey,
    #[serde(flatten)]
    plan: &'a Plan,
}

/// What is shown of a batch that was handed in.
#[derive(Serialize)]
struct HandedIn<'a> {
    attestor: PublicKey,
    /// Records that the node has taken.
    taken: u64,
    /// The number of the newest of them in the attestor's chain.
    last: u64,
    /// When they were signed.
    time: u64,
    /// Were they handed in by a command before this one?
    before: bool,
    refused: &'a [crate::outbox::RefusedLine],
    blank: &'a [u64],
    stands: &'a [u64],
}

impl BatchArguments {
    /// Checks all of it, and signs it if nothing is wrong.
    pub(crate) fn run(&self, path: &Path, context: &Context, signer: &SignerArguments) -> Done {
        let bytes = files::read_some(path, TABLE_BYTES)?;
        let sheet = Sheet::read(&bytes, COLUMNS, NEEDED).map_err(|problem| Failure::file(path, problem))?;
        let lines = sheet.rows.len();
        if lines > ITEMS {
            return Err(Failure::file(
                path,
                format!("has {lines} lines; at most {ITEMS} can be signed at once: divide it"),
            ));
        }
        if self.dry_run {
            let home = Home::existing(context)?;
            let client = Client::of(&home)?;
            let community = client.community(home.community()?)?;
            let attestor = whose(&home, signer.label.as_deref(), Some(Role::Attestor), &client)?;
            let plan = check(&sheet, path, &client, &community, attestor)?;
            let checked = Checked { attestor, plan: &plan };
            let currency = &community.charter.currency;
            output::show(context.json, &checked, |page| tell(page, &plan, currency, true))?;
            return if plan.faults.is_empty() { Ok(()) } else { Err(Failure::said(Status::Refused)) };
        }
        let mut signer = Signer::take(context, signer, Some(Role::Attestor))?;
        let source = source(&bytes, &signer);
        if let Some(note) = signer.past_batch(&source)?.filter(|_| !self.again) {
            return handed_in(context, signer.author(), &note, None);
        }
        let plan = check(&sheet, path, &signer.client, &signer.community, signer.author())?;
        if !plan.faults.is_empty() {
            let currency = &signer.community.charter.currency;
            if context.json {
                output::json(&Checked { attestor: signer.author(), plan: &plan })?;
            } else {
                let mut page = Page::default();
                tell(&mut page, &plan, currency, false);
                // With nobody listening there is nobody to tell.
                let _ = std::io::stderr().write_all(page.text().as_bytes());
            }
            return Err(Failure::said(Status::Refused));
        }
        if let Some(said) = signer.write_down(plan.lines.iter().map(Planned::body))? {
            return signing::tell(context, &said, |_| {});
        }
        let items = plan.lines.iter().map(|line| Item { line: line.line, body: line.body() }).collect();
        let note = signer.say_all(items, source)?;
        handed_in(context, signer.author(), &note, Some(&plan))
    }
}

/// What names a table: its bytes, for this key. The files that it names are what its ratings make of them.
fn source(bytes: &[u8], signer: &Signer) -> String {
    DocumentHash::of(&[&signer.author().0, bytes].concat()).to_string()
}

fn check(
    sheet: &Sheet,
    path: &Path,
    client: &Client,
    community: &Community,
    attestor: PublicKey,
) -> Done<Plan> {
    let queue: Queue = client.get(&format!("/v1/attestors/{attestor}/queue"))?;
    if let Some(reason) = &queue.suspended {
        return Err(Failure::refused(format!(
            "this key is suspended ({reason}): nothing that it signs is sealed. The registrar can readmit it"
        )));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let reader = Reader { sheet, currency: &community.charter.currency, now: times::now(), folder };
    let drafts = reader.drafts();
    let proposals: Vec<ProposalView> = client.proposals()?;
    Ok(Standing { community, attestor, proposals: &proposals, queue: &queue }.plan(drafts))
}

fn tell(page: &mut Page, plan: &Plan, currency: &Currency, lines: bool) {
    if lines {
        for line in &plan.lines {
            tell_line(page, line, currency);
        }
        if !plan.lines.is_empty() {
            page.gap();
        }
    }
    for fault in &plan.faults {
        let column = fault.column.map(|column| format!(", {column}")).unwrap_or_default();
        page.line(format!("line {}{column}: {}", fault.line, plain(&fault.problem, false)));
    }
    if !plan.faults.is_empty() {
        page.gap();
    }
    let wrong: std::collections::BTreeSet<u64> = plan.faults.iter().map(|fault| fault.line).collect();
    let mut facts =
        vec![("would be signed", plan.lines.len().to_string()), ("wrong", format!("{} lines", wrong.len()))];
    if !plan.stands.is_empty() {
        facts.push(("stand already", format!("{} lines", plan.stands.len())));
    }
    if !plan.blank.is_empty() {
        facts.push(("not filled in", format!("{} lines", plan.blank.len())));
    }
    let notes = plan.lines.iter().filter(|line| !line.notes.is_empty()).count();
    if notes > 0 {
        facts.push(("with a note", format!("{notes} lines")));
    }
    page.facts(facts);
    page.line(if plan.faults.is_empty() {
        "Nothing is wrong. Nothing is signed by --dry-run."
    } else {
        "Nothing is signed as long as a line is wrong."
    });
}

fn tell_line(page: &mut Page, line: &Planned, currency: &Currency) {
    let said = &line.assessment;
    let (default, loss) = (amounts::percent(said.default), amounts::percent(said.loss));
    page.line(format!("line {}: '{}', {}", line.line, cut(&line.title, 60), cut(&line.borrower, 40)));
    let mut facts = vec![
        ("  proposal", line.proposal.to_string()),
        ("  terms", line.terms.to_string()),
        ("  verdict", format!("{}, grade {}, outlook {}", verdict(said.verdict), said.grade, said.outlook)),
        ("  default", format!("{default}, loss in that case {loss}")),
        ("  up to", amounts::show(said.greatest_amount, currency)),
        ("  valid until", times::show(said.valid_until)),
    ];
    facts.extend(said.conditions.iter().map(|condition| ("  condition", condition.clone())));
    facts.extend(said.reasons.iter().map(|reason| ("  reason", reason.clone())));
    facts.extend(
        line.documents.iter().map(|document| ("  document", format!("{} {}", document.hash, document.name))),
    );
    facts.extend(line.notes.iter().map(|note| ("  NOTE", note.clone())));
    page.facts(facts);
}

/// Tells what became of a batch. Without a plan it was handed in before.
fn handed_in(context: &Context, attestor: PublicKey, note: &Note, plan: Option<&Plan>) -> Done {
    let shown = HandedIn {
        attestor,
        taken: note.taken,
        last: note.last,
        time: note.time,
        before: plan.is_none(),
        refused: &note.refused,
        blank: plan.map_or(&[], |plan| &plan.blank),
        stands: plan.map_or(&[], |plan| &plan.stands),
    };
    output::show(context.json, &shown, |page| {
        if shown.before {
            page.line(format!(
                "This table was signed at {} and is handed in: nothing more is signed. '--again' signs it once more.",
                times::show(note.time)
            ));
        }
        let mut facts = vec![("attested", format!("{} loans", note.taken))];
        if note.taken > 0 {
            facts.push(("numbers", format!("up to {} of the attestor's", note.last)));
        }
        if !shown.stands.is_empty() {
            facts.push(("stand already", format!("{} lines", shown.stands.len())));
        }
        if !shown.blank.is_empty() {
            facts.push(("not filled in", format!("{} lines", shown.blank.len())));
        }
        facts.push(("refused", format!("{} lines", note.refused.len())));
        page.facts(facts);
        for refused in &note.refused {
            page.line(format!(
                "line {}: the node refuses it ({}): {}",
                refused.line, refused.rule, refused.reason
            ));
        }
        if note.taken > 0 {
            page.line("(the witnesses seal them within seconds, a thousand at a time)");
        }
    })?;
    if note.refused.is_empty() { Ok(()) } else { Err(Failure::said(Status::Refused)) }
}
