//! LERC tiles of any bytes, with checksums that are right: no others get past the decoder's first step.

use crate::tile;
use lerc_core::fletcher32;

const LERC: u16 = 34887;
const MAGIC: &[u8] = b"Lerc2 ";
const VERSION: usize = 6;
const CHECKSUM: usize = 10;
const CHECKED: usize = 14;

/// [`tile::check`] of the input, its LERC blobs repaired.
pub fn check(input: &[u8]) {
    let mut input = input.to_vec();
    if let Some(blobs) = input.get_mut(tile::PARAMETERS..) {
        repair(blobs);
    }
    tile::check(LERC, &input);
}

/// Sets the checksums of blobs that follow one another, and sizes that cannot be.
fn repair(mut blobs: &mut [u8]) {
    while blobs.starts_with(MAGIC) {
        // Earlier versions have no checksum.
        let size_at = match blobs.get(VERSION) {
            Some(3) => 30,
            Some(4..) => 34,
            _ => return,
        };
        let len = blobs.len();
        let Some(size) = blobs.get_mut(size_at..size_at + 4) else { return };
        let claimed = size.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte));
        let end = if (size_at + 4..=len).contains(&claimed) { claimed } else { len };
        size.copy_from_slice(&(end as u32).to_le_bytes());
        let checksum = fletcher32(&blobs[CHECKED..end]);
        blobs[CHECKSUM..CHECKED].copy_from_slice(&checksum.to_le_bytes());
        blobs = &mut blobs[end..];
    }
}
