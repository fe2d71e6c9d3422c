//! Samples that are not whole bytes, and bytes whose bits run the other way.

use super::word::Word;

/// Reverses the bits of every byte (`FillOrder` 2). `reversed` is as long as `bytes`.
pub(super) fn reverse<'a>(bytes: &[u8], reversed: &'a mut [u8]) -> &'a [u8] {
    for (reversed, byte) in reversed.iter_mut().zip(bytes) {
        *reversed = byte.reverse_bits();
    }
    reversed
}

/// Widens samples of less than 32 bits, packed from the most significant bit of the first byte on,
/// to words. GDAL packs them so in files of either byte order.
#[inline(always)]
pub(super) fn unpack<W: Word<N>, const N: usize>(row: &[u8], bits: u32, native: &mut [u8]) {
    let words = native.as_chunks_mut::<N>().0;
    match bits {
        1 => unpack_bytes::<W, N, 1, 8>(row, words),
        2 => unpack_bytes::<W, N, 2, 4>(row, words),
        4 => unpack_bytes::<W, N, 4, 2>(row, words),
        12 => unpack_12::<W, N>(row, words),
        _ => unpack_any::<W, N>(row, bits, words),
    }
}

/// Unpacks `COUNT` samples of each byte.
#[inline(always)]
fn unpack_bytes<W: Word<N>, const N: usize, const BITS: u32, const COUNT: usize>(
    row: &[u8],
    words: &mut [[u8; N]],
) {
    let unpacked = |byte: u8| -> [[u8; N]; COUNT] {
        std::array::from_fn(|index| {
            let shift = 8 - BITS * (index as u32 + 1);
            W::truncate((u32::from(byte) >> shift) & ((1 << BITS) - 1)).write()
        })
    };
    let (whole, rest) = words.as_chunks_mut::<COUNT>();
    for (words, byte) in whole.iter_mut().zip(row) {
        *words = unpacked(*byte);
    }
    if let Some(byte) = row.get(whole.len()) {
        rest.copy_from_slice(&unpacked(*byte)[..rest.len()]);
    }
}

#[inline(always)]
fn unpack_12<W: Word<N>, const N: usize>(row: &[u8], words: &mut [[u8; N]]) {
    let (pairs, last) = words.as_chunks_mut::<2>();
    let (triples, rest) = row.as_chunks::<3>();
    for (pair, [a, b, c]) in pairs.iter_mut().zip(triples) {
        let bits = u32::from(*a) << 16 | u32::from(*b) << 8 | u32::from(*c);
        *pair = [W::truncate(bits >> 12).write(), W::truncate(bits & 0xFFF).write()];
    }
    if let ([word], [a, b, ..]) = (last, rest) {
        *word = W::truncate(u32::from(*a) << 4 | u32::from(*b) >> 4).write();
    }
}

#[inline(always)]
fn unpack_any<W: Word<N>, const N: usize>(row: &[u8], bits: u32, words: &mut [[u8; N]]) {
    let mut bytes = row.iter();
    let (mut pending, mut count) = (0u64, 0);
    for word in words {
        while count < bits {
            pending = pending << 8 | bytes.next().copied().map_or(0, u64::from);
            count += 8;
        }
        count -= bits;
        *word = W::truncate((pending >> count) as u32 & ((1 << bits) - 1)).write();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bit by bit, most significant first.
    fn pack(samples: &[u32], bits: u32) -> Vec<u8> {
        let mut packed = vec![0; (samples.len() * bits as usize).div_ceil(8)];
        let stream = samples.iter().flat_map(|sample| (0..bits).rev().map(move |bit| sample >> bit & 1));
        for (index, bit) in stream.enumerate() {
            packed[index / 8] |= (bit as u8) << (7 - index % 8);
        }
        packed
    }

    fn unpacked<W: Word<N>, const N: usize>(packed: &[u8], bits: u32, count: usize) -> Vec<u32> {
        let mut native = vec![0xEE; count * N];
        unpack::<W, N>(packed, bits, &mut native);
        let number =
            |word: &[u8; N]| word.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
        native.as_chunks::<N>().0.iter().map(number).collect()
    }

    proptest! {
        #[cfg(target_endian = "little")]
        #[test]
        fn packed_samples_are_unpacked(samples in prop::collection::vec(any::<u32>(), 0..70), bits in 1u32..32) {
            let samples: Vec<u32> = samples.iter().map(|sample| sample & ((1 << bits) - 1)).collect();
            let packed = pack(&samples, bits);
            if bits < 8 {
                prop_assert_eq!(&unpacked::<u8, 1>(&packed, bits, samples.len()), &samples);
            }
            if bits < 16 {
                prop_assert_eq!(&unpacked::<u16, 2>(&packed, bits, samples.len()), &samples);
            }
            prop_assert_eq!(&unpacked::<u32, 4>(&packed, bits, samples.len()), &samples);
        }
    }
}
