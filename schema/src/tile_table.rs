//! Where the tiles of an image lie in its file: offsets and byte counts, packed, with random access.
//!
//! Tile tables are most of a header's bytes. Byte counts are kept as bit-packed numbers; offsets are
//! not kept at all where they follow from the counts, as they do in files written in one go: COG
//! writers put tiles one after another with a fixed gap (GDAL: a 4-byte leader and a 4-byte trailer).
//!
//! # Layout
//!
//! All numbers are little-endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0 | kind of the offsets: 0 sequential, 1 absolute |
//! | 1 | bits of a packed byte count, 0 to 64 |
//! | 2 | bits of a packed offset, 0 to 64 |
//! | 3..7 | `len`: number of tiles |
//! | 7..11 | `gap`: bytes between a tile and the next (sequential only) |
//! | 11..19 | `base`: what is added to each packed offset |
//! | 19..27 | `least`: the least byte count of a tile that is present |
//! | then | packed offsets: one for each block of 32 tiles (sequential) or one for each tile (absolute) |
//! | then | packed byte counts, one for each tile: 0 for a sparse tile, else `count - least + 1` |
//!
//! Both packed arrays start on a byte; within them numbers follow one another bit by bit, least
//! significant bit first.

use rkyv::{Archive, Deserialize, Serialize};
use std::ops::Range;

/// The most tiles that all images of a file may have together. What is kept of them takes megabytes; a
/// table of sparse tiles alone takes no more than its preamble, so that its length says nothing.
pub const MAX_TILES: u32 = 1 << 24;

/// Tiles between two stored offsets of a sequential table. A look-up adds up at most this many counts.
const BLOCK: usize = 32;
const PREAMBLE: usize = 27;
const SEQUENTIAL: u8 = 0;
const ABSOLUTE: u8 = 1;

/// Offsets and byte counts of an image's tiles, packed.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct TileTable {
    bytes: Vec<u8>,
}

impl TileTable {
    /// Packs offsets and byte counts of equal length. A tile with a byte count of zero is sparse:
    /// it is not in the file, and its offset is not kept.
    ///
    /// # Panics
    ///
    /// If the slices differ in length, or have more than `u32::MAX` elements.
    pub fn new(offsets: &[u64], byte_counts: &[u64]) -> TileTable {
        assert_eq!(offsets.len(), byte_counts.len(), "as many offsets as byte counts");
        let len = u32::try_from(offsets.len()).expect("at most u32::MAX tiles");
        let present = || byte_counts.iter().copied().filter(|count| *count > 0);
        let least = present().min().unwrap_or(1);
        let codes: Vec<u64> =
            byte_counts.iter().map(|count| if *count == 0 { 0 } else { count - least + 1 }).collect();
        // `u64::MAX - 1 + 1` does not overflow: least is at least 1.
        let count_bits = bits(codes.iter().copied().max().unwrap_or(0));

        let sequential = sequential(offsets, byte_counts);
        let (kind, gap, stored) = match sequential {
            Some((gap, anchors)) => (SEQUENTIAL, gap, anchors),
            None => {
                let stored =
                    offsets.iter().zip(byte_counts).map(|(offset, count)| (*count > 0).then_some(*offset));
                (ABSOLUTE, 0, stored.collect())
            }
        };
        let base = stored.iter().flatten().copied().min().unwrap_or(0);
        let stored: Vec<u64> = stored.iter().map(|offset| offset.map_or(0, |offset| offset - base)).collect();
        let offset_bits = bits(stored.iter().copied().max().unwrap_or(0));

        let mut bytes = vec![kind, count_bits, offset_bits];
        bytes.extend(len.to_le_bytes());
        bytes.extend(gap.to_le_bytes());
        bytes.extend(base.to_le_bytes());
        bytes.extend(least.to_le_bytes());
        pack(&stored, offset_bits, &mut bytes);
        pack(&codes, count_bits, &mut bytes);
        TileTable { bytes }
    }

    /// The packed bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A view with random access.
    pub fn view(&self) -> TileTableView<'_> {
        TileTableView::new(&self.bytes).unwrap_or(TileTableView::EMPTY)
    }
}

impl ArchivedTileTable {
    /// A view with random access; `None` where the bytes are not a tile table.
    pub fn view(&self) -> Option<TileTableView<'_>> {
        TileTableView::new(self.bytes.as_slice())
    }
}

/// The gap and the offset of each block's first tile, if within each block every tile lies one gap
/// after the tile before it.
fn sequential(offsets: &[u64], byte_counts: &[u64]) -> Option<(u32, Vec<Option<u64>>)> {
    let mut gap = None;
    let mut anchors = Vec::with_capacity(offsets.len().div_ceil(BLOCK));
    for (offsets, counts) in offsets.chunks(BLOCK).zip(byte_counts.chunks(BLOCK)) {
        let mut present = offsets.iter().zip(counts).filter(|(_, count)| **count > 0);
        let Some((first, count)) = present.next() else {
            anchors.push(None);
            continue;
        };
        let mut end = first.checked_add(*count)?;
        for (offset, count) in present {
            let distance = u32::try_from(offset.checked_sub(end)?).ok()?;
            if *gap.get_or_insert(distance) != distance {
                return None;
            }
            end = offset.checked_add(*count)?;
        }
        anchors.push(Some(*first));
    }
    Some((gap.unwrap_or(0), anchors))
}

/// Random access into a packed tile table.
#[derive(Debug, Clone, Copy)]
pub struct TileTableView<'a> {
    sequential: bool,
    count_bits: u8,
    offset_bits: u8,
    len: u32,
    gap: u64,
    base: u64,
    least: u64,
    offsets: &'a [u8],
    counts: &'a [u8],
}

impl<'a> TileTableView<'a> {
    const EMPTY: TileTableView<'static> = TileTableView {
        sequential: true,
        count_bits: 0,
        offset_bits: 0,
        len: 0,
        gap: 0,
        base: 0,
        least: 1,
        offsets: &[],
        counts: &[],
    };

    /// Reads the preamble; `None` where the bytes are not a tile table. Takes constant time.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let (preamble, packed) = bytes.split_at_checked(PREAMBLE)?;
        let word = |at: usize| {
            u32::from_le_bytes([preamble[at], preamble[at + 1], preamble[at + 2], preamble[at + 3]])
        };
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let [kind, count_bits, offset_bits, ..] = *preamble else { return None };
        let len = word(3);
        let sequential = match kind {
            SEQUENTIAL => true,
            ABSOLUTE => false,
            _ => return None,
        };
        if count_bits > 64 || offset_bits > 64 {
            return None;
        }
        let stored = if sequential { (len as usize).div_ceil(BLOCK) } else { len as usize };
        let (offsets, counts) = packed.split_at_checked(packed_len(stored, offset_bits)?)?;
        if counts.len() != packed_len(len as usize, count_bits)? {
            return None;
        }
        Some(TileTableView {
            sequential,
            count_bits,
            offset_bits,
            len,
            gap: word(7).into(),
            base: long(11),
            least: long(19),
            offsets,
            counts,
        })
    }

    /// Number of tiles.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there are no tiles.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The byte range of a tile in its file; `None` for a sparse tile, and beyond the last one.
    pub fn get(&self, tile: u32) -> Option<Range<u64>> {
        if tile >= self.len {
            return None;
        }
        let count = self.count(tile);
        if count == 0 {
            return None;
        }
        let start = if self.sequential {
            let block = tile as usize / BLOCK;
            let first = (block * BLOCK) as u32;
            let anchor = self.base.wrapping_add(unpack(self.offsets, self.offset_bits, block));
            (first..tile)
                .map(|tile| self.count(tile))
                .filter(|count| *count > 0)
                .fold(anchor, |at, count| at.wrapping_add(count).wrapping_add(self.gap))
        } else {
            self.base.wrapping_add(unpack(self.offsets, self.offset_bits, tile as usize))
        };
        // Only bytes that no writer wrote can wrap around: they end in a range that no file has.
        Some(start..start.saturating_add(count))
    }

    fn count(&self, tile: u32) -> u64 {
        match unpack(self.counts, self.count_bits, tile as usize) {
            0 => 0,
            code => (code - 1).wrapping_add(self.least),
        }
    }
}

/// Bits that the number needs.
fn bits(value: u64) -> u8 {
    (64 - value.leading_zeros()) as u8
}

fn packed_len(len: usize, bits: u8) -> Option<usize> {
    Some(len.checked_mul(bits.into())?.div_ceil(8))
}

fn pack(values: &[u64], bits: u8, out: &mut Vec<u8>) {
    let (mut pending, mut filled) = (0u128, 0u32);
    for value in values {
        pending |= u128::from(*value) << filled;
        filled += u32::from(bits);
        while filled >= 8 {
            out.push(pending as u8);
            pending >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        out.push(pending as u8);
    }
}

fn unpack(packed: &[u8], bits: u8, index: usize) -> u64 {
    if bits == 0 {
        return 0;
    }
    let bit = index * usize::from(bits);
    let (byte, shift) = (bit / 8, bit % 8);
    let rest = packed.get(byte..).unwrap_or_default();
    // 64 bits at any shift span at most nine bytes.
    let word = match rest.first_chunk::<16>() {
        Some(chunk) => u128::from_le_bytes(*chunk),
        None => {
            let mut padded = [0; 16];
            padded[..rest.len()].copy_from_slice(rest);
            u128::from_le_bytes(padded)
        }
    };
    let value = (word >> shift) as u64;
    if bits == 64 { value } else { value & ((1 << bits) - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_round_trip(offsets: &[u64], counts: &[u64]) -> TileTable {
        let table = TileTable::new(offsets, counts);
        let view = table.view();
        assert_eq!(view.len() as usize, offsets.len());
        for (i, (offset, count)) in offsets.iter().zip(counts).enumerate() {
            let expected = (*count > 0).then(|| *offset..offset.saturating_add(*count));
            assert_eq!(view.get(i as u32), expected, "tile {i}");
        }
        assert_eq!(view.get(view.len()), None);
        table
    }

    fn in_sequence(start: u64, counts: &[u64], gap: u64) -> Vec<u64> {
        let mut next = start;
        let mut offset = |count: &u64| {
            let at = next;
            next += count + gap;
            at
        };
        counts.iter().map(|count| if *count == 0 { 0 } else { offset(count) }).collect()
    }

    #[test]
    fn a_cog_keeps_counts_only() {
        let counts: Vec<u64> = (0..121).map(|i| 1_400_000 + i * 7919 % 300_000).collect();
        let offsets = in_sequence(6000, &counts, 8);
        let table = assert_round_trip(&offsets, &counts);
        assert!(table.as_bytes().len() < 27 + 121 * 19 / 8 + 4 * 5, "{} bytes", table.as_bytes().len());
    }

    #[test]
    fn extremes() {
        assert_round_trip(&[], &[]);
        assert_round_trip(&[0, 0, 0], &[0, 0, 0]);
        assert_round_trip(&[u64::MAX, 0], &[u64::MAX, 1]);
        assert_round_trip(&[8, 0, 20], &[4, 0, 4]);
    }

    #[test]
    fn foreign_bytes_are_not_a_table() {
        let table = TileTable::new(&[10, 20], &[5, 5]);
        let mut bytes = table.as_bytes().to_vec();
        bytes.pop();
        assert!(TileTableView::new(&bytes).is_none());
        assert!(TileTableView::new(&[2; 64]).is_none());
        assert!(TileTableView::new(&[]).is_none());
    }

    proptest! {
        #[test]
        fn any_table_round_trips(tiles in prop::collection::vec((any::<u64>(), prop_oneof![Just(0u64), any::<u64>(), 1u64..1000]), 0..200)) {
            let (offsets, counts): (Vec<_>, Vec<_>) = tiles.into_iter().unzip();
            assert_round_trip(&offsets, &counts);
        }

        #[test]
        fn any_sequence_round_trips(counts in prop::collection::vec(0u64..5000, 0..200), gap in 0u64..100) {
            let offsets = in_sequence(16, &counts, gap);
            assert_round_trip(&offsets, &counts);
        }

        #[test]
        fn hostile_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), tile in 0u32..100) {
            if let Some(view) = TileTableView::new(&bytes) {
                let _ = view.get(tile);
            }
        }
    }
}
