//! An archive, and where it is.

use crate::azurite::Azurite;
use crate::s3_service::serve;
use crate::sas::{ACCOUNT, KEY};
use crate::wire::Wire;
use rasteret::io::{ByteSources, SourceOptions};
use rasteret_serve::{Options, Server};
use rasteret_synth::scene::Band;
use rasteret_synth::{Archive, ArchiveOptions};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// Folder, bucket and container of the scenes.
pub const BUCKET: &str = "scenes";

/// Four scenes of two bands in two CRSs.
pub fn archive(folder: &Path) -> Archive {
    let mut options = ArchiveOptions::peers();
    options.scenes.truncate(4);
    options.scenes.iter_mut().for_each(|scene| scene.size = (700, 600));
    options.scenes[3].zone = 44;
    options.scenes[3].origin = (50_360.0, 1_502_620.0);
    options.bands = vec![Band::B04, Band::B08];
    let archive = options.write(folder.join(BUCKET)).unwrap();
    // Hrefs of the catalogue are relative to its documents: it is the same wherever it lies.
    archive.write_catalog(None).unwrap();
    archive
}

/// A place that holds an archive.
pub struct Place {
    pub name: &'static str,
    /// What hrefs begin with, down to the folder of the scenes.
    pub base: String,
    options: SourceOptions,
    pub requests: Box<dyn Fn() -> usize>,
    _keep: Box<dyn std::any::Any>,
}

impl Place {
    pub fn sources(&self) -> ByteSources {
        ByteSources::new(self.options.clone())
    }

    pub fn http(archive: &Archive) -> Self {
        let server = std::rc::Rc::new(Server::start(archive.folder(), Options::default()).unwrap());
        let counted = std::rc::Rc::clone(&server);
        Place {
            name: "http",
            base: server.base_url(),
            options: SourceOptions::default(),
            requests: Box::new(move || {
                let requests = counted.stats().requests;
                counted.reset_stats();
                requests as usize
            }),
            _keep: Box::new(server),
        }
    }

    pub fn s3(archive: &Archive) -> Self {
        let mut builder = S3ServiceBuilder::new(FileSystem::new(archive.folder().parent().unwrap()).unwrap());
        builder.set_auth(SimpleAuth::from_single("reader", "its secret"));
        let (url, runtime) = serve(builder.build());
        let wire = std::rc::Rc::new(Wire::to(&url));
        let counted = std::rc::Rc::clone(&wire);
        Place {
            name: "s3",
            base: format!("s3://{BUCKET}"),
            options: options(
                &wire.url,
                &[
                    ("aws_access_key_id", "reader"),
                    ("aws_secret_access_key", "its secret"),
                    ("aws_region", "us-east-1"),
                ],
            ),
            requests: Box::new(move || counted.requests().len()),
            _keep: Box::new((wire, runtime)),
        }
    }

    /// Where there is no npm there is no Azurite; the error says so.
    pub fn azure(archive: &Archive) -> Result<Self, String> {
        let server = Azurite::start()?;
        server.put_container(BUCKET, false);
        for (name, path) in files(archive.folder()) {
            server.put_blob(&format!("{BUCKET}/{name}"), std::fs::read(path).unwrap());
        }
        let server = std::rc::Rc::new(server);
        let counted = std::rc::Rc::clone(&server);
        Ok(Place {
            name: "azure",
            base: format!("az://{BUCKET}"),
            options: options(
                &server.account(),
                &[("azure_storage_account_name", ACCOUNT), ("azure_storage_account_key", KEY)],
            ),
            requests: Box::new(move || counted.wire.requests().len()),
            _keep: Box::new(server),
        })
    }
}

fn options(endpoint: &str, store: &[(&str, &str)]) -> SourceOptions {
    let store = store.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    SourceOptions {
        endpoint: Some(endpoint.to_owned()),
        allow_http: true,
        store: store.collect::<BTreeMap<_, _>>(),
        ..SourceOptions::default()
    }
}

/// The files below a folder, by their names in it.
fn files(folder: &Path) -> Vec<(String, std::path::PathBuf)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files.extend(
                self::files(&path).into_iter().map(|(below, path)| (format!("{name}/{below}"), path)),
            );
        } else {
            files.push((name, path));
        }
    }
    files
}

/// A database, and the folder that is deleted with it.
pub fn database(sources: ByteSources) -> (TempDir, rasteret::Database) {
    let folder = tempfile::tempdir().unwrap();
    let database = rasteret::Database::open_writable(folder.path().join("it.rasteret")).unwrap();
    (folder, database.with_sources(sources))
}
