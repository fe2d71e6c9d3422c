//! What was seen already, remembered by 128 bits each.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A set of things, of which only a hash is kept.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashSet<u128>);

impl Seen {
    /// Whether it is new.
    pub fn insert(&mut self, value: &(impl Hash + ?Sized)) -> bool {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            value.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        self.0.insert(half(0) << 64 | half(1))
    }
}
