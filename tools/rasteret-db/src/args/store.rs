//! How object stores are reached.

use super::build::pair;
use rasteret::io::SourceOptions;
use rasteret::schema::CloudConfig;

/// What the object store wants to know. Credentials come from the environment and from profile files.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Object store")]
pub struct Store {
    /// Agree to pay for requests to buckets whose owner does not (S3)
    #[arg(long)]
    pub requester_pays: bool,
    /// Region of the buckets
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// URL of the server, where it is not the provider's own
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Send no credentials, even where there are some
    #[arg(long)]
    pub anonymous: bool,
}

impl Store {
    pub fn options(&self) -> SourceOptions {
        SourceOptions {
            requester_pays: self.requester_pays,
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            anonymous: self.anonymous,
            // Whoever names such an endpoint wants it.
            allow_http: self.endpoint.as_ref().is_some_and(|url| url.starts_with("http://")),
            ..SourceOptions::default()
        }
    }
}

/// The same, and how a collection's hrefs are turned into what can be read. The collection keeps it.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Object store")]
pub struct Cloud {
    #[command(flatten)]
    pub store: Store,
    /// Beginnings of hrefs, and what stands there instead when the object is opened
    #[arg(long = "url-pattern", value_name = "FROM=TO", value_parser = pair::<String>)]
    pub url_patterns: Vec<(String, String)>,
    /// Who signs the URLs, such as planetary-computer
    #[arg(long, value_name = "NAME")]
    pub signer: Option<String>,
}

impl Cloud {
    /// What a dataset says, and what was said on the command line, which counts.
    pub fn over(&self, dataset: CloudConfig) -> CloudConfig {
        let mut cloud = dataset;
        cloud.requester_pays |= self.store.requester_pays;
        cloud.anonymous |= self.store.anonymous;
        for (option, setting) in [
            (&self.store.region, &mut cloud.region),
            (&self.store.endpoint, &mut cloud.endpoint),
            (&self.signer, &mut cloud.signer),
        ] {
            if option.is_some() {
                setting.clone_from(option);
            }
        }
        cloud.url_patterns.extend(self.url_patterns.iter().cloned());
        cloud
    }
}
