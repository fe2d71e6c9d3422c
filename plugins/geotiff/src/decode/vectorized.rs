//! Inner loops for the vectors that the processor at hand has.

/// Compiles a function twice for x86-64: for any processor, and for those with AVX2, which have what
/// it takes to pull interleaved samples apart. All that is to profit has to be inlined into it.
macro_rules! vectorized {
    ($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$attribute])*
        pub(super) fn $name($($argument: $type),*) {
            #[inline(always)]
            fn generic($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn with_avx2($($argument: $type),*) {
                generic($($argument),*);
            }

            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                return unsafe { with_avx2($($argument),*) };
            }
            generic($($argument),*);
        }
    };
}

pub(super) use vectorized;
