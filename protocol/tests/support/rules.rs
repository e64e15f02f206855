//! Vectors for section 10.4: every rule on plain elections, and rounds of communities under several.

use mutua_protocol::{
    allocation::{
        self, Allocation, Cap, Completion, GreedyOrder, Instance, InstanceBuilder, Phase, Project, Reason,
        Rule, Utility,
    },
    codec,
};
use serde_json::{Value, json};

use super::{log::Log, *};

/// Every rule that a charter can name.
pub fn every_rule() -> Vec<Rule> {
    let utilities = [Utility::Cost, Utility::Cardinality, Utility::Score];
    let completions =
        [Completion::None, Completion::Greedy, Completion::AddOne, Completion::AddOneThenGreedy];
    let mut rules = Vec::new();
    for utility in utilities {
        rules.extend(completions.map(|completion| Rule::EqualShares { utility, completion }));
    }
    for utility in utilities {
        rules.extend([GreedyOrder::PerCost, GreedyOrder::Total].map(|order| Rule::Greedy { utility, order }));
    }
    rules.push(Rule::Phragmen);
    rules
}

/// An election by its numbers.
struct Election {
    what: &'static str,
    budget: u64,
    unit: u64,
    caps: allocation::Caps,
    projects: Vec<Project>,
    /// Weight and scores by project, in order; zero: not on the ballot.
    voters: Vec<(u64, Vec<u32>)>,
}

fn elections() -> Vec<Election> {
    let about = |cost, category, borrower, risk| Project { cost, category, borrower, risk };
    vec![
        Election {
            what: "ties, unequal weights, and a project that nobody supports",
            budget: 10_000,
            unit: 100,
            caps: allocation::Caps::NONE,
            projects: [2_400, 3_000, 3_000, 4_100, 1_000, 5_500, 700].map(Project::new).to_vec(),
            voters: vec![
                (1, vec![3, 1, 0, 0, 0, 2, 0]),
                (2, vec![1, 0, 2, 0, 0, 0, 0]),
                (1, vec![0, 4, 1, 0, 0, 5, 0]),
                (3, vec![0, 0, 0, 7, 0, 1, 1]),
                (1, vec![2, 2, 2, 0, 0, 0, 0]),
                (1, vec![0, 1, 0, 1, 0, 1, 0]),
                (1, vec![0, 0, 0, 0, 0, 0, 0]),
            ],
        },
        Election {
            what: "caps of every kind",
            budget: 90_000,
            unit: 100,
            caps: allocation::Caps { borrower: Some(5_000), category: Some(6_000), expected_loss: Some(60) },
            projects: vec![
                about(20_000, 0, 0, 600_000),
                about(26_000, 0, 0, 600_000),
                about(18_000, 0, 1, 600_000),
                about(17_000, 0, 2, 400_000),
                about(15_000, 1, 3, 9_000_000),
                about(12_000, 1, 3, 100_000),
                about(31_000, 2, 4, 200_000),
            ],
            voters: vec![
                (1, vec![1, 1, 1, 1, 0, 0, 0]),
                (1, vec![2, 2, 1, 0, 3, 0, 0]),
                (1, vec![1, 1, 0, 0, 4, 1, 0]),
                (1, vec![0, 0, 0, 2, 1, 1, 3]),
                (1, vec![5, 0, 0, 0, 0, 1, 3]),
            ],
        },
    ]
}

impl Election {
    fn instance(&self) -> Instance {
        let mut builder = InstanceBuilder::new(self.budget, self.unit).caps(self.caps);
        for project in &self.projects {
            builder.add_project(*project);
        }
        for (weight, scores) in &self.voters {
            builder.add_voter(*weight, (0..).zip(scores.iter().copied()));
        }
        builder.build().expect("a sound election")
    }

    fn vector(&self) -> Value {
        let instance = self.instance();
        let projects: Vec<Value> = self
            .projects
            .iter()
            .map(|Project { cost, category, borrower, risk }| {
                json!({ "cost": cost, "category": category, "borrower": borrower, "risk": risk })
            })
            .collect();
        let voters: Vec<Value> = self
            .voters
            .iter()
            .map(|(weight, scores)| json!({ "weight": weight, "scores": scores }))
            .collect();
        let results: Vec<Value> = every_rule()
            .into_iter()
            .map(|rule| result(&instance, rule, &allocation::allocate(&instance, rule)))
            .collect();
        let caps = json!({
            "borrower": self.caps.borrower,
            "category": self.caps.category,
            "expected_loss": self.caps.expected_loss,
        });
        json!({
            "what": self.what,
            "budget": self.budget,
            "unit": self.unit,
            "caps": caps,
            "projects": projects,
            "voters": voters,
            "results": results,
        })
    }
}

fn result(instance: &Instance, rule: Rule, allocation: &Allocation) -> Value {
    let funded: Vec<Value> = allocation
        .funded
        .iter()
        .enumerate()
        .map(|(place, funded)| {
            json!({
                "project": funded.project,
                "by": match funded.phase {
                    Phase::EqualShares => "equal-shares",
                    Phase::Greedy => "greedy",
                    Phase::Phragmen => "phragmen",
                },
                "price": funded.price.as_ref().map(ToString::to_string),
                "supporters": funded.supporters,
                "shares": allocation.shares(instance, place),
            })
        })
        .collect();
    let passed_over: Vec<Value> = allocation
        .passed_over
        .iter()
        .map(|passed| {
            json!({
                "project": passed.project,
                "reason": number(passed.reason),
                "left": allocation.left_to_supporters(instance, passed.project).map(|left| left.to_string()),
            })
        })
        .collect();
    json!({
        "rule": rule,
        "rule_bytes": hex::encode(codec::encode(&rule)),
        "raises": allocation.raises(instance),
        "funded": funded,
        "passed_over": passed_over,
    })
}

/// The number that an outcome gives a reason.
fn number(reason: Reason) -> u8 {
    match reason {
        Reason::NoSupporters => 0,
        Reason::NoUtility => 1,
        Reason::SupportersLackMoney => 2,
        Reason::BudgetSpent => 3,
        Reason::Cap(Cap::Borrower) => 4,
        Reason::Cap(Cap::Category) => 5,
        Reason::Cap(Cap::ExpectedLoss) => 6,
        Reason::Stopped => 7,
    }
}

/// Elections without a log: numbers in, numbers out.
pub fn allocations() -> Value {
    let elections: Vec<Value> = elections().iter().map(Election::vector).collect();
    json!({ "section": 10, "elections": elections })
}

/// The same round in communities with different rules.
pub fn rounds() -> Value {
    let rules = [
        Rule::EqualShares { utility: Utility::Cardinality, completion: Completion::None },
        Rule::EqualShares { utility: Utility::Score, completion: Completion::AddOne },
        Rule::EqualShares { utility: Utility::Cost, completion: Completion::AddOneThenGreedy },
        Rule::Greedy { utility: Utility::Score, order: GreedyOrder::Total },
        Rule::Phragmen,
    ];
    let rounds: Vec<Value> = rules
        .into_iter()
        .map(|rule| {
            let world = round(rule);
            let closing = &world.ledger.closings()[0];
            json!({
                "rule": rule,
                "archive": hex::encode(Log::of(&world).bytes()),
                "outcome": closing.outcome,
                "bytes": hex::encode(codec::encode(&closing.outcome)),
                "digest": closing.digest,
                "shares": closing.shares,
            })
        })
        .collect();
    json!({ "section": 10, "rounds": rounds })
}

/// A round under a rule: six members with unequal weights, six loans, of which one is not eligible.
pub fn round(rule: Rule) -> World {
    let mut world = World::with(|charter| {
        charter.rule = rule;
        charter.policy.caps.category = Some(7_000);
    });
    let members = [("ana", 1), ("ben", 2), ("cleo", 1), ("dora", 3), ("emil", 1), ("fay", 1)];
    let mut first: Vec<Received> =
        members.iter().map(|(name, weight)| world.say("registrar", admission(name, *weight))).collect();
    first.push(world.say("treasurer", payment(Direction::In, 100_000)));
    world.seal(first);
    let titles = ["bakery", "cinema", "forge", "garden", "harbour", "mill"];
    let terms = [(24_000, 0), (30_000, 0), (30_000, 1), (41_000, 2), (38_500, 0), (7_000, 2)];
    let loans: Vec<Received> = titles
        .iter()
        .zip(terms)
        .map(|(title, (amount, category))| {
            let mut loan = loan(title, amount);
            (loan.category, loan.documents) = (category, Vec::new());
            world.say("ana", Body::Propose(Subject::Loan(loan)))
        })
        .collect();
    world.seal(loans.clone());
    let ids: Vec<RecordId> = loans.iter().map(|loan| loan.id).collect();
    let rated = Assessment { reasons: Vec::new(), ..approved() };
    let ratings = ids[..5].iter().map(|id| world.say("attestor a", world.attestation(*id, rated.clone())));
    let ratings = ratings.collect::<Vec<_>>();
    world.seal(ratings);
    let scores: [&[(usize, u8)]; 5] = [
        &[(0, 3), (1, 1), (4, 2)],
        &[(0, 1), (2, 2)],
        &[(1, 4), (2, 1), (4, 5)],
        &[(3, 7), (4, 1), (5, 1)],
        &[(0, 2), (1, 2), (2, 2)],
    ];
    let ballots: Vec<Received> = members
        .iter()
        .zip(scores)
        .map(|((name, _), scores)| {
            let scores: Vec<(RecordId, u8)> =
                scores.iter().map(|(loan, score)| (ids[*loan], *score)).collect();
            world.say(name, Body::Ballot(ballot(1, &scores)))
        })
        .collect();
    world.seal(ballots);
    world.close();
    world
}
