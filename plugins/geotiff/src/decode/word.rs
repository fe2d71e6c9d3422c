//! Samples as unsigned integers of their width.

/// An unsigned integer of `N` bytes, in native byte order where it lies in memory.
pub(super) trait Word<const N: usize>: Copy + Default {
    fn read(bytes: [u8; N]) -> Self;
    fn write(self) -> [u8; N];
    fn wrapping_add(self, other: Self) -> Self;
    /// The low bits of a wider number.
    fn truncate(wide: u32) -> Self;
}

macro_rules! words {
    ($($word:ty: $size:literal),*) => {$(
        impl Word<$size> for $word {
            #[inline(always)]
            fn read(bytes: [u8; $size]) -> Self {
                <$word>::from_ne_bytes(bytes)
            }
            #[inline(always)]
            fn write(self) -> [u8; $size] {
                self.to_ne_bytes()
            }
            #[inline(always)]
            fn wrapping_add(self, other: Self) -> Self {
                <$word>::wrapping_add(self, other)
            }
            #[inline(always)]
            fn truncate(wide: u32) -> Self {
                wide as $word
            }
        }
    )*};
}

words!(u8: 1, u16: 2, u32: 4, u64: 8);

/// Reverses the bytes of every word of `N` bytes.
#[inline(always)]
pub(super) fn swap_all<const N: usize>(bytes: &mut [u8]) {
    for word in bytes.as_chunks_mut::<N>().0 {
        word.reverse();
    }
}
