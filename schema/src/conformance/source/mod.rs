//! The suite of source adapters.

mod footprint;
mod row;
mod run;
mod selections;

use super::{Violations, is_kebab_case};
use crate::access::plain_href;
use crate::{CloudConfig, Selection, SourceAdapter, SourceFailure};
use futures::StreamExt;
use run::Run;

/// What the tester knows of a source.
#[derive(Debug, Clone)]
pub struct Expectations {
    /// Number of records, where known.
    pub records: Option<usize>,
    /// Number of failures, where known.
    pub failures: Option<usize>,
    /// Records of a batch at most.
    pub batch_records: usize,
    /// What the adapter was given that must not show in its description, such as a password.
    pub secrets: Vec<String>,
}

impl Default for Expectations {
    fn default() -> Self {
        Expectations { records: None, failures: None, batch_records: 8192, secrets: Vec::new() }
    }
}

/// What the suite saw of a source, without a selection.
#[derive(Debug, Clone, Default)]
pub struct SourceReport {
    /// Number of records.
    pub records: usize,
    /// Number of headers that came with records.
    pub headers: usize,
    /// What the source could not turn into records.
    pub failures: Vec<SourceFailure>,
    /// What the adapter breaks.
    pub violations: Violations,
}

/// Checks a source adapter, over a source that can be read.
///
/// The source is read about fifteen times: without a selection twice, since a stream can be started again
/// and gives the same; once only to the first batch; then by selections of times and of bounding boxes that
/// are made up from its records.
///
/// What an adapter may leave to the engine, it may: footprints in any encoding and CRS that GeoArrow names,
/// boxes and footprints that are missing, hrefs that are signed anew each time. A column that is missing is the
/// same as one of nulls.
///
/// The future is driven by the executor that the adapter needs: a Tokio test for one that needs Tokio.
pub async fn source_adapter(adapter: &dyn SourceAdapter, expectations: &Expectations) -> SourceReport {
    let mut violations = Violations::default();
    check_description(adapter, expectations, &mut violations);

    let all = Selection::default();
    let run = Run::read(adapter, &all, &mut violations).await;
    run.check(expectations, &mut violations);
    violations.check(
        expectations.records.is_none_or(|expected| expected == run.rows.len()),
        "every record comes",
        || format!("{} of {:?}", run.rows.len(), expectations.records),
    );
    violations.check(
        expectations.failures.is_none_or(|expected| expected == run.failures.len()),
        "every failure is reported",
        || format!("{:?} expected: {:?}", expectations.failures, run.failures),
    );

    // Dropped in the middle, and started again.
    drop(adapter.records(&all).next().await);
    let again = Run::read(adapter, &all, &mut violations).await;
    run.check_equal(&again, &mut violations);

    for selection in selections::of(&run.rows) {
        let selected = Run::read(adapter, &selection, &mut violations).await;
        run.check_selected(&selection, &selected, &mut violations);
    }
    SourceReport { records: run.rows.len(), headers: run.headers.len(), failures: run.failures, violations }
}

fn check_description(adapter: &dyn SourceAdapter, expectations: &Expectations, violations: &mut Violations) {
    let kind = adapter.kind();
    violations.check(is_kebab_case(kind), "the kind is a name in lower case", || format!("{kind:?}"));
    let description = adapter.description();
    violations.check(!description.trim().is_empty(), "the description says what is read", || {
        format!("{adapter:?}")
    });
    violations.check(adapter.description() == description, "the description stays the same", || {
        format!("{description:?}, then {:?}", adapter.description())
    });
    let fingerprint = adapter.fingerprint().map_err(|error| error.to_string());
    let again = adapter.fingerprint().map_err(|error| error.to_string());
    violations.check(
        fingerprint.is_ok() && fingerprint == again,
        "the fingerprint of a source that does not change stays the same",
        || format!("{fingerprint:?}, then {again:?}"),
    );
    let holds_credentials = |text: &str| holds_credentials(text, &expectations.secrets);
    violations.check(
        !holds_credentials(&description) && !fingerprint.is_ok_and(|text| holds_credentials(&text)),
        "the description and the fingerprint hold no credentials",
        || description.clone(),
    );
    let cloud = adapter.cloud();
    let plain = |href: &str| {
        plain_href(href) == href && !expectations.secrets.iter().any(|secret| href.contains(secret))
    };
    violations
        .check(hrefs(&cloud).all(plain), "the cloud settings hold no credentials", || format!("{cloud:?}"));
}

/// The hrefs in cloud settings.
fn hrefs(cloud: &CloudConfig) -> impl Iterator<Item = &str> {
    let urls = cloud.endpoint.iter().chain(&cloud.s3_credentials_url);
    let patterns = cloud.url_patterns.iter().flat_map(|(pattern, instead)| [pattern, instead]);
    urls.chain(patterns).map(String::as_str)
}

/// Whether a text holds a user's name in a URL, a parameter as of a signed one, or one of the secrets.
fn holds_credentials(text: &str, secrets: &[String]) -> bool {
    let lower = text.to_ascii_lowercase();
    let has_user = lower.match_indices("://").any(|(at, _)| {
        let host = lower[at + 3..].split(['/', '?', ',', ' ']).next().unwrap_or_default();
        // The containers of Azure's data lakes stand where a user would.
        host.contains('@') && !["abfs", "abfss"].iter().any(|scheme| lower[..at].ends_with(scheme))
    });
    let parameters =
        ["sig=", "signature=", "token=", "secret=", "password=", "api_key=", "apikey=", "credential="];
    has_user
        || parameters.iter().any(|parameter| lower.contains(parameter))
        || secrets.iter().any(|secret| text.contains(secret))
}
