//! Receipts and evidence that somebody has tampered with: whatever still holds is true.
//!
//! The vectors (`vectors/receipts.json`, `evidence.json`) hold one file for each way to break each check. Here
//! parts of sound files are put together in every way, and bytes and letters are changed by chance (seeded). What is
//! then accepted is compared with the log: it may say only what is in there.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use mutua_protocol::{
    codec,
    evidence::{Convicted, Evidence, EvidenceFile, Misdeed, TwoSeals},
    keys::PublicKey,
    receipt::{CertifiedSeal, CountedProof, Place, Proven, Receipt, SealedProof},
};
use support::{
    proofs::{Crime, certified, opened, receipt},
    story::{LAST, Story},
    *,
};

/// Changes of each kind of file.
const CHANGES: u32 = 1000;

/// Numbers by chance, the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// Changes some bytes: one to four times one is replaced, put in, or taken out, or a stretch is doubled, moved or
    /// made zero.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = at + self.below(40.min(bytes.len() - at));
            match self.below(8) {
                0..3 => bytes[at] = self.byte(),
                3 => bytes[at] ^= 1 << self.below(8),
                4 => bytes.insert(at, self.byte()),
                5 => drop(bytes.drain(at..end.max(at + 1))),
                6 => bytes[at..end].fill(0),
                _ => {
                    let stretch = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, stretch);
                }
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
    }
}

/// What a receipt says is in the log.
fn assert_true(proven: &Proven, world: &World, what: &str) {
    if let Some(sealed) = &proven.sealed {
        let batch = &world.batches[usize::try_from(sealed.height).unwrap() - 1];
        assert_eq!((batch.header.id(), batch.header.time), (sealed.seal, sealed.time), "{what}");
        let records = opened(world, batch);
        let record = records.iter().find(|record| record.id == sealed.record);
        let record = record.unwrap_or_else(|| panic!("{what}: record {} is not in the seal", sealed.record));
        assert_eq!(record.signed_header().header, sealed.header, "{what}");
        assert!(sealed.body.as_ref().is_none_or(|body| *body == record.record().body), "{what}");
    }
    if let Some(counted) = &proven.counted {
        let closing = &world.ledger.closings()[counted.round as usize - 1];
        let outcome = &closing.outcome;
        assert_eq!((counted.digest, counted.turnout), (closing.digest, outcome.turnout), "{what}");
        assert_eq!(
            (counted.height, counted.time, counted.close),
            (outcome.height, outcome.time, outcome.close),
            "{what}"
        );
        let line = closing.roll.iter().find(|entry| entry.member == counted.key).cloned();
        assert_eq!(counted.entry, line, "{what}");
    }
}

/// Every receipt that there can be about this log, and some keys that have no vote.
fn receipts(world: &World) -> Vec<Receipt> {
    let mut all = Vec::new();
    for batch in &world.batches {
        for record in opened(world, batch) {
            let whole = receipt(world, Some(record.id), None);
            all.push(whole.without_body(world.community()));
            all.push(whole);
        }
    }
    let keys = ["ana", "ben", "ben's new phone", "cleo", "dora", "a stranger"].map(public);
    for round in (1..).take(world.ledger.closings().len()) {
        for key in keys.iter().chain(&[PublicKey([0; 32]), PublicKey([0xff; 32])]) {
            all.push(receipt(world, None, Some((round, *key))));
        }
    }
    all
}

/// A receipt that is refused names a check and says what was found; one that holds is true.
fn judge(receipt: &Receipt, world: &World, what: &str) -> bool {
    match receipt.verify(world.community()) {
        Ok(proven) => {
            assert_true(&proven, world, what);
            true
        }
        Err(fault) => {
            assert!(!fault.detail.is_empty() && fault.check.number().starts_with("6."), "{what}: {fault}");
            false
        }
    }
}

#[test]
fn parts_of_different_receipts_prove_only_what_is_true() {
    let world = Story::tell().worlds.swap_remove(LAST);
    let all = receipts(&world);
    let sealed: Vec<&SealedProof> = all.iter().filter_map(|receipt| receipt.sealed.as_ref()).collect();
    let counted: Vec<&CountedProof> = all.iter().filter_map(|receipt| receipt.counted.as_ref()).collect();
    let seals: Vec<_> = (1..=world.ledger.height()).map(|height| certified(&world, height)).collect();
    let (mut held, mut refused) = (0, 0);
    let mut count = |holds: bool| if holds { held += 1 } else { refused += 1 };
    let of_record =
        |proof: SealedProof| Receipt { successions: Vec::new(), sealed: Some(proof), counted: None };
    for mine in &sealed {
        for other in &sealed {
            let proof = |change: &dyn Fn(&mut SealedProof)| {
                let mut proof = (*mine).clone();
                change(&mut proof);
                of_record(proof)
            };
            count(judge(&proof(&|p| p.content = other.content.clone()), &world, "another record"));
            count(judge(&proof(&|p| p.path.clone_from(&other.path)), &world, "another path"));
            count(judge(&proof(&|p| p.position = other.position), &world, "another position"));
            let place = |p: &mut SealedProof| (p.position, p.path) = (other.position, other.path.clone());
            count(judge(&proof(&place), &world, "another place"));
        }
        for seal in &seals {
            let other = SealedProof { seal: seal.clone(), ..(*mine).clone() };
            count(judge(&of_record(other), &world, "another seal"));
            let mut signed = (*mine).clone();
            signed.seal.signatures.clone_from(&seal.signatures);
            count(judge(&of_record(signed), &world, "signatures of another seal"));
            let mut named = (*mine).clone();
            named.seal.header.root = seal.header.root;
            named.seal.header.count = seal.header.count;
            count(judge(&of_record(named), &world, "a seal that names another root"));
        }
    }
    let of_count =
        |proof: CountedProof| Receipt { successions: Vec::new(), sealed: None, counted: Some(proof) };
    for mine in &counted {
        for other in &counted {
            let place = CountedProof { place: other.place.clone(), ..(*mine).clone() };
            count(judge(&of_count(place), &world, "another line"));
            let outcome = CountedProof { outcome: other.outcome, ..(*mine).clone() };
            count(judge(&of_count(outcome), &world, "another outcome"));
            let round = CountedProof { outcome: other.outcome, seal: other.seal.clone(), ..(*mine).clone() };
            count(judge(&of_count(round), &world, "another round"));
            let mut moved = (*mine).clone();
            if let (Place::Listed(line), Place::Listed(to)) = (&mut moved.place, &other.place) {
                (line.position, line.path) = (to.position, to.path.clone());
            }
            count(judge(&of_count(moved), &world, "a line elsewhere"));
            let mut renamed = (*mine).clone();
            match (&mut renamed.place, &other.place) {
                (Place::Listed(line), Place::Listed(to)) => line.entry.member = to.entry.member,
                (Place::Unlisted { key, .. }, Place::Listed(to)) => *key = to.entry.member,
                (Place::Unlisted { key, .. }, Place::Unlisted { key: to, .. }) => *key = *to,
                (Place::Listed(_), Place::Unlisted { .. }) => {}
            }
            count(judge(&of_count(renamed), &world, "another key"));
        }
        for seal in &seals {
            let other = CountedProof { seal: seal.clone(), ..(*mine).clone() };
            count(judge(&of_count(other), &world, "another closing seal"));
        }
    }
    for (mine, other) in sealed.iter().flat_map(|mine| counted.iter().map(move |other| (mine, other))) {
        let (sealed, counted) = (Some((*mine).clone()), Some((*other).clone()));
        let both = Receipt { successions: Vec::new(), sealed, counted };
        count(judge(&both, &world, "two proofs of different things"));
    }
    assert!(held > 500 && refused > 5000, "{held} held, {refused} refused");
}

#[test]
fn receipts_changed_by_chance_prove_only_what_is_true() {
    let world = Story::tell().worlds.swap_remove(LAST);
    let all = receipts(&world);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut held) = (0, 0);
    for number in 0..CHANGES {
        let mut sound = all[dice.below(all.len())].clone();
        if sound.counted.is_none() && dice.below(2) == 0 {
            sound.counted.clone_from(&all[all.len() - 1 - dice.below(8)].counted);
        }
        // Its bytes, bytes that are no receipt's to begin with, and its letters.
        let mut bytes = sound.to_file();
        dice.spoil(&mut bytes);
        let mut behind = codec::encode(&sound);
        dice.spoil(&mut behind);
        let behind = [&mutua_protocol::receipt::MAGIC[..], &behind].concat();
        let mut letters = sound.to_text().into_bytes();
        dice.spoil(&mut letters);
        let files = [Receipt::from_file(&bytes), Receipt::from_file(&behind)];
        let texts = std::str::from_utf8(&letters).ok().map(Receipt::from_text);
        for file in files.iter().filter_map(|file| file.as_ref().ok()) {
            read += 1;
            held += u32::from(judge(file, &world, &format!("change {number}")));
        }
        for error in files.iter().filter_map(|file| file.as_ref().err()) {
            assert!(!error.to_string().is_empty());
        }
        match texts {
            Some(Ok(text)) => {
                read += 1;
                held += u32::from(judge(&text, &world, &format!("letters of change {number}")));
            }
            Some(Err(error)) => assert!(!error.to_string().is_empty()),
            None => {}
        }
    }
    // Many can be read: the changes reach the checks behind the codec. Few hold: one in whose name nothing was counted
    // is in no line with many neighbouring keys, and lower case is as good as upper.
    assert!(read > CHANGES / 2 && held < read / 4, "{read} read, {held} held");
}

/// Those who have done something, by what they did.
fn guilty(misdeed: &Misdeed, world: &World) -> Vec<PublicKey> {
    match misdeed {
        Misdeed::Fork { .. } => vec![public("ana")],
        Misdeed::Seals(_) => {
            world.community().witnesses.witnesses().iter().map(|witness| witness.key).collect()
        }
        Misdeed::Votes { .. } => vec![public("witness 2")],
        Misdeed::Proposals { .. } => vec![public("witness 3")],
        Misdeed::Attestations { .. } => vec![public("attestor a")],
    }
}

/// Evidence that is refused names a check and says what was found; what holds convicts the guilty of what they did.
fn convicts(evidence: &Evidence, crime: &Crime, known: &[Convicted], what: &str) -> bool {
    match evidence.verify(crime.world.community()) {
        Ok(convicted) => {
            let guilty = guilty(&convicted.what, &crime.world);
            assert!(convicted.keys.iter().all(|key| guilty.contains(key)), "{what}: {convicted:?}");
            assert!(
                known.iter().any(|known| known.what == convicted.what && !convicted.keys.is_empty()),
                "{what}: {convicted:?}"
            );
            true
        }
        Err(fault) => {
            assert!(!fault.detail.is_empty() && fault.check.number().starts_with("7."), "{what}: {fault}");
            false
        }
    }
}

#[test]
fn evidence_changed_by_chance_convicts_nobody_of_anything_else() {
    let crime = Crime::commit();
    let all = crime.all();
    let known: Vec<Convicted> =
        all.iter().map(|(_, evidence)| evidence.verify(crime.world.community()).unwrap()).collect();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for (what, evidence) in &all {
        let mut read = 0;
        for number in 0..CHANGES {
            let mut bytes = evidence.to_file();
            dice.spoil(&mut bytes);
            let file = EvidenceFile { successions: Vec::new(), evidence: evidence.clone() };
            let mut behind = codec::encode(&file);
            dice.spoil(&mut behind);
            let behind = [&mutua_protocol::evidence::MAGIC[..], &behind].concat();
            for bytes in [bytes, behind] {
                match EvidenceFile::from_file(&bytes) {
                    Ok(changed) => {
                        read += 1;
                        convicts(&changed.evidence, &crime, &known, &format!("{what}, change {number}"));
                    }
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
        }
        assert!(read > CHANGES / 4, "{what}: {read} read");
    }
}

#[test]
fn parts_of_different_evidence_convict_nobody_of_anything_else() {
    let crime = Crime::commit();
    let all = crime.all();
    let known: Vec<Convicted> =
        all.iter().map(|(_, evidence)| evidence.verify(crime.world.community()).unwrap()).collect();
    let keys: Vec<PublicKey> =
        ["ana", "ben", "attestor a", "attestor b", "witness 1", "witness 2", "witness 3"]
            .map(public)
            .to_vec();
    let seals: Vec<_> =
        (1..=crime.world.ledger.height()).map(|height| certified(&crime.world, height)).collect();
    let mut made: Vec<(&str, Evidence)> = Vec::new();
    let fork = crime.fork();
    for key in &keys {
        let mut other = fork;
        other.first.header.author = *key;
        made.push(("one record of somebody else", Evidence::Fork(other)));
        other.second.header.author = *key;
        made.push(("both records of somebody else", Evidence::Fork(other)));
        let mut votes = crime.votes();
        votes.witness = *key;
        made.push(("votes of somebody else", Evidence::Votes(votes)));
        let mut proposals = crime.proposals();
        proposals.witness = *key;
        made.push(("proposals of somebody else", Evidence::Proposals(proposals)));
    }
    for pair in [crime.seals(), crime.seals_apart()] {
        for (first, second) in [(&pair.first, &pair.second), (&pair.second, &pair.first)] {
            for seal in seals.iter().chain([first, second]) {
                made.push(("a seal beside another one", Evidence::Seals(two_of(first, seal))));
                let mut signed = second.clone();
                signed.signatures.clone_from(&seal.signatures);
                made.push(("signatures of another seal", Evidence::Seals(two_of(first, &signed))));
            }
            for count in 0..first.signatures.len() {
                let mut few = second.clone();
                few.signatures.truncate(count);
                made.push(("too few signatures", Evidence::Seals(two_of(first, &few))));
                let mut twice = second.clone();
                twice.signatures[count] = twice.signatures[(count + 1) % twice.signatures.len()];
                made.push(("a signature twice", Evidence::Seals(two_of(first, &twice))));
            }
        }
    }
    let contradiction = crime.contradiction();
    let records = &contradiction.records;
    let others: Vec<Vec<u8>> = crime.world.batches.iter().flat_map(|batch| batch.records.clone()).collect();
    for (at, record) in records.iter().enumerate() {
        for other in &others {
            let mut changed = contradiction.clone();
            changed.records[at].clone_from(other);
            made.push(("another record in the chain", Evidence::Attestations(changed)));
        }
        let mut shorter = contradiction.clone();
        shorter.records.remove(at);
        made.push(("a record left out", Evidence::Attestations(shorter)));
        let mut longer = contradiction.clone();
        longer.records.insert(at, record.clone());
        made.push(("a record twice", Evidence::Attestations(longer)));
        let mut turned = contradiction.clone();
        turned.records.rotate_left(at);
        made.push(("another order", Evidence::Attestations(turned)));
    }
    for batch in &crime.world.batches {
        for record in opened(&crime.world, batch) {
            let mut elsewhere = contradiction.clone();
            elsewhere.sealed = support::proofs::sealed(&crime.world, record.id);
            made.push(("the seal of another record", Evidence::Attestations(elsewhere)));
        }
    }
    let held = made.iter().filter(|(what, evidence)| convicts(evidence, &crime, &known, what)).count();
    let refused = made.len() - held;
    assert!(held >= 4 && refused > 80, "{held} held, {refused} refused");
}

fn two_of(a: &CertifiedSeal, b: &CertifiedSeal) -> TwoSeals {
    TwoSeals::new(a.clone(), b.clone())
}
