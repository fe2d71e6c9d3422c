//! The predictors of TIFF: `Predictor` 2, horizontal differences (TIFF 6.0, section 14, widened to 64
//! bits by libtiff), and 3, floating point (Adobe Photoshop TIFF Technical Note 3).

use super::word::Word;

/// Undoes horizontal differences of words of `N` bytes, `stride` words to a pixel.
///
/// Types do not matter: differences wrap around, and libtiff takes floating point numbers for
/// integers here.
#[inline(always)]
pub(super) fn undo_horizontal<W: Word<N>, const N: usize>(row: &mut [u8], stride: usize) {
    let words = row.as_chunks_mut::<N>().0;
    match (stride, N) {
        // As many as fill a vector of 128 or 256 bits.
        (1, 1 | 2) => sum_up::<W, N, 16>(words),
        (1, 4) => sum_up::<W, N, 4>(words),
        (1, _) => sum_up::<W, N, 2>(words),
        (2, _) => sum_up_pixels::<W, N, 2>(words),
        (3, _) => sum_up_pixels::<W, N, 3>(words),
        (4, _) => sum_up_pixels::<W, N, 4>(words),
        (8, _) => sum_up_pixels::<W, N, 8>(words),
        _ => {
            let mut rest = words;
            while rest.len() >= 2 * stride {
                let (before, after) = rest.split_at_mut(stride);
                for (word, before) in after.iter_mut().zip(before) {
                    *word = W::read(*word).wrapping_add(W::read(*before)).write();
                }
                rest = after;
            }
        }
    }
}

/// Undoes the floating point predictor: `row` holds the differences of the bytes of the row's
/// numbers, first the most significant byte of every number, then the next of every number.
///
/// The differences go on from the end of each plane of bytes to the start of the next. Here the planes
/// are put together to numbers first, so that as many sums are made at once as a pixel has bytes; each
/// starts with what the planes before add up to.
#[inline(always)]
pub(super) fn undo_floating_point<const N: usize>(row: &[u8], stride: usize, native: &mut [u8]) {
    let place = |plane: usize| if cfg!(target_endian = "big") { plane } else { N - 1 - plane };
    let numbers = native.as_chunks_mut::<N>().0;
    let plane_len = numbers.len();
    let planes: [&[u8]; N] = std::array::from_fn(|byte| &row[place(byte) * plane_len..][..plane_len]);
    for (index, number) in numbers.iter_mut().enumerate() {
        // By halves of 32 bits: the compiler makes vectors of those, and none of eight single bytes.
        let half = |first: usize| -> u64 {
            u32::from_le_bytes(std::array::from_fn(|byte| planes[(first + byte) % N][index])).into()
        };
        let bytes = if N > 4 { half(0) | half(4) << 32 } else { half(0) }.to_le_bytes();
        *number = std::array::from_fn(|byte| bytes[byte]);
    }
    for (sample, number) in numbers.iter_mut().enumerate().take(stride) {
        let mut before = 0u8;
        for (plane, bytes) in row.chunks_exact(plane_len).enumerate() {
            number[place(plane)] = number[place(plane)].wrapping_add(before);
            before = match stride {
                1 => bytes.iter().fold(before, |sum, byte| sum.wrapping_add(*byte)),
                _ => bytes
                    .iter()
                    .skip(sample)
                    .step_by(stride)
                    .fold(before, |sum, byte| sum.wrapping_add(*byte)),
            };
        }
    }
    undo_horizontal::<u8, 1>(native, N * stride);
}

/// Sums up `LANES` words at once, in as many steps as the logarithm of `LANES`, each of which is one
/// addition of vectors.
#[inline(always)]
fn sum_up<W: Word<N>, const N: usize, const LANES: usize>(words: &mut [[u8; N]]) {
    let (blocks, rest) = words.as_chunks_mut::<LANES>();
    let mut before = W::default();
    for block in blocks {
        let mut sums = block.map(W::read);
        let mut distance = 1;
        while distance < LANES {
            let shifted: [W; LANES] =
                std::array::from_fn(
                    |lane| if lane < distance { W::default() } else { sums[lane - distance] },
                );
            sums = std::array::from_fn(|lane| sums[lane].wrapping_add(shifted[lane]));
            distance *= 2;
        }
        *block = sums.map(|sum| sum.wrapping_add(before).write());
        before = before.wrapping_add(sums[LANES - 1]);
    }
    for word in rest {
        before = before.wrapping_add(W::read(*word));
        *word = before.write();
    }
}

#[inline(always)]
fn sum_up_pixels<W: Word<N>, const N: usize, const STRIDE: usize>(words: &mut [[u8; N]]) {
    let mut sums = [W::default(); STRIDE];
    for pixel in words.as_chunks_mut::<STRIDE>().0 {
        for (sum, word) in sums.iter_mut().zip(pixel) {
            *sum = sum.wrapping_add(W::read(*word));
            *word = sum.write();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As libtiff's `horDiff` functions.
    fn difference<const N: usize>(row: &mut [u8], stride: usize) {
        let words = row.as_chunks_mut::<N>().0;
        let number =
            |word: [u8; N]| word.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        for index in (stride..words.len()).rev() {
            let difference = number(words[index]).wrapping_sub(number(words[index - stride]));
            words[index] = std::array::from_fn(|byte| (difference >> (8 * byte)) as u8);
        }
    }

    /// As libtiff's `fpDiff`.
    fn difference_floats<const N: usize>(row: &[u8], stride: usize) -> Vec<u8> {
        let numbers = row.as_chunks::<N>().0;
        let mut planes: Vec<u8> =
            (0..N).rev().flat_map(|byte| numbers.iter().map(move |number| number[byte])).collect();
        difference::<1>(&mut planes, stride);
        planes
    }

    fn assert_horizontal<W: Word<N>, const N: usize>(bytes: &[u8], stride: usize) {
        let row = &bytes[..bytes.len() - bytes.len() % (N * stride)];
        let mut differences = row.to_vec();
        difference::<N>(&mut differences, stride);
        undo_horizontal::<W, N>(&mut differences, stride);
        assert_eq!(differences, row, "{N} bytes, stride {stride}");
    }

    fn assert_floating_point<const N: usize>(bytes: &[u8], stride: usize) {
        let row = &bytes[..bytes.len() - bytes.len() % (N * stride)];
        let mut native = vec![0; row.len()];
        undo_floating_point::<N>(&difference_floats::<N>(row, stride), stride, &mut native);
        assert_eq!(native, row, "{N} bytes, stride {stride}");
    }

    proptest! {
        #[cfg(target_endian = "little")]
        #[test]
        fn differences_are_undone(bytes in prop::collection::vec(any::<u8>(), 0..700), stride in 1usize..7) {
            assert_horizontal::<u8, 1>(&bytes, stride);
            assert_horizontal::<u16, 2>(&bytes, stride);
            assert_horizontal::<u32, 4>(&bytes, stride);
            assert_horizontal::<u64, 8>(&bytes, stride);
        }

        #[cfg(target_endian = "little")]
        #[test]
        fn floating_point_differences_are_undone(bytes in prop::collection::vec(any::<u8>(), 0..700), stride in 1usize..7) {
            assert_floating_point::<2>(&bytes, stride);
            assert_floating_point::<4>(&bytes, stride);
            assert_floating_point::<8>(&bytes, stride);
        }
    }
}
