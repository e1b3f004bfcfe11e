//! Handles of series, made when they are first needed and found again without making a string.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

/// Handles by keys that come from a set that is fixed when the program is compiled.
pub struct Family<K, H>(RwLock<HashMap<K, H, BuildHasherDefault<Fixed>>>);

/// Hashes keys that nobody outside can choose: FNV-1a, by the parameters of its authors for 64 bits. A request looks up
/// some thirty series, and the usual hasher is made against keys that are chosen to collide.
pub struct Fixed(u64);

impl Default for Fixed {
    fn default() -> Self {
        Fixed(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x0100_0000_01b3);
    }

    fn write_isize(&mut self, number: isize) {
        // What is left of an enumeration's value.
        self.write_u64(number as u64);
    }
}

impl<K, H> Default for Family<K, H> {
    fn default() -> Self {
        Family(RwLock::default())
    }
}

impl<K: Copy + Eq + Hash, H: Clone> Family<K, H> {
    /// The handle of this key; `make` makes it when it is new.
    pub fn of(&self, key: K, make: impl FnOnce() -> H) -> H {
        if let Some(handle) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return handle.clone();
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert_with(make).clone()
    }
}

/// What there is for each name that the operator or a plugin's author gave, up to a bound.
pub struct Names<T> {
    most: usize,
    /// Stands for nothing known, and for all names beyond the bound.
    other: Arc<T>,
    named: RwLock<HashMap<Arc<str>, Arc<T>>>,
}

/// The name that [`Names`] gives to all that have none of their own.
pub const OTHER: &str = "other";

impl<T: Named> Names<T> {
    /// No names yet, and at most so many.
    pub fn new(most: usize) -> Names<T> {
        Names { most, other: Arc::new(T::named(OTHER.into())), named: RwLock::default() }
    }

    /// What there is for this name.
    pub fn get(&self, name: Option<&str>) -> Arc<T> {
        let Some(name) = name else { return self.other.clone() };
        if let Some(found) = self.named.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return found.clone();
        }
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = named.get(name) {
            return found.clone();
        }
        if named.len() >= self.most {
            return self.other.clone();
        }
        let name: Arc<str> = name.into();
        let made = Arc::new(T::named(name.clone()));
        named.insert(name, made.clone());
        made
    }
}

/// Something that can be made for a name.
pub trait Named {
    /// Makes it.
    fn named(name: Arc<str>) -> Self;
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Only(Arc<str>);

    impl Named for Only {
        fn named(name: Arc<str>) -> Self {
            Only(name)
        }
    }

    #[test]
    fn beyond_the_bound_every_name_is_other() {
        let names = Names::<Only>::new(2);
        let seen: Vec<_> = ["a", "b", "c", "a", "d"].iter().map(|name| names.get(Some(name)).0.clone()).collect();
        assert_eq!(seen.iter().map(|name| &**name).collect::<Vec<_>>(), ["a", "b", OTHER, "a", OTHER]);
        assert_eq!(&*names.get(None).0, OTHER);
    }

    #[test]
    fn a_handle_is_made_once() {
        let family = Family::default();
        assert_eq!((family.of("a", || 1), family.of("a", || 2), family.of("b", || 3)), (1, 1, 3));
    }
}
