// SPEC sections 8.2 and 13.2: Merkle trees as in RFC 6962, and paths in them. `tree` is a hash of `hashes.js`.

import { same } from "./bytes.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function rootOf(tree, leaves) {
  if (leaves.length === 0) return tree();
  return rootOfHashes(tree, leaves.map((leaf) => tree(LEAF, leaf)));
}

function rootOfHashes(tree, hashes) {
  if (hashes.length === 1) return hashes[0];
  let first = 1;
  while (first * 2 < hashes.length) first *= 2;
  return tree(NODE, rootOfHashes(tree, hashes.slice(0, first)), rootOfHashes(tree, hashes.slice(first)));
}

/** Is this the leaf with this position in a tree of so many leaves (BigInt both) with this root? */
export function isLeaf(tree, leaf, position, path, leaves, root) {
  if (position >= leaves) return false;
  let found = tree(LEAF, leaf);
  let last = leaves - 1n;
  let used = 0;
  while (last > 0n) {
    const isRight = position % 2n === 1n;
    if (isRight || position < last) {
      if (used === path.length) return false;
      const other = path[used];
      used += 1;
      found = isRight ? tree(NODE, other, found) : tree(NODE, found, other);
    }
    position /= 2n;
    last /= 2n;
  }
  return used === path.length && same(found, root);
}
