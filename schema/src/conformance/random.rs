//! Random numbers that are the same in every run, so that a violation comes again.

use std::ops::Range;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a few lines, and good enough to pick tests.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % (end.max(1) as u64)) as usize
    }

    /// A part of `0..end` that is not empty, if that is not.
    pub(super) fn range(&mut self, end: u32) -> Range<u32> {
        let start = self.below(end as usize) as u32;
        let len = 1 + self.below((end - start) as usize) as u32;
        start..end.min(start + len)
    }

    /// Some of `0..end` in any order, at least one.
    pub(super) fn some_of(&mut self, end: u16) -> Vec<u16> {
        let mut all: Vec<u16> = (0..end).collect();
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
        all.truncate(1 + self.below(all.len()));
        all
    }

    /// Flips one to eight bits.
    pub(super) fn damage(&mut self, bytes: &mut [u8]) {
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << self.below(8);
            }
        }
    }
}
