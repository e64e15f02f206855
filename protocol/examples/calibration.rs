//! Holds forecasts against real elections:
//!
//! ```text
//! cargo run --release -p mutua-protocol --example calibration -- FOLDER [DRAWS]
//! ```
//!
//! For each `.pb` file of the folder, one half of the ballots is taken (the first in the file, and separately
//! one by lot), the result is forecast from it up to the turnout that there was, and compared with the result of all
//! ballots. Of the projects forecast at 70 to 80 %, about as many should have been funded.

use std::{collections::BTreeMap, error::Error, path::Path};

use mutua_protocol::{
    allocation::{Completion, GreedyOrder, Instance, InstanceBuilder, Rule, Utility, allocate, resample},
    hash::derive,
    pabulib::Election,
};

const RULES: [(&str, Rule); 4] = [
    ("equal shares, cost", Rule::EqualShares { utility: Utility::Cost, completion: Completion::None }),
    (
        "equal shares, cardinality",
        Rule::EqualShares { utility: Utility::Cardinality, completion: Completion::None },
    ),
    ("greedy, per cost", Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::PerCost }),
    ("phragmen", Rule::Phragmen),
];

/// Forecasts by tenths: how many, how many of them were funded, and the sum of the forecasts in draws.
#[derive(Default, Clone)]
struct Table {
    tenths: [(u64, u64, u64); 10],
    /// Those that every draw, or none, has funded.
    certain: [(u64, u64); 2],
    /// Sum of squared errors, in squared draws.
    brier: u128,
    count: u64,
}

impl Table {
    fn add(&mut self, forecast: u32, draws: u32, came: bool) {
        let tenth = (u64::from(forecast) * 10 / u64::from(draws)).min(9);
        let entry = &mut self.tenths[usize::try_from(tenth).unwrap_or(9)];
        *entry = (entry.0 + 1, entry.1 + u64::from(came), entry.2 + u64::from(forecast));
        let certain = if forecast == 0 { Some(0) } else { (forecast == draws).then_some(1) };
        if let Some(side) = certain {
            self.certain[side].0 += 1;
            self.certain[side].1 += u64::from(came);
        }
        let error = u128::from(if came { draws - forecast } else { forecast });
        self.brier += error * error;
        self.count += 1;
    }

    fn print(&self, title: &str, draws: u32) {
        println!("\n{title}\n  forecast      projects   mean forecast   funded");
        for (tenth, (count, funded, sum)) in self.tenths.iter().enumerate() {
            let mille = |part: u64, whole: u64| part * 1000 / whole.max(1);
            let mean = mille(*sum, count * u64::from(draws));
            let came = mille(*funded, *count);
            println!(
                "  {:>3} - {:>3} %   {count:>8}   {:>10}.{} %   {funded:>6} = {}.{} %",
                tenth * 10,
                tenth * 10 + 10,
                mean / 10,
                mean % 10,
                came / 10,
                came % 10
            );
        }
        let [(never, surprises), (always, held)] = self.certain;
        println!("  in no draw    {never:>8}                     {surprises:>6}");
        println!("  in every draw {always:>8}                     {held:>6}");
        let brier =
            self.brier * 10_000 / (u128::from(draws) * u128::from(draws) * u128::from(self.count.max(1)));
        println!("  Brier score 0.{brier:04} over {} projects", self.count);
    }
}

/// The same election with the ballots of these voters alone.
fn part(instance: &Instance, voters: &[usize]) -> Result<Instance, Box<dyn Error>> {
    let mut builder = InstanceBuilder::new(instance.budget(), instance.unit())
        .fund_unsupported(instance.funds_unsupported());
    for project in instance.projects() {
        builder.add_project(*project);
    }
    for voter in voters {
        builder.add_voter(instance.weights()[*voter], instance.ballot(*voter).collect::<Vec<_>>());
    }
    Ok(builder.build()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder of .pb files")?;
    let draws: u32 = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    let mut files: Vec<_> = std::fs::read_dir(Path::new(&folder))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "pb"))
        .collect();
    files.sort();
    let mut tables: BTreeMap<(&str, &str), Table> = BTreeMap::new();
    for (number, path) in files.iter().enumerate() {
        eprintln!("{} of {}: {}", number + 1, files.len(), path.display());
        let election = Election::read(&std::fs::read(path)?)?;
        let mut by_lot: Vec<usize> = (0..election.voter_count()).collect();
        by_lot.sort_by_key(|voter| derive("mutua 1 calibration", &voter.to_be_bytes()));
        let in_order: Vec<usize> = (0..election.voter_count()).collect();
        for (name, rule) in RULES {
            let instance = election.instance(Election::reading_for(rule))?;
            let result = allocate(&instance, rule);
            for (how, order) in [("first half of the file", &in_order), ("half by lot", &by_lot)] {
                let half = part(&instance, &order[..order.len() / 2])?;
                let arrival: Vec<usize> = (0..order.len() / 2).collect();
                let seed =
                    derive("mutua 1 calibration", path.file_name().unwrap_or_default().as_encoded_bytes());
                let forecast = resample(&half, rule, &arrival, order.len(), &seed, 0..draws);
                for (project, forecast) in forecast.into_iter().enumerate() {
                    let came = result.funded.iter().any(|funded| funded.project == project);
                    for rule in [name, "all rules"] {
                        tables.entry((how, rule)).or_default().add(forecast, draws, came);
                    }
                }
            }
        }
    }
    for ((how, rule), table) in &tables {
        table.print(&format!("{how}; {rule}"), draws);
    }
    Ok(())
}
