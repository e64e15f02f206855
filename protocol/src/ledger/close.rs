//! Closing a round: electorate, ballots, candidates, allocation, motions (SPEC section 10).

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::{
    Count, Figures, Ledger, MemberStatus, Proposal, ProposalStatus,
    count::{Says, Voter},
    delegation::Elector,
};
use crate::{
    allocation::{self, Cap, Fraction, Reason},
    charter::{BASIS_POINTS, Community, Completion, Rule},
    hash::{CharterHash, OutcomeDigest},
    loans::{Account, AttestedRisk, Estimates, PredictedRisk, Sums},
    outcome::{
        Candidate, CandidateResult, ChangeResult, CountedAs, FundedLoan, MotionResult, Outcome, PassedOver,
        Price, RollEntry, Share, Turnout, roll_root, shares_digest,
    },
    records::{Choice, ProposalId},
    seals::SealHeader,
};

/// The end of a round: the outcome, and the tables whose digests it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closing {
    /// What was decided.
    pub outcome: Outcome,
    /// Its digest.
    pub digest: OutcomeDigest,
    /// What was counted for each member, sorted by key.
    pub roll: Vec<RollEntry>,
    /// For each funded loan, in the order of selection, what each member's vote paid, sorted by key.
    pub shares: Vec<Vec<Share>>,
    /// What was counted: all that the outcome about loans follows from.
    #[serde(skip)]
    pub count: Arc<Count>,
}

impl Ledger {
    /// Carries out what was decided at the close of the round, and begins the next one.
    pub(super) fn settle(&mut self, closing: &Arc<Closing>) {
        let outcome = &closing.outcome;
        for loan in &outcome.funded {
            if let Some(proposal) = self.proposals.get_mut(&loan.proposal) {
                proposal.status = ProposalStatus::Funded(self.round);
            }
        }
        self.open_accounts(outcome);
        for proposal in self.proposals.values_mut().filter(|held| held.status == ProposalStatus::Open) {
            match proposal.subject.loan() {
                None => proposal.status = ProposalStatus::Decided(self.round),
                Some(loan) if loan.expires <= outcome.time => {
                    proposal.status = ProposalStatus::Expired(self.round);
                }
                Some(_) => {}
            }
        }
        for member in self.members.values_mut() {
            member.cast = None;
            if member.status == MemberStatus::Leaving {
                member.status = MemberStatus::Left;
                member.standing = None;
                member.delegations.clear();
            }
        }
        self.closings.push(Arc::clone(closing));
        self.round += 1;
        if let Some(amended) = self.adopted(&closing.outcome) {
            self.community = Arc::new(amended);
            self.anchor = outcome.close;
        }
        self.close = self.community.charter.close_after(self.anchor, outcome.time);
    }

    /// The community under the charter that this outcome adopts, if it adopts one.
    fn adopted(&self, outcome: &Outcome) -> Option<Community> {
        let motion = outcome.motions.iter().find(|motion| motion.change == Some(ChangeResult::Adopted))?;
        let change = self.proposals.get(&motion.proposal)?.subject.change()?;
        self.community.amended(change.charter.clone(), outcome.height).ok()
    }

    /// Which of the changes that were carried takes effect, and which charter is then in force: of those that amend the
    /// charter in force, the first that was sealed and names no key that was replaced since.
    fn judge_changes(&self, motions: &mut [MotionResult]) -> CharterHash {
        let mut in_force = self.community.hash;
        let mut adopted = None;
        for motion in motions {
            let Some(change) = self.proposals.get(&motion.proposal).and_then(|held| held.subject.change())
            else {
                continue;
            };
            motion.change = Some(match (motion.carried, adopted, self.replaced_in(&change.charter)) {
                (false, ..) => ChangeResult::NotCarried,
                (true, Some(by), _) => ChangeResult::Lapsed { by },
                (true, None, Some(key)) => ChangeResult::ReplacedKey { key },
                (true, None, None) => {
                    adopted = Some(motion.proposal);
                    in_force = change.charter.hash();
                    ChangeResult::Adopted
                }
            });
        }
        in_force
    }

    /// From now on the treasurer states what becomes of the funded loans.
    fn open_accounts(&mut self, outcome: &Outcome) {
        let amounts: BTreeMap<ProposalId, u64> =
            outcome.funded.iter().map(|loan| (loan.proposal, loan.amount)).collect();
        for candidate in &outcome.candidates {
            let (CandidateResult::Funded(figures), Some(amount)) =
                (&candidate.result, amounts.get(&candidate.proposal))
            else {
                continue;
            };
            let estimates = Arc::new(self.estimates(&candidate.proposal, outcome.time));
            let sums = Sums { allocated: u128::from(*amount), ..Sums::default() };
            self.pool.loans.add_all(&sums);
            let account = Account {
                round: outcome.round,
                height: outcome.height,
                time: outcome.time,
                figures: *figures,
                estimates,
                sums,
                movements: Vec::new(),
            };
            self.accounts.insert(candidate.proposal, Arc::new(account));
        }
    }

    /// What is said of a loan's risk at the close: by valid attestations, and by members of the electorate on its
    /// present terms.
    fn estimates(&self, proposal: &ProposalId, time: u64) -> Estimates {
        let Some(found) = self.proposals.get(proposal) else { return Estimates::default() };
        let attested = found.attestations.iter().filter(|(_, held)| self.valid(found, held, time));
        let predicted = found.predictions.iter().filter(|(member, said)| {
            let votes = self.members.get(*member).is_some_and(|member| member.status != MemberStatus::Left);
            said.terms == found.terms && votes && !self.suspended.contains_key(*member)
        });
        Estimates {
            attested: attested
                .map(|(attestor, held)| AttestedRisk {
                    record: held.id,
                    attestor: *attestor,
                    grade: held.assessment.grade,
                    default: held.assessment.default,
                    loss: held.assessment.loss,
                })
                .collect(),
            predicted: predicted
                .map(|(member, said)| PredictedRisk {
                    record: said.id,
                    member: *member,
                    default: said.default,
                })
                .collect(),
        }
    }

    /// What the close of the round decides, with the seal that was just folded in.
    pub(super) fn decide(&self, header: &SealHeader) -> Closing {
        let (roll, voters) = self.electorate();
        let open = self.open_proposals();
        let count = Arc::new(self.count(&open, &voters, header.time));
        let decision = Decision::of(&count);
        let candidates = count
            .candidates()
            .iter()
            .map(|counted| Candidate {
                proposal: counted.proposal,
                terms: counted.terms,
                amount: counted.amount(),
                result: match counted.eligible() {
                    Err(reason) => CandidateResult::Ineligible(reason),
                    Ok(figures) => decision.result(&counted.proposal, figures),
                },
            })
            .collect();
        let answers = answers(&open, &voters);
        let weigh = |entries: &mut dyn Iterator<Item = u32>| entries.map(u64::from).sum::<u64>();
        let turnout = Turnout {
            members: roll.len() as u64,
            weight: weigh(&mut roll.iter().map(|entry| entry.weight)),
            voters: voters.len() as u64,
            voted: weigh(&mut voters.iter().map(|voter| voter.weight)),
        };
        let mut motions: Vec<MotionResult> = open
            .iter()
            .filter(|proposal| proposal.subject.loan().is_none())
            .map(|proposal| self.answer(proposal, &answers, turnout.weight))
            .collect();
        let charter = self.judge_changes(&mut motions);
        let outcome = Outcome {
            round: self.round,
            height: header.height,
            close: self.close,
            time: header.time,
            pool: count.instance().budget(),
            raises: decision.raises,
            turnout,
            roll: roll_root(&roll),
            charter,
            candidates,
            funded: decision.funded,
            motions,
        };
        Closing { digest: outcome.digest(), outcome, roll, shares: decision.shares, count }
    }

    /// The open proposals, in the order in which they were sealed.
    pub(super) fn open_proposals(&self) -> Vec<&Proposal> {
        let mut open: Vec<&Proposal> =
            self.proposals.values().filter(|held| held.status == ProposalStatus::Open).collect();
        open.sort_by_key(|proposal| proposal.sealed);
        open
    }

    /// Who could vote, with what is counted for them, sorted by key; and those for whom a ballot counts.
    pub(super) fn electorate(&self) -> (Vec<RollEntry>, Vec<Voter<'_>>) {
        let takes_part = |(key, member): &Elector<'_>| {
            member.status != MemberStatus::Left && !self.suspended.contains_key(key)
        };
        let electors: Vec<Elector<'_>> =
            self.members.iter().map(|(key, member)| (*key, member)).filter(takes_part).collect();
        let resolved = self.resolve(&electors);
        let mut roll = Vec::with_capacity(electors.len());
        let mut voters = Vec::with_capacity(electors.len());
        for (position, (key, member)) in electors.iter().enumerate() {
            let by_delegation = || resolved.as_ref().and_then(|resolved| resolved.of(position));
            let (counted, says) = match (&member.cast, &member.standing) {
                (Some(cast), _) => (CountedAs::Cast(cast.id), Some(Says::Own(cast))),
                (None, Some(standing)) => (CountedAs::Standing(standing.id), Some(Says::Own(standing))),
                (None, None) => match by_delegation() {
                    Some((counted, says)) => (CountedAs::Delegated(counted.into()), Some(Says::By(says))),
                    None => (CountedAs::Nothing, None),
                },
            };
            roll.push(RollEntry { member: *key, weight: member.weight, counted });
            voters.extend(says.map(|says| Voter { key: *key, weight: member.weight, says }));
        }
        (roll, voters)
    }

    fn answer(&self, proposal: &Proposal, answers: &Answers, electorate: u64) -> MotionResult {
        let [yes, no, abstain] = answers.get(&proposal.id).copied().unwrap_or_default();
        let policy = &self.community.charter.motions;
        let (quorum, majority) = match proposal.subject.change() {
            None => (policy.quorum, policy.majority),
            Some(_) => (policy.charter.quorum, policy.charter.majority),
        };
        let part = |share: u64, of: u64, points: u16| {
            (u128::from(share) * u128::from(BASIS_POINTS), u128::from(of) * u128::from(points))
        };
        let (answered, wanted) = part(yes + no + abstain, electorate, quorum);
        let (for_it, bound) = part(yes, yes + no, majority);
        let quorum = answered >= wanted;
        let carried = quorum && for_it > bound;
        MotionResult { proposal: proposal.id, yes, no, abstain, quorum, carried, change: None }
    }
}

/// For each motion the weight of those who say yes, no, and neither.
type Answers = BTreeMap<ProposalId, [u64; 3]>;

/// What the ballots say of the open motions: one pass over what stands on them, however many motions are open.
fn answers(open: &[&Proposal], voters: &[Voter<'_>]) -> Answers {
    let open: BTreeMap<ProposalId, &Proposal> =
        open.iter().map(|proposal| (proposal.id, *proposal)).collect();
    let mut answers = Answers::new();
    for voter in voters {
        let Some(ballot) = voter.on_motions() else { continue };
        for answer in &ballot.ballot.answers {
            if open.get(&answer.proposal).is_some_and(|proposal| proposal.is_known_to(ballot)) {
                let place = match answer.choice {
                    Choice::Yes => 0,
                    Choice::No => 1,
                    Choice::Abstain => 2,
                };
                answers.entry(answer.proposal).or_default()[place] += u64::from(voter.weight);
            }
        }
    }
    answers
}

/// An allocation in terms of proposals and members.
#[derive(Default)]
struct Decision {
    raises: Option<u64>,
    funded: Vec<FundedLoan>,
    shares: Vec<Vec<Share>>,
    passed_over: BTreeMap<ProposalId, (PassedOver, u64, Option<u64>)>,
}

impl Decision {
    fn of(count: &Count) -> Self {
        let (instance, rule) = (count.instance(), count.rule());
        let allocation = &allocation::allocate(instance, rule);
        let adds_one = matches!(
            rule,
            Rule::EqualShares { completion: Completion::AddOne | Completion::AddOneThenGreedy, .. }
        );
        let mut decision = Self { raises: adds_one.then(|| allocation.raises(instance)), ..Self::default() };
        for (place, funded) in allocation.funded.iter().enumerate() {
            let Some(loan) = count.loan(funded.project) else { continue };
            let shares: Vec<Share> = allocation
                .shares(instance, place)
                .into_iter()
                .map(|(voter, amount)| Share { member: count.voters()[voter], amount })
                .collect();
            decision.funded.push(FundedLoan {
                proposal: loan.proposal,
                amount: funded.cost,
                price: funded.price.as_ref().map(|price| Price {
                    numerator: price.numerator_bytes(),
                    denominator: price.denominator_bytes(),
                }),
                supporters: funded.supporters,
                shares: shares_digest(&shares),
            });
            decision.shares.push(shares);
        }
        for passed in &allocation.passed_over {
            let Some(loan) = count.loan(passed.project) else { continue };
            let reason = passed_over(passed.reason);
            let left = allocation
                .left_to_supporters(instance, passed.project)
                .and_then(|left| Fraction::floor(&left))
                .map(|left| u64::try_from(left).unwrap_or(u64::MAX));
            let supporters = instance.support(passed.project);
            decision.passed_over.insert(loan.proposal, (reason, supporters, left));
        }
        decision
    }

    fn result(&self, proposal: &ProposalId, figures: Figures) -> CandidateResult {
        match self.passed_over.get(proposal) {
            None => CandidateResult::Funded(figures),
            Some((reason, supporters, left)) => {
                CandidateResult::PassedOver { figures, reason: *reason, supporters: *supporters, left: *left }
            }
        }
    }
}

/// The reason as an outcome names it.
pub(super) const fn passed_over(reason: Reason) -> PassedOver {
    match reason {
        Reason::NoSupporters => PassedOver::NoSupporters,
        Reason::NoUtility => PassedOver::NoUtility,
        Reason::SupportersLackMoney => PassedOver::SupportersLackMoney,
        Reason::BudgetSpent => PassedOver::PoolSpent,
        Reason::Stopped => PassedOver::Stopped,
        Reason::Cap(Cap::Borrower) => PassedOver::BorrowerCap,
        Reason::Cap(Cap::Category) => PassedOver::CategoryCap,
        Reason::Cap(Cap::ExpectedLoss) => PassedOver::ExpectedLossCap,
    }
}
