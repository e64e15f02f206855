//! Merkle trees in the shape of RFC 6962 section 2.1, with BLAKE3 in derive-key mode.
//!
//! A leaf is hashed behind the byte 0, an inner node behind the byte 1. The context tells trees for
//! different purposes apart. The root is computed in one pass and `log n` memory; a path (section 2.1.1)
//! proves that one leaf is in the tree.

use crate::hash::Root;

/// The root of the tree over these leaves, in their order.
pub fn merkle_root<L: AsRef<[u8]>>(context: &str, leaves: impl IntoIterator<Item = L>) -> Root {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    // A hasher is large: to begin anew costs less than to begin with a copy.
    let mut hash = |parts: &[&[u8]]| {
        hasher.reset();
        for part in parts {
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    };
    // Roots of complete subtrees, from the largest (leftmost) to the smallest, with their heights.
    let mut pending: Vec<(u32, [u8; 32])> = Vec::new();
    for leaf in leaves {
        pending.push((0, hash(&[&[0], leaf.as_ref()])));
        while let [.., (left_height, left), (height, right)] = pending[..]
            && left_height == height
        {
            let node = hash(&[&[1], &left, &right]);
            pending.truncate(pending.len() - 2);
            pending.push((height + 1, node));
        }
    }
    let Some((_, mut root)) = pending.pop() else { return Root(hash(&[])) };
    while let Some((_, left)) = pending.pop() {
        root = hash(&[&[1], &left, &root]);
    }
    Root(root)
}

/// The path of the leaf at this position: what stands beside it on the way to the root, from below. Nothing if
/// there is no such leaf.
pub fn merkle_path<L: AsRef<[u8]>>(
    context: &str,
    leaves: impl IntoIterator<Item = L>,
    position: usize,
) -> Option<Vec<Root>> {
    let hasher = blake3::Hasher::new_derive_key(context);
    let mut level: Vec<Root> = leaves.into_iter().map(|leaf| node(&hasher, &[&[0], leaf.as_ref()])).collect();
    if position >= level.len() {
        return None;
    }
    let mut path = Vec::new();
    let mut at = position;
    while level.len() > 1 {
        path.extend(level.get(at ^ 1));
        // A node without a neighbour goes up as it is: that is where the tree is not complete.
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node(&hasher, &[&[1], &left.0, &right.0]),
                _ => pair[0],
            })
            .collect();
        at /= 2;
    }
    Some(path)
}

/// The root of a tree with so many leaves, of which this leaf has this position and this path (RFC 9162
/// section 2.1.3.2). Nothing if the path does not have the length that it must have.
#[must_use]
pub fn root_by_path(context: &str, leaf: &[u8], position: u64, leaves: u64, path: &[Root]) -> Option<Root> {
    if position >= leaves {
        return None;
    }
    let hasher = blake3::Hasher::new_derive_key(context);
    let (mut at, mut last) = (position, leaves - 1);
    let mut root = node(&hasher, &[&[0], leaf]);
    let mut path = path.iter();
    while last > 0 {
        if at % 2 == 1 {
            root = node(&hasher, &[&[1], &path.next()?.0, &root.0]);
        } else if at < last {
            root = node(&hasher, &[&[1], &root.0, &path.next()?.0]);
        }
        (at, last) = (at / 2, last / 2);
    }
    path.next().is_none().then_some(root)
}

fn node(hasher: &blake3::Hasher, parts: &[&[u8]]) -> Root {
    let mut hasher = hasher.clone();
    for part in parts {
        hasher.update(part);
    }
    Root(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;

    /// BLAKE3 in derive-key mode as the reference tree wants it.
    #[derive(Clone)]
    struct Reference(blake3::Hasher);

    impl Default for Reference {
        fn default() -> Self {
            Self(blake3::Hasher::new_derive_key("test"))
        }
    }
    impl digest::Update for Reference {
        fn update(&mut self, data: &[u8]) {
            self.0.update(data);
        }
    }
    impl digest::OutputSizeUser for Reference {
        type OutputSize = digest::consts::U32;
    }
    impl digest::FixedOutput for Reference {
        fn finalize_into(self, out: &mut digest::Output<Self>) {
            out.copy_from_slice(self.0.finalize().as_bytes());
        }
    }
    impl digest::HashMarker for Reference {}

    #[test]
    fn the_root_is_that_of_an_independent_implementation() {
        let mut tree = MemoryBackedTree::<Reference, Vec<u8>>::new();
        for count in 0..70u8 {
            let root = merkle_root("test", (0..count).map(|n| vec![n; usize::from(n)]));
            assert_eq!(root.0, <[u8; 32]>::from(*tree.root().as_bytes()), "{count} leaves");
            tree.push(vec![count; usize::from(count)]);
        }
    }

    #[test]
    fn a_path_is_that_of_an_independent_implementation_and_leads_to_the_root() {
        let leaf = |n: u8| vec![n; usize::from(n) + 1];
        let mut tree = MemoryBackedTree::<Reference, Vec<u8>>::new();
        for count in 1..=40u8 {
            tree.push(leaf(count - 1));
            let root = merkle_root("test", (0..count).map(leaf));
            assert_eq!(merkle_path("test", (0..count).map(leaf), usize::from(count)), None);
            for position in 0..count {
                let path = merkle_path("test", (0..count).map(leaf), usize::from(position)).unwrap();
                let flat: Vec<u8> = path.iter().flat_map(|root| root.0).collect();
                assert_eq!(flat, tree.prove_inclusion(usize::from(position)).as_bytes());
                let (at, of) = (u64::from(position), u64::from(count));
                assert_eq!(root_by_path("test", &leaf(position), at, of, &path), Some(root));
                // No other place has the same path: what is proved includes the place.
                for other in (0..count).filter(|other| *other != position) {
                    let led = root_by_path("test", &leaf(position), u64::from(other), of, &path);
                    assert_ne!(led, Some(root), "{position} and {other} of {count}");
                }
                let longer = [&path[..], &[root]].concat();
                assert_eq!(root_by_path("test", &leaf(position), at, of, &longer), None);
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(root_by_path("test", &leaf(position), at, of, shorter), None);
                }
            }
            assert_eq!(root_by_path("test", &leaf(0), u64::from(count), u64::from(count), &[]), None);
        }
    }
}
