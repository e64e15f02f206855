//! Finding what people name by the first digits of an id.

use mutua_node::api::types::{ArgumentView, MemberView, ProposalView};
use mutua_protocol::{hash::RecordId, keys::PublicKey};

use crate::{
    client::Client,
    failure::{Done, Failure},
};

/// Fewest digits that name something.
const DIGITS: usize = 4;

/// It could be the beginning of an id.
fn check(what: &str, prefix: &str) -> Done {
    if prefix.len() < DIGITS || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::input(format!(
            "'{prefix}' is no {what}: give its id, or at least the first {DIGITS} digits of it"
        )));
    }
    Ok(())
}

/// The one of these whose digits begin like this.
fn find<'a, T>(
    what: &str,
    hint: &str,
    prefix: &str,
    all: impl Iterator<Item = (String, &'a T)>,
) -> Done<&'a T> {
    check(what, prefix)?;
    let prefix = prefix.to_ascii_lowercase();
    let mut fit = all.filter(|(digits, _)| digits.starts_with(&prefix));
    match (fit.next(), fit.next()) {
        (Some((_, found)), None) => Ok(found),
        (None, _) => Err(Failure::refused(format!("there is no {what} {prefix}; {hint}"))),
        (Some((first, _)), Some((second, _))) => Err(Failure::input(format!(
            "'{prefix}' is the beginning of several ids ({}, {}); give more digits",
            &first[..16.min(first.len())],
            &second[..16.min(second.len())]
        ))),
    }
}

/// The proposal that begins like this.
///
/// # Errors
/// When none does, or several do.
pub(crate) fn proposal<'a>(prefix: &str, proposals: &'a [ProposalView]) -> Done<&'a ProposalView> {
    let hint = "'mutua proposals --all' lists them. A new one can be named once it is sealed";
    find("proposal", hint, prefix, proposals.iter().map(|proposal| (proposal.id.to_string(), proposal)))
}

/// The sealed argument that begins like this.
///
/// # Errors
/// When none does, or several do, or no node runs.
pub(crate) fn argument(prefix: &str, client: &Client) -> Done<ArgumentView> {
    let fit = arguments(prefix, client)?;
    let hint =
        "'mutua arguments PROPOSAL' lists those about a proposal. A new one can be named once it is sealed";
    find("argument", hint, prefix, fit.iter().map(|argument| (argument.id.to_string(), argument))).cloned()
}

/// The sealed arguments that begin like this, at most a few; none where this is the beginning of no id.
fn arguments(prefix: &str, client: &Client) -> Done<Vec<ArgumentView>> {
    let digits = DIGITS..=2 * RecordId::LENGTH;
    if !digits.contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Vec::new());
    }
    client.get(&format!("/v1/arguments?prefix={prefix}"))
}

/// A proposal, or an argument about one.
pub(crate) enum Topic<'a> {
    Proposal(&'a ProposalView),
    Argument(ArgumentView),
}

/// The proposal or the argument that begins like this.
///
/// # Errors
/// When none does, or several do, or no node runs.
pub(crate) fn topic<'a>(prefix: &str, proposals: &'a [ProposalView], client: &Client) -> Done<Topic<'a>> {
    let replies = arguments(prefix, client)?;
    match (proposal(prefix, proposals), &replies[..]) {
        (Ok(_), [_, ..]) => Err(Failure::input(format!(
            "'{prefix}' is the beginning of a proposal's id and of an argument's; give more digits"
        ))),
        (Err(_), [_, ..]) => argument(prefix, client).map(Topic::Argument),
        (found, []) => found.map(Topic::Proposal),
    }
}

/// The record that begins like this, whatever it says; or any whole id.
///
/// # Errors
/// When the node holds none, or several do.
pub(crate) fn any_record(prefix: &str, client: &Client) -> Done<RecordId> {
    if let Ok(id) = prefix.parse() {
        return Ok(id);
    }
    check("record", prefix)?;
    let ids: Vec<RecordId> = client.get(&format!("/v1/records?prefix={prefix}"))?;
    let hint = "the command that made it has shown its id";
    find("record", hint, prefix, ids.iter().map(|id| (id.to_string(), id))).copied()
}

/// The record among these that begins like this.
///
/// # Errors
/// When none does, or several do.
pub(crate) fn record(what: &str, prefix: &str, ids: &[RecordId]) -> Done<RecordId> {
    let hint = "'mutua proposals --json' lists them";
    find(what, hint, prefix, ids.iter().map(|id| (id.to_string(), id))).copied()
}

/// The key among these that begins like this; or any whole key.
///
/// # Errors
/// When none does, or several do.
pub(crate) fn key(prefix: &str, keys: &[PublicKey]) -> Done<PublicKey> {
    if let Ok(key) = prefix.parse() {
        return Ok(key);
    }
    find("key", "'mutua members' lists them", prefix, keys.iter().map(|key| (key.to_string(), key))).copied()
}

/// The member with this key, the one whose key begins like this, or the one of this name. A name can be anything, also what
/// looks like another member's key: a whole key is never taken for a name.
///
/// # Errors
/// When nobody is meant, or several could be.
pub(crate) fn member<'a>(text: &str, members: &'a [MemberView]) -> Done<&'a MemberView> {
    if let Ok(key) = text.parse::<PublicKey>() {
        return members.iter().find(|member| member.key == key).ok_or_else(|| {
            Failure::refused(format!("{key} is no member's key; 'mutua members' lists them"))
        });
    }
    let called: Vec<&MemberView> = members.iter().filter(|member| member.name == text).collect();
    let digits = text.to_ascii_lowercase();
    let begins = |member: &&MemberView| digits.len() >= DIGITS && member.key.to_string().starts_with(&digits);
    match called[..] {
        [] => {
            let keys = members.iter().map(|member| (member.key.to_string(), member));
            find("key", "'mutua members' lists them", text, keys)
        }
        [only] => match members.iter().filter(begins).find(|member| member.key != only.key) {
            None => Ok(only),
            Some(other) => Err(Failure::input(format!(
                "'{text}' is the name of one member ({}) and the beginning of the key of another ({}, {}); give the whole key",
                only.key, other.name, other.key
            ))),
        },
        _ => Err(Failure::input(format!(
            "several members are called '{text}'; give the first digits of a key"
        ))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use mutua_protocol::keys::SecretKey;

    use super::*;

    fn called(seed: u8, name: &str) -> MemberView {
        MemberView {
            key: SecretKey::from_seed(&[seed; 32]).public(),
            name: name.to_owned(),
            weight: 1,
            group: String::new(),
            status: "active".to_owned(),
            suspended: None,
            cast: None,
            standing: None,
        }
    }

    #[test]
    fn a_name_that_looks_like_a_key_takes_nothing_from_the_member_of_that_key() {
        let victim = called(1, "Alma Reyes");
        let whole = victim.key.to_string();
        let fault =
            |text: &str, members: &[MemberView]| member(text, members).unwrap_err().message().to_owned();
        for name in [&whole[..4], &whole[..8], &whole[..63]] {
            let both = [called(2, name), victim.clone()];
            assert!(fault(name, &both).contains("give the whole key"), "{name}");
            assert_eq!(member(&whole[..10], &both).unwrap(), &victim, "{name}");
        }
        let both = [called(2, &whole), victim.clone()];
        assert_eq!(member(&whole, &both).unwrap(), &victim);
        assert!(fault(&whole, &both[..1]).contains("is no member's key"), "nor if nobody has the key");
    }

    #[test]
    fn members_are_named_by_key_digits_and_name() {
        let all = [called(1, "Alma Reyes"), called(2, "Bert Ost"), called(3, "Bert Ost"), called(4, "cafe")];
        let digits = all[1].key.to_string().to_ascii_uppercase();
        assert_eq!(member("Alma Reyes", &all).unwrap(), &all[0]);
        assert_eq!(member(&digits[..8], &all).unwrap(), &all[1]);
        assert_eq!(member("cafe", &all).unwrap(), &all[3]);
        let fault = |text: &str| member(text, &all).unwrap_err().message().to_owned();
        assert!(fault("Bert Ost").contains("several members are called 'Bert Ost'"));
        assert!(fault("Nobody Here").contains("is no key"));
        assert!(fault("00000000").contains("there is no key 00000000"));
    }
}
