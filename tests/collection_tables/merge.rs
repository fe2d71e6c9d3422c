//! Several collections as one.
