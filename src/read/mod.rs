//! Reading pixels: from records and areas to arrays.

pub mod area;
pub mod mask;
pub mod window;
