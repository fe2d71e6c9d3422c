//! Static catalogues: generated ones of several depths, and what is wrong with others.

mod broken;
mod generate;
mod layouts;
mod support;
