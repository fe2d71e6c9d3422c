//! Where the settings of object stores come from: options, the environment, and profile files.
//!
//! The names are those of `object_store`, which are the names of environment variables in lower case.

use super::super::SourceOptions;
use super::super::route::Cloud;
use object_store::aws::AmazonS3ConfigKey;
use object_store::azure::AzureConfigKey;
use object_store::gcp::GoogleConfigKey;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Names by which other programs know a setting.
const ALIASES: [(&str, &str); 3] = [
    ("aws_no_sign_request", "aws_skip_signature"),
    ("azure_storage_account", "azure_storage_account_name"),
    ("azure_storage_key", "azure_storage_account_key"),
];

/// Settings that say where profiles are.
const PROFILE: [&str; 3] = ["aws_profile", "aws_shared_credentials_file", "aws_config_file"];

/// Settings of an object store.
pub struct Settings {
    cloud: Cloud,
    values: BTreeMap<String, String>,
    has_default_credentials: bool,
}

/// What the names of the settings of an object store begin with.
pub fn prefix(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::S3 => "aws_",
        Cloud::Google => "google_",
        Cloud::Azure => "azure_",
    }
}

/// Whether any object store has a setting of this name.
pub fn is_known(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ALIASES.iter().any(|(alias, _)| *alias == key)
        || PROFILE.contains(&key.as_str())
        || key.starts_with("aws_") && key.parse::<AmazonS3ConfigKey>().is_ok()
        || key.starts_with("google_") && key.parse::<GoogleConfigKey>().is_ok()
        || key.starts_with("azure_") && key.parse::<AzureConfigKey>().is_ok()
}

impl Settings {
    /// From the options, which come before the environment, which comes before profile files.
    pub fn gather(cloud: Cloud, options: &SourceOptions) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        let home = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from);
        Self::from_parts(cloud, environment, home.as_deref(), options)
    }

    /// From the options alone.
    pub fn given(cloud: Cloud, options: &SourceOptions) -> Self {
        Self::from_parts(cloud, std::iter::empty(), None, options)
    }

    fn from_parts(
        cloud: Cloud,
        environment: impl Iterator<Item = (String, String)>,
        home: Option<&Path>,
        options: &SourceOptions,
    ) -> Self {
        let given = options.store.iter().map(|(key, value)| (key.clone(), value.clone()));
        let values = environment
            .chain(given)
            .map(|(key, value)| (key.to_ascii_lowercase(), value))
            .filter(|(key, _)| key.starts_with(prefix(cloud)))
            .map(|(key, value)| {
                let name =
                    ALIASES.iter().find(|(alias, _)| *alias == key).map(|(_, name)| (*name).to_owned());
                (name.unwrap_or(key), value)
            });
        let mut values: BTreeMap<String, String> = values.collect();
        values.retain(|_, value| !value.is_empty());
        let mut settings = Settings { cloud, values, has_default_credentials: false };
        match cloud {
            Cloud::S3 => settings.add_profile(home),
            Cloud::Google => {
                let folder = if cfg!(windows) { "AppData/Roaming/gcloud" } else { ".config/gcloud" };
                let path = home.map(|home| home.join(folder).join("application_default_credentials.json"));
                settings.has_default_credentials = path.is_some_and(|path| path.exists());
            }
            Cloud::Azure => {}
        }
        settings
    }

    /// Adds the keys and the region of a profile in `~/.aws`.
    fn add_profile(&mut self, home: Option<&Path>) {
        let name = self.values.get("aws_profile").cloned().unwrap_or_else(|| "default".to_owned());
        let file = |key: &str, default: &str| {
            let path = self.values.get(key).map(PathBuf::from);
            let path = path.or_else(|| home.map(|home| home.join(".aws").join(default)));
            path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
        };
        let keys = section(&file("aws_shared_credentials_file", "credentials"), &[&name]);
        let config = section(&file("aws_config_file", "config"), &[&name, &format!("profile {name}")]);
        let has_credentials = self.has_credentials();
        for (key, value) in config.into_iter().chain(keys) {
            let (is_key, key) = match key.as_str() {
                "aws_access_key_id" | "aws_secret_access_key" | "aws_session_token" => (true, key),
                "region" => (false, "aws_region".to_owned()),
                _ => continue,
            };
            // Half of the keys of one place and half of those of another would be of no use.
            if !(is_key && has_credentials) {
                self.values.entry(key).or_insert(value);
            }
        }
    }

    /// A value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Whether a value is set and says yes.
    pub fn is_set(&self, key: &str) -> bool {
        let says_yes = |value: &str| matches!(value, "true" | "1" | "yes" | "on" | "requester");
        self.get(key).is_some_and(|value| says_yes(&value.to_ascii_lowercase()))
    }

    /// All values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether requests are not to be signed.
    pub fn is_anonymous(&self) -> bool {
        self.is_set(&format!("{}skip_signature", prefix(self.cloud)))
    }

    /// URL of another server than the provider's.
    pub fn endpoint(&self) -> Option<&str> {
        let keys: &[&str] = match self.cloud {
            Cloud::S3 => &["aws_endpoint_url_s3", "aws_endpoint", "aws_endpoint_url"],
            Cloud::Google => &["google_base_url"],
            Cloud::Azure => &["azure_storage_endpoint", "azure_endpoint"],
        };
        keys.iter().find_map(|key| self.get(key))
    }

    /// Whether there are credentials besides those that the machine may have.
    pub fn has_credentials(&self) -> bool {
        let any = |keys: &[&str]| keys.iter().any(|key| self.get(key).is_some());
        match self.cloud {
            Cloud::S3 => any(&[
                "aws_access_key_id",
                "aws_web_identity_token_file",
                "aws_container_credentials_relative_uri",
                "aws_container_credentials_full_uri",
            ]),
            Cloud::Google => {
                self.has_default_credentials
                    || any(&[
                        "google_service_account",
                        "google_service_account_path",
                        "google_service_account_key",
                        "google_application_credentials",
                    ])
            }
            Cloud::Azure => any(&[
                "azure_storage_account_key",
                "azure_storage_access_key",
                "azure_storage_master_key",
                "azure_storage_sas_key",
                "azure_storage_sas_token",
                "azure_storage_token",
                "azure_storage_client_secret",
                "azure_client_secret",
                "azure_federated_token_file",
                "azure_identity_endpoint",
                "azure_msi_endpoint",
                "azure_use_azure_cli",
            ]),
        }
    }

    /// Which credentials there are, or which were looked for.
    pub fn describe(&self) -> String {
        let looked_for = match self.cloud {
            Cloud::S3 => {
                "AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, \
                 AWS_CONTAINER_CREDENTIALS_FULL_URI, the profile in ~/.aws, and the instance's role"
            }
            Cloud::Google => {
                "GOOGLE_SERVICE_ACCOUNT, GOOGLE_SERVICE_ACCOUNT_KEY, GOOGLE_APPLICATION_CREDENTIALS, gcloud's \
                 default credentials, and the instance's service account"
            }
            Cloud::Azure => {
                "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_TOKEN, AZURE_CLIENT_SECRET, \
                 AZURE_FEDERATED_TOKEN_FILE, and the machine's managed identity"
            }
        };
        if self.has_credentials() {
            format!(
                "the credentials that were found do not allow it (of {looked_for}, the first that is there)"
            )
        } else {
            format!("no credentials were found (looked for {looked_for})")
        }
    }
}

/// The values of the sections of an INI file that have one of these names.
fn section(text: &str, names: &[&str]) -> Vec<(String, String)> {
    let mut inside = false;
    let mut values = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = names.contains(&name.trim());
        } else if let Some((key, value)) = line.split_once('=').filter(|_| inside) {
            values.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(
        cloud: Cloud,
        environment: &[(&str, &str)],
        home: Option<&Path>,
        given: &[(&str, &str)],
    ) -> Settings {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let options = SourceOptions { store: owned(given).into_iter().collect(), ..Default::default() };
        Settings::from_parts(cloud, owned(environment).into_iter(), home, &options)
    }

    #[test]
    fn options_come_before_the_environment_and_that_before_the_profile() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let credentials =
            "[default]\naws_access_key_id = A\naws_secret_access_key=S\n[other]\naws_access_key_id=B\n";
        std::fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
        std::fs::write(home.path().join(".aws/config"), "[profile other]\nregion = eu-west-1\n").unwrap();
        let home = Some(home.path());
        let default = settings(Cloud::S3, &[], home, &[]);
        assert_eq!((default.get("aws_access_key_id"), default.get("aws_region")), (Some("A"), None));
        let other = settings(Cloud::S3, &[("AWS_PROFILE", "other")], home, &[]);
        assert_eq!((other.get("aws_access_key_id"), other.get("aws_region")), (Some("B"), Some("eu-west-1")));
        let environment = settings(Cloud::S3, &[("AWS_ACCESS_KEY_ID", "C")], home, &[]);
        assert_eq!(environment.get("aws_access_key_id"), Some("C"));
        assert_eq!(environment.get("aws_secret_access_key"), None, "not that of the profile");
        let given = settings(Cloud::S3, &[("AWS_ACCESS_KEY_ID", "C")], home, &[("aws_access_key_id", "D")]);
        assert_eq!(given.get("aws_access_key_id"), Some("D"));
        let taken_away =
            settings(Cloud::S3, &[("AWS_ACCESS_KEY_ID", "C")], None, &[("aws_access_key_id", "")]);
        assert!(!taken_away.has_credentials());
    }

    #[test]
    fn what_counts_as_credentials() {
        assert!(!settings(Cloud::S3, &[("AWS_REGION", "eu-west-1")], None, &[]).has_credentials());
        assert!(settings(Cloud::S3, &[("AWS_NO_SIGN_REQUEST", "YES")], None, &[]).is_anonymous());
        assert!(
            settings(Cloud::Google, &[("GOOGLE_SERVICE_ACCOUNT", "/k.json")], None, &[]).has_credentials()
        );
        let azure = settings(
            Cloud::Azure,
            &[("AZURE_STORAGE_ACCOUNT", "acc"), ("AZURE_STORAGE_KEY", "k")],
            None,
            &[],
        );
        assert_eq!(azure.get("azure_storage_account_name"), Some("acc"));
        assert!(azure.has_credentials());
        assert!(!settings(Cloud::Azure, &[("AWS_ACCESS_KEY_ID", "A")], None, &[]).has_credentials());
    }

    #[test]
    fn names_of_settings() {
        for known in ["aws_access_key_id", "AWS_REGION", "google_service_account", "azure_storage_sas_token"]
        {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["access_key_id", "aws_acces_key_id", "token"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }
}
