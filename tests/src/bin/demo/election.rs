//! The same with a real election: each voter a member with a key, each ballot a signed record.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use mutua_protocol::pabulib::Election;
use mutua_tests::{Mutua, now, until, write_node_toml};

use crate::{
    stage::{PARTS, PATIENCE, Stage, VICTIM},
    telling::{Teller, count},
    verdict::{self, Telling},
};

/// Records a second that seven nodes on a small machine take in and seal, with room to spare; the close is chosen by it.
const PACE: u64 = 400;

/// Where the ballots are handed in: any node but the one that is killed.
const COUNTERS: [usize; 6] = [0, 1, 3, 4, 5, 6];

/// Tells the story of one election. True when all nodes agree, and the funded set is that of the reference.
pub(crate) fn tell(
    teller: &mut Teller,
    stage: &mut Stage,
    file: &Path,
    close: Option<u64>,
) -> Result<bool, String> {
    let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let election = Election::read(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let (voters, projects) = (election.voter_count() as u64, election.projects().len() as u64);
    let expected = 2 * voters + 2 * projects + 2;
    teller.chapter(&format!(
        "{}: {} and {}",
        file.file_stem().unwrap_or_default().to_string_lossy(),
        count(voters, "voter", "voters"),
        count(projects, "project", "projects")
    ));
    let wait = close.unwrap_or(20 + expected / PACE);
    let records = import(teller, stage, file, wait)?;
    stage.start();
    teller.say(format!(
        "Seven nodes run, four of them witnesses. The round closes {wait} s after the founding."
    ));

    teller.chapter(&format!("{records} signed records go to six nodes; a witness is killed meanwhile"));
    submit(teller, stage, records)?;

    let charter = stage.log(0).ledger.community().charter.clone();
    let left = charter.schedule.first_close.saturating_sub(now());
    teller.chapter(&format!("The round closes in {} s, and every node computes", left / 1000));
    let mut agree = stage.tell_digests(teller, PATIENCE + Duration::from_millis(left));

    teller.chapter("What was decided, and why");
    let ledger = stage.log(5).ledger;
    let closing = ledger.closings().first().ok_or("no round has closed")?;
    Telling { teller, ledger: &ledger, closing, lines: 5 }.tell();
    let names = project_ids(&stage.folder.join("import").join("projects.json"))?;
    let funded: BTreeSet<String> = closing
        .outcome
        .funded
        .iter()
        .map(|loan| names.get(&loan.proposal.to_string()).cloned().unwrap_or_default())
        .collect();
    agree &= compare(teller, file, &funded)?;

    teller.chapter("An auditor takes the log, and trusts nobody");
    verdict::audit(teller, stage)?;
    Ok(agree)
}

/// Turns the file into a community, and the community into seven homes. Says how many records there are.
fn import(teller: &Teller, stage: &Stage, file: &Path, wait: u64) -> Result<u64, String> {
    let out = stage.folder.join("import");
    let shown = file.file_name().unwrap_or_default().to_string_lossy();
    teller.command(
        "operator",
        format!("mutua import-election {shown} --out import --witnesses 4 --close +{wait}s"),
    );
    let (file, target) = (file.to_string_lossy(), out.to_string_lossy());
    let close = format!("+{wait}s");
    let made = Mutua::offline().json([
        "import-election",
        &file,
        "--out",
        &target,
        "--close",
        &close,
        "--period",
        "90d",
        "--witnesses",
        "4",
    ]);
    let records = made["records"].as_u64().ok_or("'mutua import-election' does not say how many records")?;
    let charter = out.join("charter.json");
    fs::copy(&charter, stage.charter_file()).map_err(|error| error.to_string())?;
    for (n, part) in PARTS.iter().enumerate() {
        let home = stage.nodes[n].home();
        let (listen, bootstrap) = (&stage.listen[n], stage.bootstrap(n));
        if part.witness {
            fs::rename(out.join(format!("witness-{}", n + 1)), home).map_err(|error| error.to_string())?;
            let label = witness_label(home)?;
            write_node_toml(home, listen, &bootstrap, Some(&label));
        } else {
            let mut arguments = vec!["join".to_owned(), charter.to_string_lossy().into_owned()];
            arguments.extend(["--no-key".to_owned(), "--api".to_owned(), "127.0.0.1:0".to_owned()]);
            listen.iter().for_each(|address| arguments.extend(["--listen".to_owned(), address.clone()]));
            bootstrap
                .iter()
                .for_each(|address| arguments.extend(["--bootstrap".to_owned(), address.clone()]));
            stage.nodes[n].mutua().ok(&arguments);
        }
    }
    Ok(records)
}

/// Under which label the imported home keeps its witness key.
fn witness_label(home: &Path) -> Result<String, String> {
    let text = fs::read_to_string(home.join("node.toml")).map_err(|error| error.to_string())?;
    text.lines()
        .find_map(|line| line.strip_prefix("witness"))
        .and_then(|rest| rest.split('"').nth(1))
        .map(str::to_owned)
        .ok_or_else(|| format!("{}: no witness is named", home.join("node.toml").display()))
}

/// Hands all records in over six nodes, and kills and restarts the seventh meanwhile.
fn submit(teller: &Teller, stage: &mut Stage, total: u64) -> Result<(), String> {
    let records = stage.folder.join("import").join("records");
    let mut arguments = vec!["submit".to_owned(), records.to_string_lossy().into_owned()];
    for n in COUNTERS {
        arguments.extend(["--to".to_owned(), stage.nodes[n].home().to_string_lossy().into_owned()]);
    }
    teller.command("operator", "mutua submit import/records --to operator --to witness-2 --to ...");
    let began = Instant::now();
    let mut child = Mutua::offline()
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| error.to_string())?;
    // In the middle: when half of the records are sealed.
    let before = until("half of the records are sealed", PATIENCE, || {
        let status = stage.nodes[0].status();
        if status.records * 2 >= total { Ok(status.height) } else { Err(format!("{} are", status.records)) }
    });
    stage.nodes[VICTIM].kill();
    teller.say(format!("{} {} (kill -9).", teller.bad("SIGKILL for"), PARTS[VICTIM].name));
    let after = until("seals go on without one witness", PATIENCE, || {
        let status = stage.nodes[0].status();
        // In a small election the half that was missing can be in one seal.
        let done = status.height > before || status.records == total;
        if done { Ok(status.height) } else { Err(format!("still at seal {}", status.height)) }
    });
    teller.say(format!("The other three go on: seal {before} before, seal {after} now."));
    stage.nodes[VICTIM].start();
    let status = child.wait().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("'mutua submit' ended with {status}"));
    }
    stage.wait_sealed(total);
    let seconds = began.elapsed().as_secs_f64();
    teller.say(format!(
        "{total} records are sealed and on all seven nodes, after {seconds:.1} s ({:.0} a second).",
        total as f64 / seconds
    ));
    if stage.nodes[0].status().round != 1 {
        return Err("this machine was too slow: the round closed before all ballots were in; \
                    try again with a later close, such as '--close 300'"
            .to_owned());
    }
    Ok(())
}

/// Which project of the file each proposal is.
fn project_ids(path: &Path) -> Result<BTreeMap<String, String>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Compares with `reference.json` beside the file, if it is there.
fn compare(teller: &Teller, file: &Path, funded: &BTreeSet<String>) -> Result<bool, String> {
    let path = file.with_file_name("reference.json");
    let Ok(text) = fs::read_to_string(&path) else {
        teller.aside("No reference.json lies beside the file: nothing to compare with.");
        return Ok(true);
    };
    let all: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let Some(list) = all[&*name]["mes_cost"].as_array() else {
        teller.aside(format!("reference.json says nothing about {name}."));
        return Ok(true);
    };
    let wanted: BTreeSet<String> = list.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    if wanted == *funded {
        let all = match wanted.len() as u64 {
            0 => "Nothing is funded, as in the reference (another program's exact result).".to_owned(),
            number => format!(
                "Funded are the {} of the reference (another program's exact result), and no other.",
                count(number, "project", "projects")
            ),
        };
        teller.say(teller.good(all));
        return Ok(true);
    }
    let missing: Vec<&String> = wanted.difference(funded).collect();
    let extra: Vec<&String> = funded.difference(&wanted).collect();
    teller.say(teller.bad(format!("Not the reference's: missing {missing:?}, more {extra:?}")));
    Ok(false)
}
