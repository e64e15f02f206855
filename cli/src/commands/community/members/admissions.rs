//! `mutua admit --batch`: many members from a table; and the table that 'mutua members --csv' writes.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use mutua_node::api::types::MemberView;
use mutua_protocol::{
    charter::{Community, Role},
    hash::DocumentHash,
    keys::PublicKey,
    records::Body,
};
use serde::Serialize;

use super::position;
use crate::{
    client::{Client, patiently},
    context::Context,
    failure::{Done, Failure, Status},
    files,
    home::Home,
    outbox::{Note, RefusedLine},
    output,
    page::{Page, Table, cut, plain},
    sheet::{Fault, Row, Sheet, field, written},
    signing::{ITEMS, Item, Signer, SignerArguments, tell},
    times,
};

/// The columns of the table.
const COLUMNS: &[&str] = &["key", "name", "group", "weight"];
const NEEDED: &[&str] = &["key", "name"];

/// Greatest size of a table.
const TABLE_BYTES: u64 = 64 << 20;

/// How long to wait until what was admitted before is sealed, and so known.
const SEALING_TIME: Duration = Duration::from_secs(10);

/// What a batch is told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Admit one member for each line of this table of comma-separated values
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "name", "weight", "group"])]
    pub batch: Option<PathBuf>,
    /// With --batch: show what would be signed and what is wrong, and sign nothing
    #[arg(long, requires = "batch")]
    dry_run: bool,
}

/// What a batch would sign, and what is wrong with it.
#[derive(Debug, Default, Serialize)]
struct Plan {
    /// Who would be admitted, in the order of the lines.
    admissions: Vec<Admission>,
    /// What is wrong: if there is anything, nothing is signed.
    faults: Vec<Fault>,
    /// Lines that say what stands in the ledger already.
    stands: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Admission {
    line: u64,
    key: PublicKey,
    name: String,
    group: u16,
    weight: u32,
}

impl Admission {
    fn body(&self) -> Body {
        Body::Admit { key: self.key, weight: self.weight, name: self.name.clone(), group: self.group }
    }
}

/// What became of a batch.
#[derive(Serialize)]
struct HandedIn<'a> {
    /// Records that the node has taken.
    admitted: u64,
    /// Lines that stood in the ledger before.
    stands: &'a [u64],
    /// Was the table handed in by a command before this one?
    before: bool,
    refused: &'a [RefusedLine],
}

impl Arguments {
    /// Checks all of it, and signs it if nothing is wrong.
    pub(super) fn run(&self, path: &Path, context: &Context, signer: &SignerArguments) -> Done {
        let bytes = files::read_some(path, TABLE_BYTES)?;
        let sheet = Sheet::read(&bytes, COLUMNS, NEEDED).map_err(|problem| Failure::file(path, problem))?;
        if sheet.rows.len() > ITEMS {
            return Err(Failure::file(
                path,
                format!("has {} lines; at most {ITEMS} can be signed at once: divide it", sheet.rows.len()),
            ));
        }
        if self.dry_run {
            let home = Home::existing(context)?;
            let client = Client::of(&home)?;
            let community = client.community(home.community()?)?;
            let plan = check(&sheet, &client, &community)?;
            output::show(context.json, &plan, |page| show_plan(page, &plan, &community, true))?;
            return if plan.faults.is_empty() { Ok(()) } else { Err(Failure::said(Status::Refused)) };
        }
        let mut signer = Signer::take(context, signer, Some(Role::Registrar))?;
        let source = DocumentHash::of(&[&signer.author().0[..], b"admit", &bytes].concat()).to_string();
        // What an interrupted command has signed of this table was handed in just now.
        let past = signer.past_batch(&source)?;
        all_sealed(&signer)?;
        let community = signer.community.clone();
        let plan = check(&sheet, &signer.client, &community)?;
        if let Some(note) = past.filter(|_| plan.faults.is_empty() && plan.admissions.is_empty()) {
            return show_result(context, &note, &plan, true);
        }
        if !plan.faults.is_empty() {
            if context.json {
                output::json(&plan)?;
            } else {
                let mut page = Page::default();
                show_plan(&mut page, &plan, &community, false);
                // With nobody listening there is nobody to tell.
                let _ = std::io::stderr().write_all(page.text().as_bytes());
            }
            return Err(Failure::said(Status::Refused));
        }
        if let Some(said) = signer.write_down(plan.admissions.iter().map(Admission::body))? {
            return tell(context, &said, |_| {});
        }
        let items = plan.admissions.iter().map(|said| Item { line: said.line, body: said.body() }).collect();
        let note = signer.say_all(items, source)?;
        show_result(context, &note, &plan, false)
    }
}

/// Waits until the ledger holds what this registrar has signed before: else it would be signed twice.
fn all_sealed(signer: &Signer) -> Done {
    let author = signer.author();
    let sealed = patiently(SEALING_TIME, || {
        let chain = signer.client.chain(&author)?;
        Ok((chain.sealed >= chain.sequence).then_some(()))
    })?;
    sealed.ok_or_else(|| {
        Failure::refused(
            "what this registrar has signed before is not sealed yet, so nobody can tell whom it admits. Are enough \
             witnesses running? Give the command again when it is sealed; 'mutua status' shows it",
        )
    })
}

fn check(sheet: &Sheet, client: &Client, community: &Community) -> Done<Plan> {
    let members: BTreeMap<PublicKey, MemberView> =
        client.members()?.into_iter().map(|member| (member.key, member)).collect();
    let successors: Vec<(PublicKey, PublicKey)> = client.get("/v1/successors")?;
    Ok(plan(sheet, &members, &successors.into_iter().collect(), community))
}

/// Holds the table against the ledger.
fn plan(
    sheet: &Sheet,
    members: &BTreeMap<PublicKey, MemberView>,
    successors: &BTreeMap<PublicKey, PublicKey>,
    community: &Community,
) -> Plan {
    let mut plan = Plan { faults: sheet.faults.clone(), ..Plan::default() };
    let mut lines: BTreeMap<PublicKey, u64> = BTreeMap::new();
    for row in &sheet.rows {
        let line = row.line;
        let mut faults = Vec::new();
        let read = admission(sheet, row, community, &mut faults);
        if let Some(said) = read {
            if let Some(before) = lines.insert(said.key, line) {
                faults.push(("key", format!("is in line {before} already")));
            }
            match members.get(&said.key) {
                Some(member) if is_same(member, &said, community) && faults.is_empty() => {
                    plan.stands.push(line)
                }
                Some(member) => faults.push(("key", known(member))),
                None => {
                    if let Some(successor) = successors.get(&said.key) {
                        faults.push((
                            "key",
                            format!("was replaced by {successor}: it can never be admitted again"),
                        ));
                    }
                }
            }
            if faults.is_empty() && !plan.stands.ends_with(&[line]) {
                plan.admissions.push(said);
            }
        }
        let faults =
            faults.into_iter().map(|(column, problem)| Fault { line, column: Some(column), problem });
        plan.faults.extend(faults);
    }
    plan.faults.sort_by_key(|fault| fault.line);
    plan
}

fn is_same(member: &MemberView, said: &Admission, community: &Community) -> bool {
    let group = community.charter.groups.get(usize::from(said.group));
    member.status == "active"
        && (&member.name, member.weight, Some(&member.group)) == (&said.name, said.weight, group)
}

fn known(member: &MemberView) -> String {
    match member.status.as_str() {
        "left" => {
            format!("is that of '{}', who has left: a key is admitted once, so make a new one", member.name)
        }
        _ => format!(
            "is that of a member already: '{}', group {}, weight {}",
            member.name, member.group, member.weight
        ),
    }
}

/// What a line says; every fault of it is noted.
fn admission(
    sheet: &Sheet,
    row: &Row,
    community: &Community,
    faults: &mut Vec<(&'static str, String)>,
) -> Option<Admission> {
    let cell = |column| sheet.cell(row, column);
    let key = cell("key").to_ascii_lowercase().parse::<PublicKey>();
    if key.is_err() {
        faults.push((
            "key",
            format!(
                "'{}' is no public key of 64 hexadecimal digits, as 'mutua key show' prints it",
                cell("key")
            ),
        ));
    }
    let group = match cell("group") {
        "" if sheet.has("group") && community.charter.groups.len() > 1 => {
            faults.push((
                "group",
                format!(
                    "is empty: name one of the charter's groups ({}), or leave the whole column out",
                    community.charter.groups.join(", ")
                ),
            ));
            None
        }
        "" => Some(0),
        name => position("group", written(name), &community.charter.groups)
            .map_err(|failure| faults.push(("group", failure.message().to_owned())))
            .ok(),
    };
    let weight = match cell("weight") {
        "" if sheet.has("weight") => {
            faults.push((
                "weight",
                "is empty: write a whole number, or leave the whole column out for a weight of 1 each"
                    .to_owned(),
            ));
            None
        }
        "" => Some(1),
        text => {
            let number = text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
            if number.is_none() {
                faults.push(("weight", format!("'{text}' is no whole number")));
            }
            number
        }
    };
    let name = written(cell("name")).to_owned();
    // Each for itself, so that one fault hides no other.
    let any = community.charter.witnesses[0].key;
    let judge = |key, name: &str, weight| {
        Body::Admit { key, weight, name: name.to_owned(), group: 0 }.check(community, &any)
    };
    let bounds = [
        ("key", judge(*key.as_ref().unwrap_or(&any), "x", 1)),
        ("name", judge(any, &name, 1)),
        ("weight", judge(any, "x", weight.unwrap_or(1))),
    ];
    for (column, judged) in bounds {
        if let Err(error) = judged {
            faults.push((column, error.to_string()));
        }
    }
    if faults.is_empty() {
        Some(Admission { line: row.line, key: key.ok()?, name, group: group?, weight: weight? })
    } else {
        None
    }
}

fn show_plan(page: &mut Page, plan: &Plan, community: &Community, lines: bool) {
    if lines && !plan.admissions.is_empty() {
        let mut table = Table::new(&[">line", "key", "name", "group", ">weight"]);
        for said in &plan.admissions {
            let group = community.charter.groups.get(usize::from(said.group));
            table.row([
                said.line.to_string(),
                said.key.short(),
                cut(&said.name, 40),
                cut(group.map_or("", String::as_str), 24),
                said.weight.to_string(),
            ]);
        }
        page.table(table).gap();
    }
    for fault in &plan.faults {
        let column = fault.column.map(|column| format!(", {column}")).unwrap_or_default();
        page.line(format!("line {}{column}: {}", fault.line, plain(&fault.problem, false)));
    }
    if !plan.faults.is_empty() {
        page.gap();
    }
    let wrong: std::collections::BTreeSet<u64> = plan.faults.iter().map(|fault| fault.line).collect();
    page.facts([
        ("would be admitted", plan.admissions.len().to_string()),
        ("are members already", plan.stands.len().to_string()),
        ("wrong", format!("{} lines", wrong.len())),
    ]);
    page.line(if plan.faults.is_empty() {
        "Nothing is wrong. Nothing is signed by --dry-run."
    } else {
        "Nothing is signed as long as a line is wrong."
    });
}

fn show_result(context: &Context, note: &Note, plan: &Plan, before: bool) -> Done {
    let shown = HandedIn { admitted: note.taken, stands: &plan.stands, before, refused: &note.refused };
    output::show(context.json, &shown, |page| {
        if before {
            page.line(format!(
                "This table was signed at {} and is handed in: nothing more is signed.",
                times::show(note.time)
            ));
        }
        page.facts([
            ("admitted", format!("{} members", note.taken)),
            ("members already", format!("{} lines", plan.stands.len())),
            ("refused", format!("{} lines", note.refused.len())),
        ]);
        for refused in &note.refused {
            page.line(format!(
                "line {}: the node refuses it ({}): {}",
                refused.line, refused.rule, refused.reason
            ));
        }
    })?;
    if note.refused.is_empty() { Ok(()) } else { Err(Failure::said(Status::Refused)) }
}

/// The members as a table that 'mutua admit --batch' reads.
pub(super) fn table(members: &[MemberView]) -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for member in members {
        text +=
            &format!("{},{},{},{}\n", member.key, field(&member.name), field(&member.group), member.weight);
    }
    text
}
