//! A map that can go back to how it was at a mark. A closing seal whose outcome turns out to be wrong must leave no
//! trace, and to copy all members for that at every close would be a good part of an audit.

use std::{collections::BTreeMap, ops::Deref};

/// A map that notes, from a mark on, what stood where it is changed.
#[derive(Debug, Clone)]
pub(super) struct Reversible<K, V> {
    now: BTreeMap<K, V>,
    /// What the keys changed since the mark had at it.
    before: Option<BTreeMap<K, Option<V>>>,
}

impl<K, V> Default for Reversible<K, V> {
    fn default() -> Self {
        Self { now: BTreeMap::new(), before: None }
    }
}

impl<K, V> Deref for Reversible<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.now
    }
}

impl<K: Ord + Copy, V: Clone> Reversible<K, V> {
    /// From now on every change can be undone.
    pub(super) fn mark(&mut self) {
        self.before = Some(BTreeMap::new());
    }

    /// The changes since the mark stay.
    pub(super) fn keep(&mut self) {
        self.before = None;
    }

    /// Undoes every change since the mark.
    pub(super) fn go_back(&mut self) {
        for (key, value) in self.before.take().unwrap_or_default() {
            match value {
                Some(value) => self.now.insert(key, value),
                None => self.now.remove(&key),
            };
        }
    }

    fn note(&mut self, key: &K) {
        if let Some(before) = &mut self.before {
            before.entry(*key).or_insert_with(|| self.now.get(key).cloned());
        }
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.note(key);
        self.now.get_mut(key)
    }

    /// The value of this key, which is this one if it has none.
    pub(super) fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        self.note(&key);
        self.now.entry(key).or_insert(value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.note(&key);
        self.now.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.note(key);
        self.now.remove(key)
    }

    /// All values. What was changed until now stays, and what is changed through these cannot be undone: nothing calls this between a
    /// mark and going back.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.keep();
        self.now.values_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Change(u8, u8),
        Insert(u8, u8),
        GetOrInsert(u8, u8),
        Remove(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let (key, value) = (0..8u8, any::<u8>());
        prop_oneof![
            (key.clone(), value).prop_map(|(key, value)| Step::Change(key, value)),
            (key.clone(), value).prop_map(|(key, value)| Step::Insert(key, value)),
            (key.clone(), value).prop_map(|(key, value)| Step::GetOrInsert(key, value)),
            key.prop_map(Step::Remove),
        ]
    }

    fn take(map: &mut Reversible<u8, u8>, plain: &mut BTreeMap<u8, u8>, steps: &[Step]) {
        for step in steps {
            match *step {
                Step::Change(key, value) => {
                    if let Some(held) = map.get_mut(&key) {
                        *held = value;
                    }
                    if let Some(held) = plain.get_mut(&key) {
                        *held = value;
                    }
                }
                Step::Insert(key, value) => {
                    map.insert(key, value);
                    plain.insert(key, value);
                }
                Step::GetOrInsert(key, value) => {
                    *map.get_or_insert(key, value) ^= 1;
                    *plain.entry(key).or_insert(value) ^= 1;
                }
                Step::Remove(key) => assert_eq!(map.remove(&key), plain.remove(&key)),
            }
        }
    }

    proptest! {
        #[test]
        fn it_goes_back_to_the_mark_or_keeps_all(
            first in prop::collection::vec(step(), 0..20),
            then in prop::collection::vec(step(), 0..20),
            stays: bool,
        ) {
            let (mut map, mut plain) = (Reversible::default(), BTreeMap::new());
            take(&mut map, &mut plain, &first);
            let at_mark = plain.clone();
            map.mark();
            take(&mut map, &mut plain, &then);
            prop_assert_eq!(&*map, &plain);
            if stays {
                map.keep();
            }
            map.go_back();
            prop_assert_eq!(&*map, if stays { &plain } else { &at_mark });
        }
    }
}
