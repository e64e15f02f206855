//! A community changes its charter while its nodes run: another witness, another rule. Nobody restarts anything.

use std::{sync::Arc, time::Duration};

use mutua_protocol::{
    charter::{GreedyOrder, Rule, Utility},
    records::{Ballot, Body, CharterChange, Received, Subject},
    seals::Witness,
};
use mutua_tests::{Community, Founding, audited, eventually, yes};

/// The charter that a node says is in force.
fn in_force(community: &Community, node: usize) -> String {
    let known = community.nodes[node].api().get("/v1/charters").expect("it tells its charters");
    let last = known["charters"].as_array().and_then(|all| all.last()).expect("there is one");
    last["hash"].as_str().expect("it has a hash").to_owned()
}

#[test]
fn a_witness_and_the_rule_are_swapped_and_all_nodes_follow_without_restart() {
    let rounds = Duration::from_secs(25);
    let mut community = Community::found(
        "amended-charter",
        Founding { first_close: rounds, period: rounds, heirs: 1, ..Founding::default() },
    );
    // Nodes 0 to 3 are witnesses, 4 is to become one, and 6 is away over the change.
    let away = 6;
    let others: Vec<usize> = (0..away).collect();
    community.start_some(&others);
    let mut members = community.admit(6);

    let founded = Arc::clone(&community.founded);
    let mut charter = founded.charter.clone();
    let leaving = community.witness_key(3).public();
    let coming = community.witness_key(4).public();
    charter.witnesses.retain(|witness| witness.key != leaving);
    charter.witnesses.push(Witness { key: coming, power: 1, name: "Witness 5".to_owned() });
    charter.witnesses.sort_by_key(|witness| witness.key);
    charter.rule = Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::PerCost };
    let amended = charter.hash().to_string();
    let change = Subject::Charter(Box::new(CharterChange {
        title: "Another witness, and greedy".to_owned(),
        purpose: "For a test.".to_owned(),
        base: founded.hash,
        charter,
    }));
    let change = members[0].say(Body::Propose(change));
    community.submit(5, std::slice::from_ref(&change));
    community.wait_sealed(8);
    let answer = || Ballot { round: 1, standing: true, scores: Vec::new(), answers: vec![yes(change.id)] };
    let votes: Vec<Received> = members.iter_mut().map(|member| member.say(Body::Ballot(answer()))).collect();
    community.submit(4, &votes);
    community.wait_sealed(14);
    let processes: Vec<u32> = others.iter().map(|n| community.nodes[*n].process()).collect();

    eventually("the amended charter is in force on every node", || {
        let known: Vec<String> = others.iter().map(|n| in_force(&community, *n)).collect();
        if known.iter().all(|hash| *hash == amended) { Ok(()) } else { Err(format!("{known:?}")) }
    });
    let witnesses =
        |n: usize| !community.nodes[n].api().get("/v1/status").expect("a status")["witness"].is_null();
    let at_work: Vec<bool> = others.iter().map(|n| witnesses(*n)).collect();
    assert_eq!(at_work, [true, true, true, false, true, false]);

    // Without one of the old witnesses, nothing can be sealed unless the new one signs.
    community.nodes[0].kill();
    let loans = {
        let founding_records = 14;
        let node = 3;
        let subject = mutua_tests::loan("A mill", 100_000);
        let loan = members[1].say(Body::Propose(subject.clone()));
        community.submit(node, std::slice::from_ref(&loan));
        community.wait_sealed(founding_records + 1);
        let rating = community.operator.say(mutua_tests::approval(loan.id, &subject));
        community.submit(node, &[rating]);
        community.wait_sealed(founding_records + 2);
        [loan.id]
    };
    let vote = members[2].say(mutua_tests::ballot(true, &[(loans[0], 10)]));
    community.submit(4, &[vote]);
    community.wait_sealed(17);

    // Those who were away catch up across the change.
    community.start_some(&[0, away]);
    community.wait_sealed(17);
    assert_eq!(in_force(&community, away), amended);
    let after: Vec<u32> = others[1..].iter().map(|n| community.nodes[*n].process()).collect();
    assert_eq!(after, processes[1..], "nobody was restarted");

    let round = community.nodes[1].status().round;
    let digest = community.agreed_outcome(round);
    let archive = community.nodes[away].api().archive().expect("it gives its archive");
    let log = audited(&archive);
    assert_eq!(log.ledger.community().hash.to_string(), amended);
    let closing = &log.ledger.closings()[round as usize - 1];
    assert_eq!(closing.digest.to_string(), digest);
    let funded: Vec<_> =
        closing.outcome.funded.iter().map(|loan| (loan.proposal, loan.price.is_some())).collect();
    assert_eq!(funded, [(loans[0], false)], "greedy funds it, and asks no price");

    // The program says the same of the file, and of a receipt for a record of after the change.
    let file = community.folder().path().join("log.mutua");
    std::fs::write(&file, &archive).expect("the folder can be written");
    let audit = community.nodes[5].mutua().json(["audit", file.to_str().expect("a path")]);
    assert_eq!(audit["verdict"], "valid", "{audit}");
    let receipt = community.folder().path().join("loan.receipt");
    let path = receipt.to_str().expect("a path");
    community.nodes[5].mutua().ok(["receipt", &loans[0].to_string(), "--out", path]);
    let checked = community.nodes[5].mutua().json(["verify-receipt", path]);
    assert_eq!(checked["verdict"], "valid", "{checked}");
    let shown = community.nodes[5].mutua().json(["charter", "show"]);
    assert_eq!(shown["hash"], amended.as_str(), "{shown}");
    assert_eq!(shown["adopted"]["proposal"], change.id.to_string().as_str(), "{shown}");
    let first = community.nodes[5].mutua().json(["charter", "show", "--round", "1"]);
    assert_eq!(first["hash"], founded.hash.to_string().as_str(), "{first}");
}
