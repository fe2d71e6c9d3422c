//! What builds, imports and refreshes have in common: options, and the report at the end.

use super::headers;
use super::progress::Progress;
use super::summary::{BuildProgress, BuildSummary, Failure};
use crate::error::{Error, Result};
use crate::query::Filter;
use crate::store::Metadata;
use std::sync::Arc;

/// How headers are read, and what is told of it.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Whether what cannot be read is an error.
    pub strict: bool,
    /// Files that are asked for their headers at once.
    pub max_concurrent: usize,
    pub progress: Arc<Progress>,
}

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions { strict: false, max_concurrent: headers::CONCURRENT, progress: Progress::new(None) }
    }
}

impl RunOptions {
    /// Calls back with each step.
    pub fn on_progress(&mut self, callback: impl FnMut(BuildProgress) + Send + 'static) {
        self.progress = Progress::new(Some(Box::new(callback)));
    }

    /// What is reported of a collection at the end, or the error that it is if nothing may fail.
    pub fn report(
        &self,
        name: &str,
        metadata: &Metadata,
        failed: Vec<Failure>,
        cached: bool,
    ) -> Result<BuildSummary> {
        match failed.first() {
            Some(first) if self.strict => Err(Error::BuildFailures {
                name: name.to_owned(),
                count: failed.len(),
                first: format!("{}: {}", first.href, first.error),
            }),
            _ => Ok(BuildSummary {
                name: name.to_owned(),
                records: metadata.records,
                headers: metadata.headers,
                failed,
                requests: self.progress.requests(),
                bytes: self.progress.bytes(),
                seconds: self.progress.elapsed().as_secs_f64(),
                cached,
            }),
        }
    }
}

/// How a source is made a collection.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// Which records are taken.
    pub filter: Filter,
    /// Whether it is done again even if nothing changed.
    pub force: bool,
    pub run: RunOptions,
}
