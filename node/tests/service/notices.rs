//! What a member is told, and what not.

use std::sync::Arc;

use mutua_node::{
    notices::{Follow, Interests, News, Notices, REMINDER_MS, find},
    service::MatterKind,
};
use mutua_protocol::{
    charter::{Charter, Community, Role, RoleHolders, Schedule},
    records::{About, Body, Motion, On, Received, ResponseStatus, Scope, Stance, Subject},
};

use super::{
    evidence::show,
    sim::{Links, Sim},
    story::{members, open_a_round},
    world::{Authors, CLOSE, EPOCH, admit, ballot, charter, community, loan, public},
};

/// A time at which nobody is reminded of a close.
const EARLY: u64 = 0;
const DAY: u64 = 24 * 3600 * 1000;

fn found(sim: &Sim, interests: &Interests, since: u64, wall: u64) -> Notices {
    let core = sim.core(0);
    find(core, interests, since, wall).dated(core.reader()).unwrap()
}

struct Village {
    sim: Sim,
    authors: Authors,
}

impl Village {
    /// Two members, and a round that closes in two days.
    fn new() -> Self {
        let mut charter = charter(1);
        charter.categories.push("mills".to_owned());
        charter.schedule = Schedule { first_close: EPOCH + 2 * DAY, period: DAY };
        Self::under(charter)
    }

    /// Two members under this charter.
    fn under(charter: Charter) -> Self {
        let community = Arc::new(Community::new(charter).unwrap());
        let mut village =
            Self { sim: Sim::new(0, &community, 0, Links::GOOD), authors: Authors::new(&community) };
        for name in ["anna", "bert"] {
            village.say("registrar", admit(name));
        }
        village.sim.settle(10_000);
        village
    }

    fn say(&mut self, author: &str, body: Body) -> Received {
        let record = self.authors.say(author, body);
        self.sim.accept(0, std::slice::from_ref(&record));
        record
    }

    fn sealed(&mut self, author: &str, body: Body) -> Received {
        let record = self.say(author, body);
        self.sim.settle(10_000);
        record
    }

    fn height(&self) -> u64 {
        self.sim.core(0).ledger().height()
    }

    fn told(&self, who: &str, categories: Follow, since: u64, wall: u64) -> Notices {
        let interests = Interests { members: vec![public(who)], categories };
        found(&self.sim, &interests, since, wall)
    }

    /// What somebody who follows no category is told now.
    fn news(&self, who: &str, since: u64) -> Vec<News> {
        let notices = self.told(who, Follow::None, since, EARLY).notices;
        notices.into_iter().map(|notice| notice.news).collect()
    }
}

fn loan_in(category: u16, title: &str) -> Body {
    match loan(title, 1_000) {
        Body::Propose(Subject::Loan(mut loan)) => {
            loan.category = category;
            Body::Propose(Subject::Loan(loan))
        }
        _ => panic!("a loan"),
    }
}

fn argue(on: On, stance: Stance) -> Body {
    Body::Argue { on, stance, text: "Because.".to_owned() }
}

fn titles(notices: &Notices) -> Vec<String> {
    let title = |news: &News| match news {
        News::Proposal { title, .. } => Some(title.clone()),
        _ => None,
    };
    notices.notices.iter().filter_map(|notice| title(&notice.news)).collect()
}

#[test]
fn loans_are_told_by_category_motions_to_everybody_and_ones_own_never() {
    let mut village = Village::new();
    village.sealed("anna", loan_in(0, "home"));
    let motion = Motion { title: "hours".to_owned(), text: String::new() };
    village.sealed("anna", Body::Propose(Subject::Motion(motion)));
    village.sealed("anna", loan_in(1, "mill"));
    let told = |categories, since| titles(&village.told("bert", categories, since, EPOCH));
    assert_eq!(told(Follow::None, 0), ["hours"]);
    assert_eq!(told(Follow::Some(vec![1]), 0), ["hours", "mill"]);
    assert_eq!(told(Follow::All, 0), ["home", "hours", "mill"]);
    assert_eq!(told(Follow::All, village.height() - 1), ["mill"]);
    assert_eq!(told(Follow::All, u64::MAX), [""; 0]);
    assert_eq!(titles(&village.told("anna", Follow::All, 0, EPOCH)), [""; 0]);
}

#[test]
fn answers_reach_the_one_who_was_answered_and_nobody_else() {
    let mut village = Village::new();
    let loan = village.sealed("anna", loan_in(0, "home"));
    let before = village.height();
    let question = village.sealed("bert", argue(On::Proposal(loan.id), Stance::Question));
    let answer = village.sealed("anna", argue(On::Argument(question.id), Stance::Answer));
    let is = |news: &News, record: &Received, by: &str| matches!(news, News::Answer { argument, name, .. } if *argument == record.id && name == by);
    let (anna, bert) = (village.news("anna", before), village.news("bert", before));
    assert!(anna.len() == 1 && is(&anna[0], &question, "bert"), "{anna:?}");
    assert!(bert.len() == 1 && is(&bert[0], &answer, "anna"), "{bert:?}");
    // An argument that nobody is asked by is no answer.
    let before = village.height();
    village.sealed("bert", argue(On::Proposal(loan.id), Stance::For));
    assert_eq!((village.news("anna", before), village.news("bert", before)), (vec![], vec![]));
}

#[test]
fn the_board_answers_whoever_asked() {
    let mut charter = charter(1);
    charter.roles.push(RoleHolders { role: Role::Board, keys: vec![public("board")], needed: 1 });
    let mut village = Village::under(charter);
    let loan = village.sealed("anna", loan_in(0, "home"));
    let question = village.sealed("bert", argue(On::Proposal(loan.id), Stance::Question));
    let before = village.height();
    let about = About::Question(question.id);
    let said = Body::Respond { about, status: ResponseStatus::Accepted, reason: "Yes.".to_owned() };
    village.sealed("board", said);
    let expected =
        News::Response { proposal: loan.id, title: "home".to_owned(), status: ResponseStatus::Accepted };
    assert_eq!((village.news("bert", before), village.news("anna", before)), (vec![expected], vec![]));
}

#[test]
fn whoever_has_no_ballot_and_no_delegate_is_reminded_on_the_last_day() {
    let mut village = Village::new();
    let close = EPOCH + 2 * DAY;
    let is_reminded = |village: &Village, who: &str, wall: u64| {
        let notices = village.told(who, Follow::None, u64::MAX, wall).notices;
        let closing = News::Closing { round: 1, close, name: who.to_owned() };
        notices.iter().any(|notice| notice.news == closing && notice.time == Some(close - REMINDER_MS))
    };
    // Without anything to vote on nobody is.
    assert!(!is_reminded(&village, "anna", close - 1));
    let loan = village.sealed("anna", loan_in(0, "home"));
    for (wall, expected) in
        [(close - REMINDER_MS - 1, false), (close - REMINDER_MS, true), (close - 1, true), (close, false)]
    {
        assert_eq!(is_reminded(&village, "anna", wall), expected, "{wall}");
    }
    assert!(!is_reminded(&village, "registrar", close - 1), "no member");
    // A delegation counts once it leads to a ballot.
    village.sealed("anna", Body::Delegate { scope: Scope::All, to: Some(public("bert")) });
    assert!(is_reminded(&village, "anna", close - 1));
    // A ballot that waits to be sealed is one.
    village.say("bert", ballot(1, &[loan.id]));
    assert!(!is_reminded(&village, "bert", close - 1));
    village.sim.settle(10_000);
    assert!(!is_reminded(&village, "bert", close - 1));
    assert!(!is_reminded(&village, "anna", close - 1));
    // Nor does one about terms that hold no more.
    let subject = match loan_in(0, "house") {
        Body::Propose(subject) => subject,
        _ => panic!("a loan"),
    };
    village.sealed("anna", Body::Amend { proposal: loan.id, subject });
    assert!(is_reminded(&village, "bert", close - 1));
    let withdrawal = Body::Withdraw { proposal: loan.id, reason: "Sold.".to_owned() };
    village.sealed("anna", withdrawal);
    assert!(!is_reminded(&village, "bert", close - 1), "nothing is open");
}

#[test]
fn an_outcome_is_told_once_with_its_figures() {
    let mut village = Village::under(charter(1));
    village.sealed("anna", loan_in(0, "home"));
    let before = village.height();
    village.sim.run(CLOSE);
    village.sim.settle(10_000);
    let told = village.told("bert", Follow::None, before, EARLY);
    let closing = &village.sim.core(0).ledger().closings()[0];
    let [outcome] = &told.notices[..] else { panic!("{told:?}") };
    let digest = closing.digest;
    assert_eq!(outcome.news, News::Outcome { round: 1, funded: 0, candidates: 1, digest });
    assert_eq!((outcome.height, outcome.time), (Some(closing.outcome.height), Some(closing.outcome.time)));
    assert_eq!(village.told("bert", Follow::None, told.height, EARLY).notices, []);
}

#[test]
fn misbehaviour_is_told_to_everybody() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 0, Links::GOOD);
    let names = members(4);
    open_a_round(&mut sim, &mut authors, &names);
    let [left, right] = [1, 2].map(|round| authors.fork(&names[0], ballot(round, &[])));
    sim.accept(0, &[left]);
    show(&mut sim, 0, &right);
    sim.run(100);
    let interests = Interests { members: vec![public(&names[1])], categories: Follow::None };
    let told = found(&sim, &interests, u64::MAX, EARLY).notices;
    let [notice] = &told[..] else { panic!("{told:?}") };
    assert!(
        matches!(&notice.news, News::Misbehaviour { what: MatterKind::Fork, name: Some(name), .. } if *name == names[0]),
        "{notice:?}"
    );
}
