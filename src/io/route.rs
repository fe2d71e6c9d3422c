//! Where an href leads: a server, or a bucket of an object store.

use super::ByteSourceError;
use super::href::{percent_decoded, scheme};
use url::Url;

/// An object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cloud {
    /// Amazon S3, and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
}

/// A bucket, or container, of an object store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// Where it is.
    pub cloud: Cloud,
    /// Its name.
    pub name: String,
    /// Its region (S3) or account (Azure), where the href says.
    pub within: Option<String>,
}

/// Where an href leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To a server. Where the URL is one of an object store, the bucket and the key.
    Http(Url, Option<(Bucket, String)>),
    /// To a bucket, and a key in it.
    Bucket(Bucket, String),
}

impl Route {
    /// Understands the href of an object that is not a local file.
    pub fn parse(href: &str) -> Result<Self, ByteSourceError> {
        let route = Self::of_any(href)?;
        match &route {
            Route::Bucket(bucket, key) if key.is_empty() => Err(unnamed(bucket.cloud, href)),
            _ => Ok(route),
        }
    }

    /// The bucket of objects whose names begin in some way, and how they begin; not at all for all of them.
    pub fn of_folder(href: &str) -> Result<(Bucket, String), ByteSourceError> {
        let no_lists = "plain HTTP servers have no lists of their files";
        Err(ByteSourceError::Invalid(match Self::of_any(href)? {
            Route::Bucket(bucket, prefix) => return Ok((bucket, prefix)),
            Route::Http(_, None) => no_lists.to_owned(),
            Route::Http(_, Some((Bucket { cloud, name, within }, prefix))) => {
                let url = match (cloud, within) {
                    (Cloud::S3, _) => format!("s3://{name}/{prefix}"),
                    (Cloud::Google, _) => format!("gs://{name}/{prefix}"),
                    (Cloud::Azure, account) => {
                        let account = account.unwrap_or_default();
                        format!("abfss://{name}@{account}.dfs.core.windows.net/{prefix}")
                    }
                };
                format!("{no_lists}; name the bucket: {url}")
            }
        }))
    }

    fn of_any(href: &str) -> Result<Self, ByteSourceError> {
        let scheme = scheme(href).unwrap_or_default();
        let cloud = match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {
                let url = Url::parse(href)
                    .map_err(|error| ByteSourceError::Invalid(format!("this is no URL: {error}")))?;
                let object = object(&url);
                return Ok(Route::Http(url, object));
            }
            "s3" | "s3a" => Cloud::S3,
            "gs" => Cloud::Google,
            "az" | "abfs" | "abfss" => Cloud::Azure,
            _ => return Err(ByteSourceError::UnsupportedScheme { scheme: scheme.to_owned() }),
        };
        let rest = href.get(scheme.len() + "://".len()..).unwrap_or_default();
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(unnamed(cloud, href));
        }
        let (name, within) = match authority.split_once('@') {
            Some((container, host)) if cloud == Cloud::Azure => {
                (container, host.split('.').next().map(str::to_owned))
            }
            _ => (authority, None),
        };
        Ok(Route::Bucket(Bucket { cloud, name: name.to_owned(), within }, key.to_owned()))
    }
}

fn unnamed(cloud: Cloud, href: &str) -> ByteSourceError {
    let scheme = scheme(href).unwrap_or_default().to_ascii_lowercase();
    let bucket = if cloud == Cloud::Azure { "container" } else { "bucket" };
    let reason = format!("the URL must name a {bucket} and an object: {scheme}://{bucket}/object");
    ByteSourceError::Invalid(reason)
}

/// The bucket and the key of a URL of an object store. A URL with a query carries what it needs itself.
fn object(url: &Url) -> Option<(Bucket, String)> {
    if url.scheme() != "https" || url.query().is_some() || url.port().is_some() {
        return None;
    }
    let host = url.host_str()?;
    let path = percent_decoded(url.path().strip_prefix('/')?)?;
    let in_path = || path.split_once('/').filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
    if host == "storage.googleapis.com" {
        let (name, key) = in_path()?;
        return Some((Bucket { cloud: Cloud::Google, name: name.to_owned(), within: None }, key.to_owned()));
    }
    if let Some(account) = host.strip_suffix(".blob.core.windows.net") {
        let (name, key) = in_path()?;
        let within = Some(account.to_owned());
        return Some((Bucket { cloud: Cloud::Azure, name: name.to_owned(), within }, key.to_owned()));
    }
    let host = host.strip_suffix(".amazonaws.com")?;
    let bucket = |name: &str, within: Option<&str>| Bucket {
        cloud: Cloud::S3,
        name: name.to_owned(),
        within: within.filter(|region| !region.is_empty()).map(str::to_owned),
    };
    // `s3.REGION`, `s3-REGION` or `s3`, with or without `BUCKET.` before it.
    let region_of = |service: &str| -> Option<String> {
        let region = service.strip_prefix("s3")?;
        let region = if region.is_empty() { region } else { region.strip_prefix(['.', '-'])? };
        (!region.contains('.')).then(|| region.to_owned())
    };
    if let Some(region) = region_of(host) {
        let (name, key) = in_path()?;
        return Some((bucket(name, Some(&region)), key.to_owned()));
    }
    let services = [".s3.", ".s3-"].into_iter().filter_map(|service| host.rfind(service));
    let at = services.max().or_else(|| host.ends_with(".s3").then(|| host.len() - ".s3".len()))?;
    let region = region_of(host.get(at + 1..)?)?;
    (!path.is_empty()).then(|| (bucket(&host[..at], Some(&region)), path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(href: &str) -> Option<(Cloud, String, Option<String>, String)> {
        match Route::parse(href).unwrap() {
            Route::Bucket(bucket, key) | Route::Http(_, Some((bucket, key))) => {
                Some((bucket.cloud, bucket.name, bucket.within, key))
            }
            Route::Http(_, None) => None,
        }
    }

    #[test]
    fn buckets() {
        use Cloud::*;
        let cases = [
            ("s3://b/k/a b.tif", S3, "b", None, "k/a b.tif"),
            ("gs://b/k.tif", Google, "b", None, "k.tif"),
            ("az://c/k.tif", Azure, "c", None, "k.tif"),
            ("abfss://c@acc.dfs.core.windows.net/d/k.tif", Azure, "c", Some("acc"), "d/k.tif"),
            ("https://b.s3.us-west-2.amazonaws.com/d/a%20b.tif", S3, "b", Some("us-west-2"), "d/a b.tif"),
            ("https://b.with.dots.s3-eu-west-1.amazonaws.com/k", S3, "b.with.dots", Some("eu-west-1"), "k"),
            ("https://b.s3.amazonaws.com/k", S3, "b", None, "k"),
            ("https://s3.us-west-2.amazonaws.com/b/d/k", S3, "b", Some("us-west-2"), "d/k"),
            ("https://s3.amazonaws.com/b/k", S3, "b", None, "k"),
            ("https://storage.googleapis.com/b/d/k", Google, "b", None, "d/k"),
            ("https://acc.blob.core.windows.net/c/d/k", Azure, "c", Some("acc"), "d/k"),
        ];
        for (href, cloud, name, within, key) in cases {
            let expected = (cloud, name.to_owned(), within.map(str::to_owned), key.to_owned());
            assert_eq!(bucket(href), Some(expected), "{href}");
        }
    }

    #[test]
    fn servers() {
        for href in [
            "https://example.com/b/k",
            "http://b.s3.amazonaws.com/k",
            "https://b.s3.amazonaws.com/k?X-Amz-Signature=1",
            "https://execute-api.us-west-2.amazonaws.com/b/k",
            "https://storage.googleapis.com/b",
        ] {
            assert_eq!(bucket(href), None, "{href}");
        }
        for href in ["s3://b", "s3://b/", "s3:///k", "https://"] {
            assert!(matches!(Route::parse(href), Err(ByteSourceError::Invalid(_))), "{href}");
        }
    }
}
