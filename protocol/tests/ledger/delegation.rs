//! Whose ballot counts for a member who has cast none.

use std::collections::{BTreeMap, BTreeSet};

use mutua_protocol::{
    codec,
    hash::RecordId,
    keys::PublicKey,
    ledger::{Closing, Inadmissible, Void, Way, WayEnd},
    limits,
    outcome::{ByDelegation, CountedAs, Delegated, InCategory, OutcomeHead},
    records::{Ballot, Body, Choice, ProposalId, Received, Record, Scope},
};
use proptest::prelude::*;

use crate::support::*;

fn community() -> (World, [ProposalId; 2]) {
    let mut world = World::new();
    world.admit(&["ana", "ben", "cleo", "dora", "emil"]);
    world.fund(5_000);
    let mill = world.rated("ana", loan("mill", 900));
    let mut terms = loan("orchard", 700);
    terms.category = 1;
    let orchard = world.rated("ana", terms);
    (world, [mill, orchard])
}

fn delegate(world: &mut World, name: &str, scope: Scope, to: &str) {
    assert_eq!(world.enact(name, delegation(scope, Some(to))), None);
}

fn line(delegate: &str, voter: &str, ballot: RecordId) -> Option<Delegated> {
    Some(Delegated { delegate: public(delegate), voter: public(voter), ballot })
}

fn by(all: Option<Delegated>) -> CountedAs {
    CountedAs::Delegated(Box::new(ByDelegation { all, categories: Vec::new() }))
}

/// Who supports a loan, and with what weight.
fn supporters(closing: &Closing, loan: ProposalId) -> Vec<(PublicKey, u64)> {
    closing.supporters(&loan).iter().map(|one| (one.member, one.weight)).collect()
}

fn sorted(names: &[(&str, u64)]) -> Vec<(PublicKey, u64)> {
    let mut all: Vec<_> = names.iter().map(|(name, weight)| (public(name), *weight)).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_ballot_counts_for_all_whose_way_leads_to_it_each_with_their_own_weight() {
    let (mut world, [mill, _]) = community();
    assert_eq!(world.enact("registrar", admission("greta", 7)), None);
    delegate(&mut world, "greta", Scope::All, "ben");
    delegate(&mut world, "ana", Scope::All, "greta");
    let hours = world.put_motion("cleo", "hours");
    let mut said = ballot(1, &[(mill, 3)]);
    said.answers = answer(1, hours, Choice::Yes).answers;
    let cast = world.cast("ben", said);
    let closing = world.close();
    assert_eq!(counted(&closing, "ben"), Some(CountedAs::Cast(cast)));
    assert_eq!(counted(&closing, "greta"), Some(by(line("ben", "ben", cast))));
    assert_eq!(counted(&closing, "ana"), Some(by(line("greta", "ben", cast))));
    assert_eq!(counted(&closing, "dora"), Some(CountedAs::Nothing));
    assert_eq!(supporters(&closing, mill), sorted(&[("ana", 1), ("ben", 1), ("greta", 7)]));
    let turnout = closing.outcome.turnout;
    assert_eq!((turnout.voters, turnout.voted, turnout.members), (3, 9, 6));
    assert_eq!((closing.outcome.motions[0].yes, closing.outcome.motions[0].no), (9, 0));
    let explained = closing.explain();
    assert_eq!(explained.loans[0].supporters, (3, 9));
    assert_eq!(explained.represented.0, 3);
    assert!(closing.voted(&public("ana")) && !closing.voted(&public("dora")));
    // Everybody pays out of their own endowment.
    let paid: u64 = closing.shares[0].iter().map(|share| share.amount).sum();
    assert_eq!((closing.shares[0].len(), paid), (3, 900));
}

#[test]
fn an_own_ballot_counts_alone_even_a_blank_or_a_standing_one() {
    let (mut world, [mill, orchard]) = community();
    for name in ["ana", "cleo", "dora"] {
        delegate(&mut world, name, Scope::All, "ben");
    }
    let cast = world.support("ben", &[mill]);
    let blank = world.cast("ana", ballot(1, &[]));
    let kept = world.cast("cleo", standing(ballot(1, &[(orchard, 1)])));
    let closing = world.close();
    assert_eq!(counted(&closing, "ana"), Some(CountedAs::Cast(blank)));
    assert_eq!(counted(&closing, "cleo"), Some(CountedAs::Cast(kept)));
    assert_eq!(counted(&closing, "dora"), Some(by(line("ben", "ben", cast))));
    // In the next round: a standing ballot goes before a delegation, and is handed on like any other.
    delegate(&mut world, "emil", Scope::All, "cleo");
    let closing = world.close();
    assert_eq!(counted(&closing, "ana"), Some(CountedAs::Nothing), "ben has not voted in this round");
    assert_eq!(counted(&closing, "cleo"), Some(CountedAs::Standing(kept)));
    assert_eq!(counted(&closing, "emil"), Some(by(line("cleo", "cleo", kept))));
    // A blank standing ballot of a round that is over ends it, and casts nothing in this one.
    assert_eq!(world.enact("cleo", Body::Ballot(standing(ballot(1, &[])))), None);
    let late = world.support("ben", &[mill]);
    let closing = world.close();
    assert_eq!(counted(&closing, "cleo"), Some(by(line("ben", "ben", late))), "the delegation has waited");
    assert_eq!(counted(&closing, "emil"), Some(by(line("cleo", "ben", late))));
}

#[test]
fn of_a_ballot_for_a_category_only_the_scores_of_that_category_count() {
    let (mut world, [mill, orchard]) = community();
    let hours = world.put_motion("cleo", "hours");
    let vote = |world: &mut World, name: &str, choice| {
        let mut said = ballot(1, &[(mill, 1), (orchard, 1)]);
        said.answers = answer(1, hours, choice).answers;
        world.cast(name, said)
    };
    let (bens, cleos) = (vote(&mut world, "ben", Choice::Yes), vote(&mut world, "cleo", Choice::No));
    // Ana delegates farms alone; dora everything, but farms to ana, whose own delegation goes on from there.
    delegate(&mut world, "ana", Scope::Category(1), "cleo");
    delegate(&mut world, "dora", Scope::All, "ben");
    delegate(&mut world, "dora", Scope::Category(1), "ana");
    let closing = world.close();
    let farms = |counted| vec![InCategory { category: 1, counted }];
    let only = ByDelegation { all: None, categories: farms(line("cleo", "cleo", cleos)) };
    assert_eq!(counted(&closing, "ana"), Some(CountedAs::Delegated(Box::new(only))));
    let both = ByDelegation { all: line("ben", "ben", bens), categories: farms(line("ana", "cleo", cleos)) };
    assert_eq!(counted(&closing, "dora"), Some(CountedAs::Delegated(Box::new(both))));
    assert_eq!(supporters(&closing, mill), sorted(&[("ben", 1), ("cleo", 1), ("dora", 1)]));
    assert_eq!(supporters(&closing, orchard), sorted(&[("ana", 1), ("ben", 1), ("cleo", 1), ("dora", 1)]));
    let motion = &closing.outcome.motions[0];
    assert_eq!((motion.yes, motion.no), (2, 1), "motions follow the delegation for all");
    assert_eq!(closing.outcome.turnout.voters, 4);
}

#[test]
fn a_circle_and_a_delegate_who_is_gone_count_for_nobody() {
    let (mut world, [mill, _]) = community();
    world.support("emil", &[mill]);
    for (name, to) in [("ana", "ben"), ("ben", "cleo"), ("cleo", "ben"), ("dora", "emil")] {
        delegate(&mut world, name, Scope::All, to);
    }
    let circle =
        Way { through: vec![public("ben"), public("cleo")], steps: 3, end: WayEnd::Circle(public("ben")) };
    assert_eq!(world.ledger.way(&public("ana"), Scope::All), Some(circle));
    // A way in one category can lead out of a circle in all others.
    delegate(&mut world, "cleo", Scope::Category(1), "emil");
    let closing = world.close();
    assert!(matches!(counted(&closing, "dora"), Some(CountedAs::Delegated(_))));
    for name in ["ana", "ben", "cleo"] {
        let Some(CountedAs::Delegated(by)) = counted(&closing, name) else { panic!("{name} votes on farms") };
        assert_eq!(by.all, None);
        assert_eq!(by.categories.len(), 1);
        assert_eq!(by.categories[0].counted.unwrap().voter, public("emil"));
    }
    assert_eq!(supporters(&closing, mill).len(), 2, "the mill is no farm");
    // Suspended, and left: nobody, also where they would have passed it on.
    world.support("emil", &[mill]);
    assert_eq!(world.enact("registrar", suspension("emil")), None);
    let no_vote = world.ledger.way(&public("dora"), Scope::All).unwrap().end;
    assert_eq!(no_vote, WayEnd::NoVote(public("emil")));
    assert_eq!(counted(&world.close(), "dora"), Some(CountedAs::Nothing));
    assert_eq!(world.enact("registrar", readmission("emil")), None);
    world.support("emil", &[mill]);
    assert_eq!(world.enact("emil", Body::Leave), None);
    let last = world.close();
    assert!(
        matches!(counted(&last, "dora"), Some(CountedAs::Delegated(_))),
        "who is leaving votes once more"
    );
    assert_eq!(counted(&world.close(), "dora"), Some(CountedAs::Nothing));
}

#[test]
fn leaving_ends_what_was_delegated_and_a_new_key_changes_nothing() {
    let (mut world, [mill, _]) = community();
    delegate(&mut world, "ana", Scope::All, "ben");
    delegate(&mut world, "ben", Scope::Category(0), "cleo");
    for (old, new) in [("ben", "ben's new phone"), ("cleo", "cleo's new phone")] {
        let rotation = world.rotation(old, new);
        assert_eq!(world.enact(old, rotation), None);
    }
    let cast = world.support("cleo's new phone", &[mill]);
    // Who delegates to a key that was replaced delegates to its successor.
    delegate(&mut world, "dora", Scope::All, "ben");
    let closing = world.close();
    let expected = |delegate, voter| {
        let counted = line(delegate, voter, cast);
        let categories = vec![InCategory { category: 0, counted }];
        Some(CountedAs::Delegated(Box::new(ByDelegation { all: None, categories })))
    };
    for name in ["ana", "dora"] {
        assert_eq!(counted(&closing, name), expected("ben's new phone", "cleo's new phone"));
    }
    assert_eq!(counted(&closing, "ben's new phone"), expected("cleo's new phone", "cleo's new phone"));
    assert_eq!(world.enact("ana", Body::Leave), None);
    assert_eq!(world.ledger.members()[&public("ana")].delegations.len(), 1, "still in this round");
    world.close();
    assert!(world.ledger.members()[&public("ana")].delegations.is_empty());
}

#[test]
fn the_newest_delegation_holds_and_can_be_ended() {
    let (mut world, [mill, orchard]) = community();
    let (bens, cleos) = (world.support("ben", &[mill]), world.support("cleo", &[orchard]));
    delegate(&mut world, "ana", Scope::All, "ben");
    delegate(&mut world, "ana", Scope::All, "cleo");
    delegate(&mut world, "dora", Scope::All, "ben");
    delegate(&mut world, "dora", Scope::Category(1), "cleo");
    assert_eq!(world.enact("dora", delegation(Scope::Category(1), None)), None);
    assert_eq!(world.enact("dora", delegation(Scope::Category(1), None)), Some(Void::NotDelegated));
    // In the seal that closes the round, too, it comes in time.
    let last = world.say("emil", delegation(Scope::All, Some("ben")));
    let closing = world.close_with(vec![last]);
    assert_eq!(counted(&closing, "ana"), Some(by(line("cleo", "cleo", cleos))));
    assert_eq!(counted(&closing, "dora"), Some(by(line("ben", "ben", bens))));
    assert_eq!(counted(&closing, "emil"), Some(by(line("ben", "ben", bens))));
}

#[test]
fn only_members_delegate_and_only_to_members() {
    let (mut world, _) = community();
    assert!(matches!(
        world.refused("treasurer", delegation(Scope::All, Some("ana"))),
        Inadmissible::NotMember { .. }
    ));
    for name in ["stranger", "treasurer"] {
        let unknown = Inadmissible::UnknownKey { key: public(name) };
        assert_eq!(world.refused("ana", delegation(Scope::All, Some(name))), unknown);
        assert!(unknown.may_pass());
    }
}

/// A member can split their vote by category, and with it that of all who delegate to them: into as many parts as the
/// charter has categories, and no more.
#[test]
fn a_line_of_the_roll_is_bounded_by_the_charters_categories() {
    let mut world = World::with(|charter| {
        charter.categories = (0..limits::LABELS).map(|number| format!("category {number}")).collect();
        charter.limits.records_per_round = limits::RECORDS_PER_ROUND;
    });
    let voters: Vec<String> = (0..=limits::LABELS).map(|number| format!("voter {number}")).collect();
    world.admit(&["ana", "ben"]);
    world.admit(&voters.iter().map(String::as_str).collect::<Vec<_>>());
    let (last, others) = voters.split_last().unwrap();
    for name in &voters {
        world.support(name, &[]);
    }
    for (category, voter) in (0u16..).zip(others) {
        // The newest counts: saying it again makes no second line.
        for to in [last, voter] {
            delegate(&mut world, "ana", Scope::Category(category), to);
        }
    }
    delegate(&mut world, "ana", Scope::All, last);
    delegate(&mut world, "ben", Scope::All, "ana");
    let beyond = Scope::Category(u16::try_from(limits::LABELS).unwrap());
    let record = Record {
        body: delegation(beyond, Some(last)),
        ..world.sign("ana", 1, Record::NONE, Body::Leave).record().clone()
    };
    let bytes = record.sign(&key("ana")).bytes();
    assert!(Received::decode(&bytes, world.community()).is_err(), "the charter has no such category");

    let closing = world.close();
    let line = 3 * 32;
    let bound = 32 + 4 + 4 + (1 + line) + 8 + limits::LABELS * (2 + 1 + line);
    for entry in &closing.roll {
        let length = codec::encode(entry).len();
        assert!(length <= bound, "{length} bytes");
        let splits = [public("ana"), public("ben")].contains(&entry.member);
        assert_eq!(length == bound, splits, "{length} bytes");
    }
    assert_eq!(codec::encode(&closing.outcome.head()).len(), OutcomeHead::BYTES);
}

#[test]
fn an_amendment_after_the_delegates_ballot_takes_its_score_from_everybody() {
    let (mut world, [mill, _]) = community();
    delegate(&mut world, "ben", Scope::All, "cleo");
    world.support("cleo", &[mill]);
    let amended = mutua_protocol::records::Subject::Loan(loan("mill", 901));
    assert_eq!(world.enact("ana", Body::Amend { proposal: mill, subject: amended }), None);
    world.attest("attestor a", mill, approved());
    let closing = world.close();
    assert_eq!(supporters(&closing, mill), []);
    assert_eq!(closing.outcome.turnout.voters, 2, "their ballots count, and support nothing");
}

#[test]
fn what_if_and_forecast_see_delegated_ballots() {
    let (mut world, [mill, _]) = community();
    delegate(&mut world, "ana", Scope::All, "ben");
    delegate(&mut world, "dora", Scope::Category(0), "ben");
    world.support("ben", &[mill]);
    let poll = world.ledger.poll(None);
    let forecast = poll.forecast(&poll.draw(0..8), 8);
    assert_eq!((forecast.voted, forecast.electorate), (3, 5));
    assert_eq!(forecast.chances[0].supporters, (3, 3));
    let closing = world.close();
    let count = &closing.count;
    assert_eq!(count.voters().len(), 3);
    assert_eq!(count.instance().support(count.project(&mill).unwrap()), 3);
    assert!(closing.explain().fairness.is_some_and(|fairness| fairness.left_out.is_none()));
}

// Against the plain rule

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const SCOPES: [Scope; 4] = [Scope::All, Scope::Category(0), Scope::Category(1), Scope::Category(2)];

/// What a member does: a ballot of a kind, and for each scope a delegate or none.
#[derive(Debug, Clone)]
struct Doing {
    ballot: u8,
    scores: u8,
    delegates: [Option<usize>; 4],
    status: u8,
}

fn doings() -> impl Strategy<Value = Vec<Doing>> {
    let delegate = || prop::option::weighted(0.5, 0usize..NAMES.len());
    let doing = (0u8..8, any::<u8>(), [delegate(), delegate(), delegate(), delegate()], 0u8..12)
        .prop_map(|(ballot, scores, delegates, status)| Doing { ballot, scores, delegates, status });
    prop::collection::vec(doing, NAMES.len())
}

/// A town whose people have said all this; in one seal, or each in a seal of their own, in some order.
fn told(doings: &[Doing], apart: Option<usize>) -> World {
    let mut world = World::new();
    world.admit(&NAMES);
    world.fund(90_000);
    let loans: Vec<ProposalId> = (0..3u16)
        .map(|category| {
            let mut terms = loan(&format!("loan {category}"), 7_000 + u64::from(category));
            terms.category = category;
            world.rated("a", terms)
        })
        .collect();
    let hours = world.put_motion("a", "hours");
    let mut said: Vec<Vec<Received>> = Vec::new();
    for (name, doing) in NAMES.iter().zip(doings) {
        let mut records = Vec::new();
        for (scope, to) in SCOPES.iter().zip(&doing.delegates) {
            if let Some(to) = to.filter(|to| NAMES[*to] != *name) {
                records.push(world.say(name, delegation(*scope, Some(NAMES[to]))));
            }
        }
        if doing.ballot < 3 {
            let picked = loans.iter().enumerate().filter(|(place, _)| (doing.scores >> place) & 1 == 1);
            let mut ballot = ballot(1, &picked.map(|(_, loan)| (*loan, 1)).collect::<Vec<_>>());
            if doing.scores & 8 > 0 {
                ballot.answers = answer(1, hours, Choice::Yes).answers;
            }
            records.push(world.say(name, Body::Ballot(Ballot { standing: doing.ballot == 2, ..ballot })));
        }
        match doing.status {
            1 => records.push(world.say(name, Body::Leave)),
            2 => {
                let rotation = world.rotation(name, &format!("{name}'"));
                records.push(world.say(name, rotation));
            }
            _ => {}
        }
        said.push(records);
    }
    match apart {
        None => drop(world.seal(said.concat())),
        Some(first) => {
            for turn in 0..said.len() {
                let records = std::mem::take(&mut said[(first + turn) % NAMES.len()]);
                if !records.is_empty() {
                    world.seal(records);
                }
            }
        }
    }
    let suspended = NAMES.iter().zip(doings).filter(|(_, doing)| doing.status == 0);
    for (name, _) in suspended {
        assert_eq!(world.enact("registrar", suspension(name)), None);
    }
    world
}

/// SPEC 10.3, word for word, without a thought of speed.
fn plainly(world: &World) -> BTreeMap<PublicKey, BTreeMap<Scope, (PublicKey, PublicKey)>> {
    let ledger = &world.ledger;
    let electorate: BTreeSet<PublicKey> = ledger
        .members()
        .iter()
        .filter(|(key, member)| {
            member.status != mutua_protocol::ledger::MemberStatus::Left && ledger.suspension(key).is_none()
        })
        .map(|(key, _)| *key)
        .collect();
    let own = |key: &PublicKey| {
        let member = &ledger.members()[key];
        member.cast.is_some() || member.standing.is_some()
    };
    let next = |key: &PublicKey, scope: Scope| {
        let held = &ledger.members()[key].delegations;
        let named = held.get(&scope).or_else(|| held.get(&Scope::All))?;
        let key = ledger.newest(named.to);
        electorate.contains(&key).then_some(key)
    };
    let mut found = BTreeMap::new();
    for key in electorate.iter().filter(|key| !own(key)) {
        let lines = SCOPES.iter().filter_map(|scope| {
            let delegate = next(key, *scope)?;
            let mut at = delegate;
            // After as many steps as there are members, one was passed twice.
            for _ in 0..electorate.len() {
                if own(&at) {
                    return Some((*scope, (delegate, at)));
                }
                at = next(&at, *scope)?;
            }
            None
        });
        found.insert(*key, lines.collect());
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn delegations_are_resolved_as_the_plain_rule_says(doings in doings()) {
        let mut world = told(&doings, None);
        let plain = plainly(&world);
        let closing = world.close();
        for entry in &closing.roll {
            let CountedAs::Delegated(by) = &entry.counted else {
                let none = plain.get(&entry.member).is_none_or(BTreeMap::is_empty);
                let own = !matches!(entry.counted, CountedAs::Nothing);
                prop_assert!(own || none, "{:?}", entry);
                continue;
            };
            let pair = |line: &Delegated| (line.delegate, line.voter);
            let lines = &plain[&entry.member];
            prop_assert_eq!(by.all.as_ref().map(pair), lines.get(&Scope::All).copied());
            for scope in &SCOPES[1..] {
                let Scope::Category(category) = *scope else { continue };
                let other = by.categories.iter().find(|other| other.category == category);
                let line = other.map_or(by.all, |other| other.counted);
                prop_assert_eq!(line.as_ref().map(pair), lines.get(scope).copied());
                prop_assert!(other.is_none_or(|other| other.counted != by.all), "named only where it differs");
            }
            prop_assert!(by.categories.is_sorted_by(|a, b| a.category < b.category));
        }
        for key in plain.keys().filter(|key| !plain[*key].is_empty()) {
            prop_assert!(closing.voted(key));
        }
    }

    /// Also which seal they are in does not.
    #[test]
    fn the_order_of_ballots_and_delegations_of_different_members_does_not_matter(
        doings in doings(),
        first in 0usize..NAMES.len(),
    ) {
        let (one, other) = (told(&doings, None).close(), told(&doings, Some(first)).close());
        prop_assert_eq!(&one.roll, &other.roll);
        prop_assert_eq!(&one.outcome.funded, &other.outcome.funded);
        prop_assert_eq!(&one.outcome.motions, &other.outcome.motions);
        prop_assert_eq!(&one.shares, &other.shares);
    }
}
