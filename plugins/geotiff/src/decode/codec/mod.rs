//! The codecs that are built in, one a file.

mod deflate;
mod jpeg;
mod lerc;
mod lzma;
mod lzw;
mod packbits;
mod uncompressed;
mod webp;
mod zstandard;

pub use deflate::Deflate;
pub use jpeg::Jpeg;
pub use lerc::Lerc;
pub use lzma::Lzma;
pub use lzw::Lzw;
pub use packbits::PackBits;
pub use uncompressed::Uncompressed;
pub use webp::WebP;
pub use zstandard::Zstandard;
