//! Other implementations, as programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use mutua_protocol::allocation::Instance;

/// What a peer says of one rule: its times in nanoseconds and the winners.
pub(crate) struct Answer {
    pub(crate) times: Vec<u64>,
    pub(crate) winners: Vec<String>,
}

/// The C++ core of pabumeasures, on one election.
pub(crate) struct Pabumeasures {
    program: PathBuf,
    election: PathBuf,
}

impl Pabumeasures {
    /// Writes the election for the peer; nothing if it is not there.
    pub(crate) fn new(instance: &Instance, ids: &[String]) -> Option<Self> {
        let program = PathBuf::from(std::env::var_os("MUTUA_PEER_PABUMEASURES")?);
        let election = std::env::temp_dir().join(format!("mutua-bench-{}.txt", std::process::id()));
        write(instance, ids, &election).ok()?;
        Some(Self { program, election })
    }

    /// Runs a rule several times.
    pub(crate) fn run(&self, rule: &str) -> Option<Answer> {
        answer(Command::new(&self.program).arg(&self.election).args([rule, "20", "0.5"]))
    }
}

impl Drop for Pabumeasures {
    fn drop(&mut self) {
        // What is in the folder for temporary files may stay there if it must.
        let _ = std::fs::remove_file(&self.election);
    }
}

/// Projects that cost more than the budget take no part in any of its rules, as the peer demands.
fn write(instance: &Instance, ids: &[String], path: &Path) -> io::Result<()> {
    let mut approvers: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for voter in 0..instance.weights().len() {
        for (project, _) in instance.ballot(voter) {
            approvers.entry(project).or_default().push(voter);
        }
    }
    let fitting: Vec<usize> = (0..instance.projects().len())
        .filter(|project| instance.projects()[*project].cost <= instance.budget())
        .collect();
    let mut text = format!("{} {} {}\n", instance.budget(), instance.weights().len(), fitting.len());
    for project in fitting {
        let approvers = u32::try_from(project).ok().and_then(|project| approvers.remove(&project));
        let approvers = approvers.unwrap_or_default();
        let cost = instance.projects()[project].cost;
        let _ = write!(text, "{cost} {} {}", ids[project], approvers.len());
        for voter in approvers {
            let _ = write!(text, " {voter}");
        }
        text.push('\n');
    }
    std::fs::write(path, text)
}

/// Runs a rule of pabutools once on a file, in exact fractions; nothing if it is not there or takes too long.
pub(crate) fn pabutools(file: &Path, rule: &str) -> Option<Answer> {
    let python = std::env::var_os("MUTUA_PEER_PABUTOOLS")?;
    let seconds = std::env::var("MUTUA_PEER_SECONDS").unwrap_or_else(|_| "600".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/peers/pabutools_times.py");
    answer(Command::new("timeout").arg(seconds).arg(python).arg(script).arg(file).arg(rule))
}

/// A line of seconds and a line of winners.
fn answer(command: &mut Command) -> Option<Answer> {
    let output = command.output().ok()?;
    if !output.status.success() {
        if output.status.code() != Some(124) {
            eprintln!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    let mut lines = text.lines();
    let times = lines.next()?.split_whitespace().map(nanoseconds).collect::<Option<Vec<u64>>>()?;
    let winners = lines.next().unwrap_or("").split_whitespace().map(str::to_owned).collect();
    Some(Answer { times, winners })
}

/// Reads `0.0871` (seconds) without a float.
fn nanoseconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain("000000000".chars()).take(9).collect();
    Some(whole.parse::<u64>().ok()? * 1_000_000_000 + part.parse::<u64>().ok()?)
}
