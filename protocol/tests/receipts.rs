//! Receipts: each proves what it says, and nothing that was changed proves anything else.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use mutua_protocol::{
    charter::{Charter, Community},
    codec,
    hash::Root,
    keys::PublicKey,
    outcome::CountedAs,
    receipt::{
        CertifiedSeal, Content, CountedProof, Place, Proven, QR_CHARACTERS, RECEIPT_BYTES, Receipt,
        ReceiptCheck, TextError,
    },
    records::Body,
};
use proptest::prelude::*;
use support::{
    proofs::{certified, count, opened, receipt, sealed},
    story::{BALLOTS, CLOSE, LAST, Story},
    *,
};

fn last() -> World {
    Story::tell().worlds.swap_remove(LAST)
}

/// The record at a place of the story.
fn at(world: &World, height: usize, name: &str) -> mutua_protocol::hash::RecordId {
    let records = opened(world, &world.batches[height - 1]);
    records.iter().find(|received| received.record().author == public(name)).unwrap().id
}

fn survives(receipt: &Receipt) {
    assert_eq!(Receipt::from_file(&receipt.to_file()).as_ref(), Ok(receipt));
    assert_eq!(Receipt::from_text(&receipt.to_text()).as_ref(), Ok(receipt));
}

#[test]
fn every_sealed_record_has_a_receipt() {
    let world = last();
    for batch in &world.batches {
        for received in opened(&world, batch) {
            let whole = receipt(&world, Some(received.id), None);
            let proven = whole.verify(world.community()).unwrap().sealed.unwrap();
            assert_eq!((proven.record, proven.height), (received.id, batch.header.height));
            assert_eq!(proven.body.as_ref(), Some(&received.record().body));
            survives(&whole);
            let slim = whole.without_body(world.community());
            let shown = slim.verify(world.community()).unwrap().sealed.unwrap();
            assert_eq!((shown.record, shown.body), (received.id, None));
            survives(&slim);
        }
    }
}

#[test]
fn a_ballot_and_what_was_counted_fit_together() {
    let world = last();
    let first = at(&world, BALLOTS, "ana");
    let newer = at(&world, CLOSE, "ana");
    let proven =
        |record| receipt(&world, Some(record), Some((1, public("ana")))).verify(world.community()).unwrap();
    assert_eq!(proven(newer).is_counted(), Some(true));
    assert_eq!(proven(first).is_counted(), Some(false));
    assert_eq!(proven(first).counted.unwrap().ballot(), Some(newer));
    // A ballot of the old key counts for nobody once the member has a new one.
    let second =
        receipt(&world, None, Some((2, public("ben's new phone")))).verify(world.community()).unwrap();
    assert_eq!(second.counted.unwrap().entry.unwrap().counted, CountedAs::Nothing);
    assert_eq!(second.sealed, None);
    // A standing one is carried over.
    let ana = receipt(&world, Some(newer), Some((2, public("ana")))).verify(world.community()).unwrap();
    assert_eq!(ana.is_counted(), Some(true));
    assert_eq!(ana.counted.unwrap().entry.unwrap().counted, CountedAs::Standing(newer));
}

#[test]
fn every_key_has_a_receipt_of_every_closed_round() {
    let world = last();
    let keys =
        ["ana", "ben", "ben's new phone", "cleo", "dora", "a stranger", "another", "registrar"].map(public);
    let ends = [PublicKey([0; 32]), PublicKey([0xff; 32])];
    for closing in world.ledger.closings() {
        let round = closing.outcome.round;
        for key in keys.iter().chain(&ends) {
            let proof = receipt(&world, None, Some((round, *key)));
            survives(&proof);
            let counted = proof.verify(world.community()).unwrap().counted.unwrap();
            assert_eq!((counted.key, counted.round, counted.digest), (*key, round, closing.digest));
            assert_eq!(counted.entry, closing.roll.iter().find(|entry| entry.member == *key).cloned());
        }
    }
}

#[test]
fn a_round_without_members_has_receipts_too() {
    let mut world = World::new();
    world.close();
    let nobody = receipt(&world, None, Some((1, public("ana"))));
    assert_eq!(nobody.verify(world.community()).unwrap().counted.unwrap().entry, None);
    world.admit(&["ana"]);
    world.close();
    let listed = receipt(&world, None, Some((2, public("ana"))));
    assert!(listed.verify(world.community()).unwrap().counted.unwrap().entry.is_some());
    let other = receipt(&world, None, Some((2, public("ben"))));
    assert_eq!(other.verify(world.community()).unwrap().counted.unwrap().entry, None);
}

#[test]
fn another_charter_refuses_it() {
    let world = last();
    let proof = receipt(&world, Some(at(&world, CLOSE, "ana")), Some((1, public("ana"))));
    let changes: [fn(&mut Charter); 2] =
        [|charter| charter.name.push('!'), |charter| charter.witnesses.truncate(3)];
    for change in changes {
        let mut charter = world.community().charter.clone();
        change(&mut charter);
        let other = Community::new(charter).unwrap();
        assert_eq!(proof.verify(&other).unwrap_err().check, ReceiptCheck::Community);
    }
}

fn check_of(receipt: &Receipt, world: &World) -> ReceiptCheck {
    receipt.verify(world.community()).unwrap_err().check
}

#[test]
fn nobody_can_claim_that_a_key_is_not_in_the_roll() {
    let world = last();
    let mut roll: Vec<PublicKey> = ["ana", "ben", "cleo", "dora"].map(public).to_vec();
    roll.sort_unstable();
    let line = |key: PublicKey| match count(&world, 1, key).place {
        Place::Listed(line) => Some(line),
        Place::Unlisted { .. } => None,
    };
    let mut forged = receipt(&world, None, Some((1, roll[1])));
    let mut claims = vec![
        Place::Unlisted { key: roll[1], before: line(roll[0]), after: line(roll[2]) },
        Place::Unlisted { key: roll[1], before: line(roll[0]), after: line(roll[1]) },
        Place::Unlisted { key: roll[1], before: line(roll[1]), after: line(roll[2]) },
        Place::Unlisted { key: roll[1], before: None, after: line(roll[2]) },
        Place::Unlisted { key: roll[1], before: line(roll[0]), after: None },
        Place::Unlisted { key: roll[1], before: None, after: None },
        Place::Unlisted { key: roll[3], before: line(roll[2]), after: None },
        Place::Unlisted { key: roll[0], before: None, after: line(roll[1]) },
    ];
    // A line that says where it stands is believed only with the path of that place.
    if let Some(mut moved) = line(roll[2]) {
        moved.position = 1;
        claims.push(Place::Unlisted { key: roll[1], before: line(roll[0]), after: Some(moved) });
    }
    for place in claims {
        forged.counted.as_mut().unwrap().place = place;
        assert_eq!(check_of(&forged, &world), ReceiptCheck::Unlisted);
    }
}

#[test]
fn a_certificate_needs_its_signatures() {
    let world = last();
    let proof = receipt(&world, Some(at(&world, CLOSE, "ana")), None);
    let spoil = |change: &dyn Fn(&mut CertifiedSeal)| {
        let mut spoilt = proof.clone();
        change(&mut spoilt.sealed.as_mut().unwrap().seal);
        check_of(&spoilt, &world)
    };
    assert_eq!(proof.sealed.as_ref().unwrap().seal.signatures.len(), 3, "three of four suffice");
    assert_eq!(spoil(&|seal| seal.signatures.truncate(2)), ReceiptCheck::Certificate);
    assert_eq!(spoil(&|seal| seal.signatures[1] = seal.signatures[0]), ReceiptCheck::Certificate);
    assert_eq!(spoil(&|seal| seal.signatures[2].0 = 63), ReceiptCheck::Certificate);
    assert_eq!(spoil(&|seal| seal.signatures.swap(0, 1)), ReceiptCheck::Certificate);
    assert_eq!(spoil(&|seal| seal.round += 1), ReceiptCheck::Certificate);
    // The header is what they signed, and the tree what it names.
    assert_eq!(spoil(&|seal| seal.header.time += 1), ReceiptCheck::Certificate);
    assert_eq!(spoil(&|seal| seal.header.count += 1), ReceiptCheck::Sealed);
}

#[test]
fn one_signature_of_great_power_is_enough() {
    let world = World::found({
        let mut charter = charter(4);
        charter.witnesses[2].power = 100;
        charter
    });
    let mut world = world;
    world.admit(&["ana"]);
    assert_eq!(certified(&world, 1).signatures.iter().map(|signed| signed.0).collect::<Vec<_>>(), [2]);
    assert_eq!(certified(&world, 1).check(world.community()), Ok(()));
}

/// Any change of one byte is refused, or changes nothing of what is proved. Only where a key is proved to be in no
/// line of the roll, another key can stand in its place: it is in none either.
fn refused_or_the_same(bytes: &[u8], world: &World, proven: &Proven) {
    let Ok(changed) = codec::decode::<Receipt>(bytes, RECEIPT_BYTES) else { return };
    let Ok(mut other) = changed.verify(world.community()) else { return };
    if let (Some(count), Some(meant)) = (&mut other.counted, &proven.counted)
        && meant.entry.is_none()
    {
        let closing = &world.ledger.closings()[meant.round as usize - 1];
        assert!(closing.roll.iter().all(|entry| entry.member != count.key));
        count.key = meant.key;
    }
    assert_eq!(&other, proven);
}

#[test]
fn a_flipped_byte_proves_nothing_else() {
    let world = last();
    let receipts = [
        receipt(&world, Some(at(&world, CLOSE, "ana")), Some((1, public("ana")))),
        receipt(&world, Some(at(&world, BALLOTS, "cleo")), Some((2, public("a stranger"))))
            .without_body(world.community()),
    ];
    for proof in receipts {
        let proven = proof.verify(world.community()).unwrap();
        let bytes = codec::encode(&proof);
        for position in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[position] ^= flip;
                refused_or_the_same(&changed, &world, &proven);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_receipt_or_an_error(text in ".{0,200}", tail in "[A-Z2-7]{0,400}") {
        let _ = Receipt::from_text(&text);
        if let Ok(receipt) = Receipt::from_text(&format!("{}{tail}", mutua_protocol::receipt::TEXT_PREFIX)) {
            prop_assert_eq!(Receipt::from_text(&receipt.to_text()), Ok(receipt));
        }
    }

    #[test]
    fn any_bytes_are_a_receipt_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Receipt::from_file(&bytes).is_err());
        let _ = Receipt::from_file(&[&mutua_protocol::receipt::MAGIC[..], &bytes].concat());
    }
}

#[test]
fn text_survives_mail() {
    let world = last();
    let proof = receipt(&world, Some(at(&world, CLOSE, "ana")), Some((1, public("ana"))));
    let text = proof.to_text();
    // Wherever it breaks lines, the prefix included, and whatever white space it puts there.
    let pieces: Vec<&str> = text.as_bytes().chunks(7).map(|piece| str::from_utf8(piece).unwrap()).collect();
    for white in ["\r\n  ", "\u{b}", "\u{a0}", "\u{2028}\u{3000}"] {
        assert_eq!(Receipt::from_text(&pieces.join(white)), Ok(proof.clone()), "{white:?}");
    }
    assert_eq!(Receipt::from_text(&text.to_lowercase()), Ok(proof));
    assert_eq!(Receipt::from_text("MUTUA-RECEIPT-2:AAAA"), Err(TextError::Prefix));
    assert!(matches!(Receipt::from_text(&text.replace('Z', "1")), Err(TextError::Letters(_))));
    let long = "A".repeat(2_000_000);
    assert!(matches!(Receipt::from_text(&format!("{text}{long}")), Err(TextError::TooLong(_))));
}

/// A receipt of the greatest size with so many witnesses: a ballot in a full seal, a roll of a million.
fn largest(witnesses: usize) -> Receipt {
    let mut world = World::found(charter(witnesses));
    world.admit(&["ana"]);
    let ballot = world.cast("ana", ballot(1, &[]));
    world.close();
    let mut proof = receipt(&world, Some(ballot), Some((1, public("ana")))).without_body(world.community());
    let sealed = proof.sealed.as_mut().unwrap();
    sealed.path = vec![Root([0; 32]); 10];
    if let CountedProof { place: Place::Listed(line), .. } = proof.counted.as_mut().unwrap() {
        line.path = vec![Root([0; 32]); 20];
    }
    proof
}

#[test]
fn a_receipt_fits_a_qr_code_with_up_to_ten_witnesses_and_a_million_members() {
    for witnesses in 1..=10 {
        let length = largest(witnesses).to_text().len();
        assert!(length <= QR_CHARACTERS, "{witnesses} witnesses: {length} characters");
    }
    // With 64 witnesses one certificate alone is larger than a QR code; the file has room.
    let many = largest(64);
    assert!(!many.fits_qr());
    let mut whole = many.clone();
    whole.sealed.as_mut().unwrap().content = Content::Whole(vec![0; 16 << 10]);
    assert!(codec::encode(&whole).len() <= RECEIPT_BYTES);
    survives(&many);
}

#[test]
fn a_receipt_shows_the_ballot() {
    let world = last();
    let proof = sealed(&world, at(&world, CLOSE, "ana"));
    assert!(matches!(proof.verify(world.community()).unwrap().body, Some(Body::Ballot(_))));
}
