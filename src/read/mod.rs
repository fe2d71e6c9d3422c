//! Reading pixels: from records and areas to arrays.

pub mod mask;
