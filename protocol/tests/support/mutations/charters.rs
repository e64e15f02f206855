//! Charters with one field out of its bounds (SPEC section 5), and the log of a community under the charter of another.

use mutua_protocol::{
    archive::Check,
    charter::{Charter, Role, RoleHolders},
    keys::PublicKey,
    limits,
};

use super::{super::*, Mutations, Spoiled, Story};

/// What is done to a charter.
type Change = fn(&mut Charter);

/// Out of bounds: 1.1.
const BROKEN: &[(&str, Change)] = &[
    ("another protocol", |c| c.protocol = 2),
    ("no name", |c| c.name.clear()),
    ("a blank name", |c| c.name = "\u{3000} \u{2003}".to_owned()),
    ("a name that is too long", |c| c.name = "a".repeat(limits::NAME_BYTES + 1)),
    ("a name with a line break", |c| c.name = "Sonnental\neG".to_owned()),
    ("a name that turns around", |c| c.name = "Sonnental \u{202e}Ge".to_owned()),
    ("no currency", |c| c.currency.code.clear()),
    ("a currency that is too long", |c| c.currency.code = "E".repeat(13)),
    ("too many decimals", |c| c.currency.decimals = 7),
    ("no groups", |c| c.groups.clear()),
    ("too many groups", |c| c.groups = (0..65).map(|number| number.to_string()).collect()),
    ("a group twice", |c| c.groups = vec!["staff".to_owned(), "staff".to_owned()]),
    ("a group without a name", |c| c.groups[0].clear()),
    ("no categories", |c| c.categories.clear()),
    ("a category twice", |c| c.categories[1] = c.categories[0].clone()),
    ("no roles", |c| c.roles.clear()),
    ("no registrar", |c| drop(c.roles.remove(0))),
    ("roles out of order", |c| c.roles.swap(0, 1)),
    ("a role twice", |c| c.roles.insert(1, c.roles[0].clone())),
    ("a role without keys", |c| c.roles[1].keys.clear()),
    ("keys of a role out of order", |c| c.roles[1].keys.reverse()),
    ("a key twice in a role", |c| c.roles[1].keys[1] = c.roles[1].keys[0]),
    ("too many keys in a role", |c| {
        c.roles[1].keys = (0..33).map(|number| public(&number.to_string())).collect();
        c.roles[1].keys.sort_unstable();
    }),
    ("a weak key in a role", |c| c.roles[1].keys[0] = PublicKey([0; 32])),
    ("no attestor needed", |c| c.roles[1].needed = 0),
    ("more attestors needed than there are", |c| c.roles[1].needed = 4),
    ("two registrars needed", |c| {
        c.roles[0] = RoleHolders { role: Role::Registrar, keys: keys(&["registrar", "another"]), needed: 2 };
    }),
    ("no witnesses", |c| c.witnesses.clear()),
    ("witnesses out of order", |c| c.witnesses.swap(0, 1)),
    ("a witness twice", |c| c.witnesses[1] = c.witnesses[0].clone()),
    ("a witness without power", |c| c.witnesses[0].power = 0),
    ("a witness of too much power", |c| c.witnesses[0].power = limits::WITNESS_POWER + 1),
    ("a witness without a name", |c| c.witnesses[0].name.clear()),
    ("a weak witness", |c| c.witnesses[0].key = PublicKey([0; 32])),
    ("a close too far", |c| c.schedule.first_close = (1 << 52) + 1),
    ("a period too short", |c| c.schedule.period = 999),
    ("a period too long", |c| c.schedule.period = (1 << 42) + 1),
    ("too little patience", |c| c.sealing.patience = 99),
    ("too much patience", |c| c.sealing.patience = 86_400_001),
    ("too little drift", |c| c.sealing.drift = 99),
    ("too much drift", |c| c.sealing.drift = 3_600_001),
    ("a worst grade of 0", |c| c.policy.worst_grade = 0),
    ("a default beyond certainty", |c| c.policy.greatest_default = 10_001),
    ("an amount beyond the limit", |c| c.policy.greatest_amount = limits::AMOUNT + 1),
    ("an outlook beyond the best", |c| c.policy.least_outlook = 101),
    ("a borrower's cap beyond the pool", |c| c.policy.caps.borrower = Some(10_001)),
    ("a category's cap beyond the pool", |c| c.policy.caps.category = Some(10_001)),
    ("a cap on loss beyond the pool", |c| c.policy.caps.expected_loss = Some(10_001)),
    ("a quorum beyond all", |c| c.motions.quorum = 10_001),
    ("a majority that cannot be exceeded", |c| c.motions.majority = 10_000),
    ("a quorum for changes beyond all", |c| c.motions.charter.quorum = 10_001),
    ("a majority of few for changes", |c| c.motions.charter.majority = 4_999),
    ("a majority for changes that cannot be exceeded", |c| c.motions.charter.majority = 10_000),
    ("scores beyond the limit", |c| c.limits.score = 101),
    ("no scores in a ballot", |c| c.limits.scores = 0),
    ("too many scores in a ballot", |c| c.limits.scores = 385),
    ("records that are too small", |c| c.limits.record_bytes = 1_023),
    ("records that hold no charter", |c| c.limits.record_bytes = 1_024),
    ("records that are too large", |c| c.limits.record_bytes = 16_385),
    ("too few records in a round", |c| c.limits.records_per_round = 3),
    ("too many records in a round", |c| c.limits.records_per_round = 1_025),
];

/// Sound, and another community's: the first seal does not belong to it (2.3).
const OTHERS: &[(&str, Change)] = &[
    ("another name", |c| c.name = "Sonnental AG".to_owned()),
    ("another registrar", |c| c.roles[0].keys = keys(&["stranger"])),
    ("fewer attestors", |c| c.roles[1].keys.truncate(2)),
    ("an earlier close", |c| c.schedule.first_close -= 1),
    ("a gentler policy", |c| c.policy.worst_grade += 1),
    ("a cap", |c| c.policy.caps.borrower = Some(5_000)),
    ("a lower quorum", |c| c.motions.quorum -= 1),
    ("a lower quorum for changes", |c| c.motions.charter.quorum -= 1),
    ("one witness", |c| c.witnesses.truncate(1)),
];

/// All of them.
pub fn all(story: &Story) -> Mutations {
    let with = |change: Change| {
        let mut log = story.log();
        change(&mut log.charter);
        log.bytes()
    };
    let broken = BROKEN.iter().map(|(name, change)| {
        (format!("charter out of bounds: {name}"), Spoiled::at(with(*change), Check::Charter, None))
    });
    let others = OTHERS.iter().map(|(name, change)| {
        (format!("charter of others: {name}"), Spoiled::at(with(*change), Check::Community, 1))
    });
    broken.chain(others).collect()
}
