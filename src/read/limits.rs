//! What a read may use, and what it says of itself: how far it is, and what it cost.

use super::coalesce::RequestCost;
use std::sync::Arc;

/// What a read may use, besides the memory of its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes that are fetched and not decoded yet, or decoded, whichever are more, of the requests under way.
    pub bytes_in_flight: u32,
    /// What decides which ranges are fetched together.
    pub request_cost: RequestCost,
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits { bytes_in_flight: 64 << 20, request_cost: RequestCost::default() }
    }
}

/// How far a read is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadProgress {
    /// Tiles that are decoded.
    pub tiles: u64,
    /// Tiles that the read needs.
    pub of_tiles: u64,
    /// Bytes that were fetched.
    pub bytes: u64,
    /// Requests over a network, repeated ones included.
    pub requests: u64,
}

/// Is told how far a read is, from any thread, after each tile.
pub type OnProgress = Arc<dyn Fn(ReadProgress) + Send + Sync>;

/// What a read cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReadStatistics {
    /// Tiles that were decoded.
    pub tiles: u64,
    /// Bytes of byte ranges that were read, gaps that were read over and headers that were missing or in doubt
    /// included.
    pub bytes: u64,
    /// Requests over a network, repeated ones and those for headers that were missing or in doubt included.
    pub requests: u64,
    /// Seconds that it took.
    pub seconds: f64,
}
