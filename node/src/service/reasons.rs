//! What the short names mean by which a node counts what it refuses, parks, and seals without effect.
//!
//! The names are for programs, and stay as they are; the sentences are for people.

use mutua_protocol::ledger::Void;

/// Of what is refused or parked, beside the reasons why sealed records have no effect.
const MEANINGS: &[(&str, &str)] = &[
    // Records, by themselves
    ("bytes", "the bytes are no canonical message or record, or too many"),
    ("other-community", "the record belongs to another community"),
    ("sequence", "the sequence number does not fit the predecessor"),
    ("body", "a field of the record is out of bounds"),
    ("evidence", "the evidence proves no fork"),
    ("signature", "the signature is not the author's"),
    // Records in their author's chain
    ("predecessor", "the author's record before it has not come yet"),
    ("fork", "the author has signed another record with this number"),
    ("other-branch", "the record continues a branch that this node does not hold"),
    ("retired", "the author's key was replaced by another"),
    ("quota", "the author has sealed as many records in this round as the charter allows"),
    // Records and the ledger
    ("unknown-author", "the author is neither a member nor named in the charter"),
    ("suspended", "the author is suspended"),
    ("left", "the author has left the community"),
    ("role", "the author does not hold the role that this needs"),
    ("not-member", "the author is not a member"),
    ("named-in-charter", "a key that the charter names cannot be replaced"),
    ("unknown-key", "the key that it is about is not known"),
    ("unknown-proposal", "the proposal is not sealed"),
    ("void-reference", "the proposal or argument was sealed without effect"),
    ("not-own", "the proposal is not the author's own"),
    ("other-kind", "the proposal is a loan where a motion is needed, or the other way round"),
    ("unknown-terms", "the terms were never those of the proposal"),
    ("unknown-attestation", "the attestation is not sealed"),
    ("other-attestor", "the attestation is another attestor's"),
    ("future-round", "the ballot is for a round that has not begun"),
    ("open-round", "the answer is to the outcome of a round that has not closed"),
    ("unknown-argument", "the argument is not sealed"),
    ("not-question", "what is answered is no question"),
    ("too-deep", "the thread is as deep as one may be"),
    ("own-argument", "the argument is the author's own"),
    ("unknown-charter", "the charter that the change amends has never been in force"),
    ("cannot-follow", "the amended charter changes what no amendment may change, or changes nothing"),
    // At home
    ("after-close", "the ballot comes after the close of its round"),
    ("no-effect", "the record would change nothing"),
    ("tail-full", "this node holds as many unsealed records as it can"),
    ("parked-full", "this node has no room for records that wait for something"),
    // Peers
    ("gossip-size", "a message holds more records than one may"),
    ("request", "a request that this node does not answer"),
    ("answer", "an answer to another question than was asked"),
    ("reconciliation", "a comparison of tails that is no sound one"),
    ("seal", "a seal that does not follow"),
    ("seal-notice", "a notice of a seal that contradicts itself"),
    ("certificate", "too few witnesses have signed the seal"),
    ("peer-outcome", "a peer shows another outcome than was sealed"),
    // Witnesses
    ("witness-message", "a message that no witness would send"),
    ("equivocation", "a witness has said two things at once"),
];

/// What a short name in a node's status means.
#[must_use]
pub fn meaning(name: &str) -> Option<String> {
    let told = MEANINGS.iter().find(|(known, _)| *known == name).map(|(_, sentence)| (*sentence).to_owned());
    told.or_else(|| Void::ALL.iter().find(|void| void.name() == name).map(ToString::to_string))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_has_one_meaning() {
        let names: BTreeSet<&str> = MEANINGS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), MEANINGS.len());
        let voids: BTreeSet<&str> = Void::ALL.iter().map(|void| void.name()).collect();
        assert_eq!(voids.len(), Void::ALL.len());
        for name in names.iter().chain(&voids) {
            assert!(meaning(name).is_some_and(|sentence| sentence.contains(' ')), "{name}");
        }
        assert_eq!(meaning("after-close").as_deref(), Some("the ballot comes after the close of its round"));
        assert_eq!(meaning("no such rule"), None);
    }
}
