//! Builds from records that somebody listed: what is asked of a server, what is stored, and what a build that
//! is killed leaves for the next one.

#![allow(clippy::unwrap_used)]

mod kept;
mod killed;
mod support;
mod unfinished;
