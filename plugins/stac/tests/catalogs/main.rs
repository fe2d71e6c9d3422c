//! Static catalogues: generated ones of several depths, and what is wrong with others.

#![allow(clippy::unwrap_used)]

mod broken;
mod generate;
mod layouts;
mod support;
