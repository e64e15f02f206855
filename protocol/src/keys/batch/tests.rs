use curve25519_dalek::constants::EIGHT_TORSION;
use serde_json::Value;

use super::*;
use crate::keys::{Purpose, SecretKey};

fn claim(seed: u8, text: &[u8]) -> Claim {
    let key = SecretKey::from_seed(&[seed; 32]);
    Claim {
        key: key.public(),
        signature: key.sign(Purpose::Record, text),
        message: Purpose::Record.message(text),
    }
}

fn sound(number: u8) -> Vec<Claim> {
    (0..number).map(|seed| claim(seed % 7, &[seed])).collect()
}

/// Every way to write a point of small order: the canonical ones, and y = 1 and y = -1 with the sign of an x that is 0,
/// and y = 0 and y = 1 written as p and p + 1.
fn small_order() -> Vec<[u8; 32]> {
    let with_both_signs = |lowest, middle, highest| {
        let mut y = [middle; 32];
        (y[0], y[31]) = (lowest, highest);
        let mut other = y;
        other[31] |= 0x80;
        [y, other]
    };
    let mut ways: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    ways.extend(with_both_signs(1, 0, 0));
    ways.extend(with_both_signs(0xec, 0xff, 0x7f));
    ways.extend(with_both_signs(0xed, 0xff, 0x7f));
    ways.extend(with_both_signs(0xee, 0xff, 0x7f));
    ways.sort_unstable();
    ways.dedup();
    assert_eq!(ways.len(), 14);
    ways
}

/// Signatures about which implementations differ, each with what ZIP-215 says.
fn disputed() -> Vec<(Claim, bool)> {
    let mut cases = Vec::new();
    let published: Value = serde_json::from_str(include_str!("../../../vectors/keys.json")).unwrap();
    for case in published["zip215"].as_array().unwrap() {
        let bytes = |field: &str| hex::decode(case[field].as_str().unwrap()).unwrap();
        let claim = Claim {
            key: PublicKey(bytes("key").try_into().unwrap()),
            signature: Signature(bytes("signature").try_into().unwrap()),
            message: bytes("signed"),
        };
        cases.push((claim, case["valid"].as_bool().unwrap()));
    }
    for key in small_order() {
        for r in small_order() {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&r);
            let mut claim =
                Claim { key: PublicKey(key), signature: Signature(signature), message: b"any".to_vec() };
            cases.push((claim.clone(), true));
            claim.signature.0[32] = 1;
            cases.push((claim, false));
        }
    }
    // A sound signature to whose key or R a point of small order was added before it was hashed.
    for (torsion, number) in EIGHT_TORSION.iter().zip(0..) {
        for (in_key, in_r) in [(true, false), (false, true), (true, true)] {
            let add = |is_added, point: EdwardsPoint| if is_added { point + torsion } else { point };
            let (secret, nonce) = (Scalar::from(7u64 + number), Scalar::from(1_000u64 + number));
            let key = add(in_key, secret * ED25519_BASEPOINT_POINT).compress().to_bytes();
            let r = add(in_r, nonce * ED25519_BASEPOINT_POINT).compress().to_bytes();
            let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(b"any");
            let h = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&r);
            signature[32..].copy_from_slice((nonce + h * secret).as_bytes());
            let mut claim =
                Claim { key: PublicKey(key), signature: Signature(signature), message: b"any".to_vec() };
            cases.push((claim.clone(), true));
            claim.message.push(0);
            cases.push((claim, false));
        }
    }
    // No point at all.
    let mut claim = claim(1, b"any");
    claim.key = PublicKey([2; 32]);
    assert!(CompressedEdwardsY(claim.key.0).decompress().is_none());
    cases.push((claim, false));
    cases
}

#[test]
fn the_equation_says_what_zip_215_says_of_signatures_about_which_others_differ() {
    let known = KnownKeys::up_to(1_000);
    for (claim, valid) in disputed() {
        assert_eq!(claim.holds_alone(), valid, "alone: {claim:?}");
        let mut among = sound(9);
        among.insert(4, claim.clone());
        // The second time its key is known, if it held.
        for _ in 0..2 {
            assert_eq!(known.hold_together(std::slice::from_ref(&claim)), valid, "{claim:?}");
            assert_eq!(known.hold_together(&vec![claim.clone(); 8]), valid, "eight times {claim:?}");
            assert_eq!(known.hold_together(&among), valid, "among sound ones: {claim:?}");
        }
        let positions = if valid { Ok(()) } else { Err(vec![4]) };
        assert_eq!(verify_batch(&among), positions, "{claim:?}");
        assert_eq!(known.verify_batch(&among), positions, "{claim:?}");
    }
}

#[test]
fn all_that_is_valid_by_zip_215_holds_in_one_batch() {
    let valid: Vec<Claim> =
        disputed().into_iter().filter(|(_, valid)| *valid).map(|(claim, _)| claim).collect();
    assert!(valid.len() > 200, "{}", valid.len());
    let known = KnownKeys::up_to(10);
    for _ in 0..2 {
        assert!(known.hold_together(&valid));
    }
}

#[test]
fn a_batch_names_the_bad_ones() {
    let known = KnownKeys::up_to(100);
    let good = sound(20);
    assert_eq!(known.verify_batch(&good), Ok(()));
    let mut claims = good;
    claims[3].signature.0[5] ^= 1;
    claims[17].message.push(0);
    assert_eq!(verify_batch(&claims), Err(vec![3, 17]));
    assert_eq!(known.verify_batch(&claims), Err(vec![3, 17]));
    assert_eq!(verify_batch(&[]), Ok(()));
}

#[test]
fn errors_that_would_cancel_each_other_do_not() {
    let mut claims = [claim(1, b"any"), claim(1, b"other")];
    let s = |claim: &Claim| Scalar::from_canonical_bytes(claim.signature.halves().1).unwrap();
    let (more, less) = (s(&claims[0]) + Scalar::ONE, s(&claims[1]) - Scalar::ONE);
    claims[0].signature.0[32..].copy_from_slice(more.as_bytes());
    claims[1].signature.0[32..].copy_from_slice(less.as_bytes());
    assert_eq!(verify_batch(&claims), Err(vec![0, 1]));
}

#[test]
fn a_key_is_as_strong_whether_it_is_known_or_not() {
    let known = KnownKeys::up_to(1_000);
    let keys = small_order().into_iter().map(PublicKey).chain(sound(20).into_iter().map(|claim| claim.key));
    for key in keys {
        for _ in 0..2 {
            assert_eq!(known.check_strong(&key), key.check_strong(), "{key}");
        }
        // A weak key can have signed.
        known.keep(once((key, CompressedEdwardsY(key.0).decompress().unwrap())));
        assert_eq!(known.check_strong(&key), key.check_strong(), "{key}");
    }
}

#[test]
fn as_many_keys_are_kept_as_there_is_room_for_and_only_those_that_hold() {
    let kept = |known: &KnownKeys| known.points.read().unwrap().len();
    let known = KnownKeys::up_to(5);
    let mut bad = sound(20);
    bad[0].message.push(0);
    assert!(known.verify_batch(&bad).is_err());
    assert_eq!(kept(&known), 0);
    assert_eq!(known.verify_batch(&sound(3)), Ok(()));
    assert_eq!(kept(&known), 3);
    for _ in 0..2 {
        assert_eq!(known.verify_batch(&sound(20)), Ok(()));
        assert_eq!(kept(&known), 5);
    }
}
