//! Merkle trees in the shape of RFC 6962 section 2.1, with BLAKE3 in derive-key mode.
//!
//! A leaf is hashed behind the byte 0, an inner node behind the byte 1. The context tells trees for
//! different purposes apart. Only the root is computed here, in one pass and `log n` memory.

use crate::hash::Root;

/// The root of the tree over these leaves, in their order.
pub fn merkle_root<L: AsRef<[u8]>>(context: &str, leaves: impl IntoIterator<Item = L>) -> Root {
    let hasher = blake3::Hasher::new_derive_key(context);
    let hash = |parts: &[&[u8]]| {
        let mut hasher = hasher.clone();
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
}
