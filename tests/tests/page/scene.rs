//! The community that the page is looked at in.

use std::time::Duration;

use mutua_protocol::{
    charter::{Role, RoleHolders},
    records::{Body, Direction, On, ProposalId, Received, Stance, Subject},
};
use mutua_tests::{Author, Community, Founding, approval, loan, motion};

/// From the founding to the close: time to join, to read and to vote first.
const FIRST_CLOSE: Duration = Duration::from_secs(150);

/// What must stay text, wherever it stands.
pub(crate) const SCRIPT: &str = "\"><img src=x onerror=window.broken=1><script>window.broken=2</script>";

/// Who is admitted from the page.
pub(crate) const MEMBER: &str = "Alma Ruiz";

/// What is proposed: the first two are loans.
pub(crate) const TITLES: [&str; 3] = ["A second oven", "A van for the market", "Open until seven"];

/// Two nodes: the witness's, whose key holds the offices, and that of somebody who is no member yet.
pub(crate) struct Scene {
    pub(crate) community: Community,
    /// The links to the pages, with their tokens: the operator's, and the member's.
    pub(crate) links: [String; 2],
    /// The public key that asks to be admitted.
    pub(crate) key: String,
    pub(crate) proposals: Vec<ProposalId>,
}

impl Scene {
    /// Sets it: two loans, of which one is rated, and a motion, with something said about the first.
    pub(crate) fn set() -> Self {
        let founding = Founding { witnesses: 1, nodes: 2, first_close: FIRST_CLOSE, ..Founding::default() };
        let mut community = Community::found_as("page", founding, |charter| {
            // The witness's key lies in the first node's home.
            let mut keys = vec![charter.witnesses[0].key, charter.roles[0].keys[0]];
            keys.sort();
            let held = |role| RoleHolders { role, keys: keys.clone(), needed: 1 };
            let roles = [Role::Registrar, Role::Attestor, Role::Treasurer, Role::Board, Role::Moderator];
            charter.roles = roles.map(held).into();
        });
        community.nodes[1].mutua().ok(["key", "new", "me"]);
        let key = community.nodes[1].mutua().json(["key", "show", "me"]);
        let key = key["public"].as_str().expect("a key was made").to_owned();
        community.start();
        let (mut owner, mut other) = (community.author(1), community.author(2));
        let admit = |key, name: &str| Body::Admit { key, weight: 1, name: name.to_owned(), group: 0 };
        let funded = Body::Fund {
            direction: Direction::In,
            amount: 1_000_000,
            source: "Savings of 2026".to_owned(),
            purpose: None,
        };
        let bodies = [admit(owner.key(), "Bruno Keller"), admit(other.key(), "Chiara Blum"), funded];
        let first: Vec<Received> = bodies.map(|body| community.operator.say(body)).into();
        community.submit(0, &first);
        community.wait_sealed(3);
        let subjects = [loan(TITLES[0], 400_000), loan(TITLES[1], 300_000), motion(TITLES[2])];
        let proposed: Vec<Received> =
            subjects.iter().map(|subject| owner.say(Body::Propose(subject.clone()))).collect();
        community.submit(0, &proposed);
        community.wait_sealed(6);
        let said = about(&mut community, &mut other, &proposed, &subjects);
        community.submit(0, &said);
        community.wait_sealed(10);
        let links = [0, 1].map(|n| community.nodes[n].mutua().ok(["page"]).out.trim().to_owned());
        let proposals = proposed.iter().map(|record| record.id).collect();
        Self { community, links, key, proposals }
    }
}

/// A rating of the first, an argument on each side, and a question.
fn about(
    community: &mut Community,
    member: &mut Author,
    proposed: &[Received],
    subjects: &[Subject],
) -> Vec<Received> {
    let mut said = vec![community.operator.say(approval(proposed[0].id, &subjects[0]))];
    for (stance, text) in [
        (Stance::For, "It sells out by nine."),
        (Stance::Against, "There are two ovens in the street already."),
        (Stance::Question, "Who runs it in summer?"),
    ] {
        let on = On::Proposal(proposed[0].id);
        said.push(member.say(Body::Argue { on, stance, text: text.to_owned() }));
    }
    said
}
