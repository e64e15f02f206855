//! Whatever the bytes are, reading them as a Pabulib file ends in an election or an error; what was read can be
//! used, and every rule yields a result within the budget.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutua_protocol::allocation::{Completion, GreedyOrder, Instance, Rule, Utility, allocate, left_out};
use mutua_protocol::pabulib::{Election, Reading};

/// Larger elections are read, but rules are not run on them: add-one may take many runs.
const FEW: usize = 24;

fuzz_target!(|content: &[u8]| {
    let Ok(election) = Election::read(content) else { return };
    assert_eq!(election.voters().count(), election.voter_count());
    let projects = election.projects().len();
    for voter in election.voters() {
        assert!(voter.projects.iter().all(|project| (*project as usize) < projects));
        assert!(voter.points.is_empty() || voter.points.len() == voter.projects.len());
    }
    let _ = election.render(election.budget());
    for reading in [Reading::Approvals, Reading::Scores] {
        if let Ok(instance) = election.instance(reading)
            && projects <= FEW
            && election.voter_count() <= FEW
        {
            exercise(&instance);
        }
    }
});

fn exercise(instance: &Instance) {
    for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
        for completion in [Completion::None, Completion::Greedy] {
            check(instance, Rule::EqualShares { utility, completion });
        }
        check(instance, Rule::Greedy { utility, order: GreedyOrder::PerCost });
        check(instance, Rule::Greedy { utility, order: GreedyOrder::Total });
        let plain = allocate(instance, Rule::EqualShares { utility, completion: Completion::None });
        let funded: Vec<usize> = plain.funded.iter().map(|funded| funded.project).collect();
        assert_eq!(left_out(instance, utility, &funded), None);
    }
    check(instance, Rule::Phragmen);
}

fn check(instance: &Instance, rule: Rule) {
    let allocation = allocate(instance, rule);
    assert!(allocation.total_cost <= instance.budget());
    assert_eq!(allocation.funded.len() + allocation.passed_over.len(), instance.projects().len());
    for (place, funded) in allocation.funded.iter().enumerate() {
        let shares = allocation.shares(instance, place);
        if !shares.is_empty() {
            assert_eq!(shares.iter().map(|(_, share)| share).sum::<u64>(), funded.cost);
        }
    }
}
