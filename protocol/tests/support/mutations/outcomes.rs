//! Outcomes that the witnesses have signed, and that are not those of the log: each of their fields.

use mutua_protocol::{
    archive::Check,
    charter::{Completion, Rule, Utility},
    codec,
    hash::{RecordId, Root, TermsHash, context},
    keys::PublicKey,
    ledger::{Closing, Figures, Ineligible},
    outcome::{
        Candidate, CandidateResult, CountedAs, FundedLoan, Outcome, PassedOver, Price, RollEntry, Share,
        shares_digest,
    },
    records::{Assessment, Choice, Verdict},
    seals::merkle_root,
};

use super::{super::*, Mutations, Spoiled};

/// A round that is due, and whose outcome has every kind of result: bought, funded by the completion, passed over
/// with and without support, ineligible for several reasons, and motions carried and lost.
fn round() -> World {
    let mut terms = charter(4);
    terms.rule = Rule::EqualShares { utility: Utility::Cost, completion: Completion::Greedy };
    let mut world = World::found(terms);
    let weights = [("ana", 3), ("ben", 1), ("cleo", 1), ("dora", 2), ("emil", 1)];
    let admissions =
        weights.iter().map(|(name, weight)| world.say("registrar", admission(name, *weight))).collect();
    world.seal(admissions);
    world.fund(100_000);
    let bakery = world.rated("ana", loan("bakery", 60_000));
    let cinema = world.rated("ben", loan("cinema", 35_000));
    let forge = world.rated("ben", loan("forge", 20_000));
    world.rated("cleo", loan("mill", 10_000));
    let garage = world.propose("dora", loan("garage", 5_000));
    world.attest("attestor b", garage, Assessment { verdict: Verdict::Declined, ..approved() });
    world.propose("dora", loan("hotel", 5_000));
    let tower = world.propose("dora", loan("tower", 900_000));
    world.attest("attestor c", tower, Assessment { greatest_amount: 800_000, ..approved() });
    let hours = world.put_motion("cleo", "Longer hours");
    let paint = world.put_motion("cleo", "Paint the door");
    let scores = [(bakery, 3), (forge, 1)];
    let ballots = [
        ("ana", Ballot { answers: answer(1, hours, Choice::Yes).answers, ..ballot(1, &scores) }),
        ("ben", ballot(1, &[(bakery, 1)])),
        ("cleo", standing(ballot(1, &[(bakery, 1), (cinema, 2)]))),
        ("dora", Ballot { answers: answer(1, hours, Choice::Yes).answers, ..ballot(1, &[(cinema, 1)]) }),
    ];
    let ballots = ballots.map(|(name, ballot)| world.say(name, Body::Ballot(ballot))).to_vec();
    world.seal(ballots);
    world.cast("emil", answer(1, paint, Choice::No));
    world
}

/// What a forger does to an outcome, knowing the tables behind it.
type Forgery = (&'static str, Box<dyn Fn(&mut Outcome, &Closing)>);

/// All of them.
pub fn all() -> Mutations {
    let world = round();
    let time = world.ledger.close();
    let closing = world.ledger.provisional(time, &[]);
    assert_eq!(closing.outcome.funded.len(), 2, "{:?}", closing.outcome);
    let forge = |(name, change): Forgery| {
        let mut outcome = closing.outcome.clone();
        change(&mut outcome, &closing);
        assert_ne!(outcome, closing.outcome, "{name}");
        let mut header = log::header(&world.ledger, time, &[]);
        header.closes = Some(outcome.digest());
        let mut log = log::Log { end: (header.height, header.id()), ..log::Log::of(&world) };
        log.batches.push(world.batch(header, &[]));
        let spoiled = Spoiled::at(log.bytes(), Check::Outcome, log.batches.len());
        (format!("outcome: {name}"), spoiled)
    };
    [simple(), rolls(), candidates(), funded(), motions()].into_iter().flatten().map(forge).collect()
}

fn forgery(name: &'static str, change: impl Fn(&mut Outcome, &Closing) + 'static) -> Forgery {
    (name, Box::new(change))
}

fn simple() -> Vec<Forgery> {
    vec![
        forgery("another round", |o, _| o.round += 1),
        forgery("another height", |o, _| o.height -= 1),
        forgery("another close", |o, _| o.close += 1),
        forgery("another time", |o, _| o.time += 1),
        forgery("a larger pool", |o, _| o.pool += 1),
        forgery("a smaller pool", |o, _| o.pool -= 1),
        forgery("a member more", |o, _| o.turnout.members += 1),
        forgery("more weight", |o, _| o.turnout.weight += 1),
        forgery("a voter fewer", |o, _| o.turnout.voters -= 1),
        forgery("less weight voted", |o, _| o.turnout.voted -= 1),
        forgery("another charter", |o, _| o.charter = mutua_protocol::hash::CharterHash([7; 32])),
        forgery("raises under a rule that raises nothing", |o, _| o.raises = Some(0)),
    ]
}

/// Changes the table behind the root of the roll.
fn roll(name: &'static str, change: fn(&mut Vec<RollEntry>)) -> Forgery {
    forgery(name, move |outcome, closing| {
        let mut roll = closing.roll.clone();
        change(&mut roll);
        outcome.roll = merkle_root(context::ROLL_TREE, roll.iter().map(codec::encode));
    })
}

fn rolls() -> Vec<Forgery> {
    fn cast(entry: &RollEntry) -> bool {
        matches!(entry.counted, CountedAs::Cast(_))
    }
    vec![
        forgery("a root of the roll out of thin air", |o, _| o.roll = Root([7; 32])),
        roll("a member missing from the roll", |roll| {
            roll.remove(2);
        }),
        roll("a stranger on the roll", |roll| {
            roll.push(RollEntry { member: public("stranger"), weight: 1, counted: CountedAs::Nothing });
            roll.sort_by_key(|entry| entry.member);
        }),
        roll("an unsorted roll", |roll| roll.swap(0, 1)),
        roll("another weight on the roll", |roll| roll[1].weight += 1),
        roll("a ballot not counted", |roll| {
            roll.iter_mut().find(|entry| cast(entry)).unwrap().counted = CountedAs::Nothing;
        }),
        roll("a cast ballot as a standing one", |roll| {
            let entry = roll.iter_mut().find(|entry| cast(entry)).unwrap();
            if let CountedAs::Cast(record) = entry.counted {
                entry.counted = CountedAs::Standing(record);
            }
        }),
        roll("another ballot counted", |roll| {
            roll.iter_mut().find(|entry| cast(entry)).unwrap().counted = CountedAs::Cast(RecordId([7; 32]));
        }),
    ]
}

/// Changes the loan that was funded first, or its figures.
fn rated(name: &'static str, change: fn(&mut Figures)) -> Forgery {
    forgery(name, move |outcome, _| {
        for candidate in &mut outcome.candidates {
            if let CandidateResult::Funded(figures) = &mut candidate.result {
                return change(figures);
            }
        }
    })
}

/// Changes the first candidate that was passed over with support.
fn passed_over(
    name: &'static str,
    change: fn(&mut Figures, &mut PassedOver, &mut u64, &mut Option<u64>),
) -> Forgery {
    forgery(name, move |outcome, _| {
        for candidate in &mut outcome.candidates {
            if let CandidateResult::PassedOver { figures, reason, supporters, left } = &mut candidate.result
                && *supporters > 0
            {
                return change(figures, reason, supporters, left);
            }
        }
    })
}

/// Changes the candidates that could not be funded.
fn ineligible(name: &'static str, change: fn(&mut Ineligible)) -> Forgery {
    forgery(name, move |outcome, _| {
        for candidate in &mut outcome.candidates {
            if let CandidateResult::Ineligible(reason) = &mut candidate.result {
                change(reason);
            }
        }
    })
}

fn candidates() -> Vec<Forgery> {
    vec![
        forgery("a candidate missing", |o, _| o.candidates.truncate(o.candidates.len() - 1)),
        forgery("a candidate twice", |o, _| o.candidates.push(o.candidates[0].clone())),
        forgery("candidates in another order", |o, _| o.candidates.swap(0, 1)),
        forgery("another candidate", |o, _| o.candidates[0].proposal = RecordId([7; 32])),
        forgery("other terms", |o, _| o.candidates[0].terms = TermsHash([7; 32])),
        forgery("another amount of a candidate", |o, _| o.candidates[0].amount += 1),
        forgery("a funded loan told as without support", |o, _| {
            let Candidate { result, .. } = &mut o.candidates[0];
            if let CandidateResult::Funded(figures) = *result {
                *result = CandidateResult::PassedOver {
                    figures,
                    reason: PassedOver::NoSupporters,
                    supporters: 0,
                    left: Some(0),
                };
            }
        }),
        rated("another grade", |figures| figures.grade += 1),
        rated("another default", |figures| figures.default += 1),
        rated("another loss", |figures| figures.loss += 1),
        rated("another greatest amount", |figures| figures.greatest_amount += 1),
        rated("another outlook", |figures| figures.outlook += 1),
        passed_over("another grade of what was passed over", |figures, _, _, _| figures.grade += 1),
        passed_over("another reason", |_, reason, _, _| *reason = PassedOver::NoUtility),
        passed_over("a stop for a reason", |_, reason, _, _| *reason = PassedOver::Stopped),
        passed_over("a cap for a reason", |_, reason, _, _| *reason = PassedOver::BorrowerCap),
        passed_over("other supporters of what was passed over", |_, _, supporters, _| *supporters -= 1),
        passed_over("more left", |_, _, _, left| *left = left.map(|left| left + 1)),
        passed_over("nothing said of what is left", |_, _, _, left| *left = None),
        ineligible("declined told as expired", |reason| {
            if *reason == Ineligible::Declined {
                *reason = Ineligible::Expired;
            }
        }),
        ineligible("attestations counted wrong", |reason| {
            if let Ineligible::Attestations { have, .. } = reason {
                *have += 1;
            }
        }),
        ineligible("attestations needed told wrong", |reason| {
            if let Ineligible::Attestations { needed, .. } = reason {
                *needed += 1;
            }
        }),
        ineligible("another bound of the amount", |reason| {
            if let Ineligible::Amount { greatest } = reason {
                *greatest += 1;
            }
        }),
    ]
}

/// Changes the table behind the digest of a funded loan's shares.
fn shared(name: &'static str, change: fn(&mut Vec<Share>)) -> Forgery {
    forgery(name, move |outcome, closing| {
        let mut shares = closing.shares[0].clone();
        change(&mut shares);
        outcome.funded[0].shares = shares_digest(&shares);
    })
}

fn priced(name: &'static str, change: fn(&mut Price)) -> Forgery {
    forgery(name, move |outcome, _| change(outcome.funded[0].price.as_mut().unwrap()))
}

fn funded() -> Vec<Forgery> {
    fn loan(name: &'static str, change: fn(&mut FundedLoan)) -> Forgery {
        forgery(name, move |outcome, _| change(&mut outcome.funded[0]))
    }
    let mut forgeries = vec![
        forgery("a funded loan missing", |o, _| o.funded.truncate(o.funded.len() - 1)),
        forgery("a loan funded twice", |o, _| o.funded.push(o.funded[0].clone())),
        forgery("funded in another order", |o, _| o.funded.swap(0, 1)),
        forgery("nothing funded", |o, _| o.funded.clear()),
        loan("another loan funded", |loan| loan.proposal = RecordId([7; 32])),
        loan("another amount funded", |loan| loan.amount -= 1),
        loan("no price", |loan| loan.price = None),
        loan("other supporters", |loan| loan.supporters += 1),
        loan("a digest of shares out of thin air", |loan| loan.shares = Root([7; 32])),
        forgery("a price where greedy funded", |o, _| o.funded[1].price = o.funded[0].price.clone()),
        priced("another numerator", |price| price.numerator[0] ^= 1),
        priced("another denominator", |price| price.denominator[0] ^= 2),
        priced("a price with a leading zero", |price| price.numerator.insert(0, 0)),
        priced("a price not in lowest terms", |price| {
            // One bit further left: twice the number.
            for number in [&mut price.numerator, &mut price.denominator] {
                let mut carry = 0;
                for byte in number.iter_mut().rev() {
                    (*byte, carry) = ((*byte << 1) | carry, *byte >> 7);
                }
                if carry > 0 {
                    number.insert(0, carry);
                }
            }
        }),
    ];
    forgeries.extend([
        shared("a unit for somebody else", |shares| {
            shares[0].amount += 1;
            shares[1].amount -= 1;
        }),
        shared("a share too many", |shares| {
            shares.push(Share { member: PublicKey([0xff; 32]), amount: 0 });
        }),
        shared("a share missing", |shares| shares.truncate(shares.len() - 1)),
        shared("shares in another order", |shares| shares.swap(0, 1)),
        shared("shares that do not add up", |shares| shares[0].amount -= 1),
    ]);
    forgeries
}

fn motions() -> Vec<Forgery> {
    vec![
        forgery("a motion missing", |o, _| o.motions.truncate(o.motions.len() - 1)),
        forgery("motions in another order", |o, _| o.motions.swap(0, 1)),
        forgery("another motion", |o, _| o.motions[0].proposal = RecordId([7; 32])),
        forgery("more yes", |o, _| o.motions[0].yes += 1),
        forgery("more no", |o, _| o.motions[0].no += 1),
        forgery("more abstentions", |o, _| o.motions[0].abstain += 1),
        forgery("no quorum", |o, _| o.motions[0].quorum ^= true),
        forgery("a motion lost", |o, _| o.motions[0].carried ^= true),
        forgery("a motion that changes the charter", |o, _| {
            o.motions[0].change = Some(mutua_protocol::outcome::ChangeResult::NotCarried);
        }),
        forgery("a quorum", |o, _| o.motions[1].quorum ^= true),
    ]
}
