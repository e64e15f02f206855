//! How fast archives are audited, beside the fastest that this machine could be.
//!
//! Archives with 10,000, 100,000 and 1,000,000 ballots, among members, money, proposals, attestations and motions over five
//! rounds, are generated once and kept under `target/`. Each is audited, and in turn with that its signatures
//! alone are checked, in batches of the same size on the same threads: by the batch verification of the library whose
//! rule for single signatures is ours (ed25519-zebra), and by our own, which the audit uses and which knows the keys that it has
//! seen. The ratios of the times say how near the audit comes to what the machine can do. Each measurement is a process of
//! its own, so that its memory is its own. On a machine that does other things at the same time, the ratio of
//! processor times is the steadier one.
//!
//! `cargo bench -p mutua-node --bench audit -- [--ballots N,...] [--runs N] [--threads N]`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark ends where something fails")]
#![allow(clippy::cast_precision_loss, reason = "figures are for people")]

mod measure;
#[path = "../../../protocol/tests/support/mod.rs"]
#[allow(unused, clippy::all, reason = "tests use the rest of it")]
mod support;
mod town;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::Command,
};

use measure::Measured;

/// What is asked for on the command line.
struct Arguments {
    ballots: Vec<u64>,
    runs: usize,
    threads: Option<NonZeroUsize>,
    child: Option<(String, PathBuf)>,
}

fn arguments() -> Arguments {
    let mut found =
        Arguments { ballots: vec![10_000, 100_000, 1_000_000], runs: 3, threads: None, child: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--ballots" => found.ballots = value().split(',').map(|number| number.parse().unwrap()).collect(),
            "--runs" => found.runs = value().parse().unwrap(),
            "--threads" => found.threads = Some(value().parse().unwrap()),
            "--child" => found.child = Some((value(), PathBuf::from(value()))),
            // Cargo's own.
            "--bench" => {}
            other => panic!("unknown argument {other}"),
        }
    }
    found
}

fn main() {
    let arguments = arguments();
    if let Some((what, file)) = &arguments.child {
        let measured = match what.as_str() {
            "audit" => measure::audit(file, arguments.threads),
            "library" => measure::library(file, arguments.threads),
            "own" => measure::own(file, arguments.threads),
            other => panic!("unknown child {other}"),
        };
        println!("{}", serde_json::to_string(&measured).unwrap());
        return;
    }
    let mut before: Option<(f64, f64, f64)> = None;
    for ballots in &arguments.ballots {
        let file = town::archive(*ballots);
        let size = std::fs::metadata(&file).unwrap().len();
        println!("\n{ballots} ballots, {:.1} MB", size as f64 / 1e6);
        println!(
            "  run   library's batches      own batches            audit                  processor time: library/audit   own/audit   peak memory"
        );
        let (mut to_library, mut to_own, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let mut audits = Vec::new();
        for run in 1..=arguments.runs.max(1) {
            let library = child("library", &file, arguments.threads);
            let own = child("own", &file, arguments.threads);
            let audit = child("audit", &file, arguments.threads);
            for alone in [&library, &own] {
                assert_eq!(alone.signatures, audit.signatures, "all check the same signatures");
            }
            let shown = |measured: &Measured| {
                let rate = measured.signatures as f64 / measured.seconds / 1e3;
                format!("{:6.2} s {rate:6.1} k/s", measured.seconds)
            };
            times.push(library.seconds / audit.seconds);
            to_library.push(library.processor / audit.processor);
            to_own.push(own.processor / audit.processor);
            println!(
                "  {run:<5} {}    {}    {}    {:29.2}   {:9.2}   {:7.0} MiB",
                shown(&library),
                shown(&own),
                shown(&audit),
                library.processor / audit.processor,
                own.processor / audit.processor,
                audit.peak_kib as f64 / 1024.0
            );
            audits.push(audit);
        }
        let first = &audits[0];
        println!(
            "  {} seals, {} records, {} signatures, {} rounds; medians: library/audit {:.2} of processor time, {:.2} of time; own/audit {:.2} of processor time",
            first.seals,
            first.records,
            first.signatures,
            first.rounds,
            median(&mut to_library),
            median(&mut times),
            median(&mut to_own)
        );
        let figures = (
            first.records as f64,
            median(&mut audits.iter().map(|audit| audit.seconds).collect::<Vec<_>>()),
            median(&mut audits.iter().map(|audit| audit.processor).collect::<Vec<_>>()),
        );
        if let Some(before) = before {
            println!(
                "  growth: {:.2} times the records, {:.2} times the time, {:.2} times the processor time",
                figures.0 / before.0,
                figures.1 / before.1,
                figures.2 / before.2
            );
        }
        before = Some(figures);
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn child(what: &str, file: &Path, threads: Option<NonZeroUsize>) -> Measured {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--child").arg(what).arg(file);
    if let Some(threads) = threads {
        command.arg("--threads").arg(threads.to_string());
    }
    let output = command.stderr(std::process::Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the measurement of {what} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
