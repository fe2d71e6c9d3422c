//! Builds from records that somebody listed: what is asked of a server, what is stored, and what a build that
//! is killed leaves for the next one.

#![allow(clippy::unwrap_used)]

mod kept;
mod killed;
#[path = "../sources/listed.rs"]
mod listed;
#[path = "../processes/killed.rs"]
mod process;
mod support;
mod unfinished;
