//! Arguments that may not be made, endorsed, hidden or answered (SPEC section 9.4), and are sealed all the same.

use mutua_protocol::{
    archive::Check,
    charter::{Role, RoleHolders},
    hash::RecordId,
    limits,
    records::{About, Body, On, ResponseStatus, Stance},
};

use super::{super::*, Mutations, refused};

/// All of them.
pub fn all() -> Mutations {
    let mut terms = charter(4);
    for (role, name) in [(Role::Board, "board"), (Role::Moderator, "moderator")] {
        terms.roles.push(RoleHolders { role, keys: keys(&[name]), needed: 1 });
    }
    let mut world = World::found(terms);
    world.admit(&["ana", "ben", "cleo", "dora"]);
    let mill = world.propose("ana", loan("mill", 900));
    let close_by = world.argue("ana", On::Proposal(mill), Stance::For);
    let why = world.argue("ben", On::Argument(close_by), Stance::Question);
    let mut deep = why;
    for _ in 2..limits::ARGUMENT_DEPTH {
        deep = world.argue("ben", On::Argument(deep), Stance::Question);
    }
    let rotation = world.rotation("cleo", "cleo's new phone");
    let said = world.argue("cleo", On::Proposal(mill), Stance::Against);
    assert_eq!(world.enact("cleo", rotation), None);
    assert_eq!(world.enact("registrar", suspension("dora")), None);
    let nowhere = RecordId([9; 32]);
    let about_mill = argument(On::Proposal(mill), Stance::For);
    let accepted = |question| response(About::Question(question), ResponseStatus::Accepted);
    let authority: Vec<(&str, &str, Body)> = vec![
        ("an officer argues", "treasurer", about_mill.clone()),
        ("a moderator argues", "moderator", about_mill.clone()),
        ("a stranger argues", "stranger", about_mill.clone()),
        ("a suspended member argues", "dora", about_mill.clone()),
        ("a suspended member endorses", "dora", endorsement(close_by, false)),
        ("a replaced key argues", "cleo", about_mill),
        ("a board that endorses", "board", endorsement(close_by, false)),
        ("an answer to no question", "ben", argument(On::Argument(close_by), Stance::Answer)),
        ("a thread without end", "ana", argument(On::Argument(deep), Stance::For)),
        ("an answer without end", "ana", argument(On::Argument(deep), Stance::Answer)),
        ("one's own argument endorsed", "ana", endorsement(close_by, false)),
        ("one's own argument endorsed no more", "ana", endorsement(close_by, true)),
        ("an argument of one's old key endorsed", "cleo's new phone", endorsement(said, false)),
        ("a member who hides", "ben", moderation(close_by, true)),
        ("a board that hides", "board", moderation(close_by, true)),
        ("a registrar who shows", "registrar", moderation(close_by, false)),
        ("a moderator who answers for the board", "moderator", accepted(why)),
        ("the board's answer to no question", "board", accepted(close_by)),
    ];
    let reference: Vec<(&str, &str, Body)> = vec![
        ("nothing argued about", "ana", argument(On::Proposal(nowhere), Stance::For)),
        ("an argument taken for a proposal", "ana", argument(On::Proposal(close_by), Stance::For)),
        ("a reply to nothing", "ana", argument(On::Argument(nowhere), Stance::Against)),
        ("a proposal taken for an argument", "ana", argument(On::Argument(mill), Stance::For)),
        ("nothing endorsed", "ana", endorsement(nowhere, false)),
        ("nothing hidden", "moderator", moderation(nowhere, true)),
        ("no question answered by the board", "board", accepted(nowhere)),
    ];
    [(Check::Authority, authority), (Check::Reference, reference)]
        .into_iter()
        .flat_map(|(check, cases)| cases.into_iter().map(move |case| (check, case)))
        .map(|(check, (name, author, body))| {
            let mut world = world.clone();
            // A key that was replaced goes on after the end of its own chain.
            let record = world.say(author, body);
            let check = if name == "a replaced key argues" { Check::Predecessor } else { check };
            (format!("argument: {name}"), refused(&world, check, record))
        })
        .collect()
}
