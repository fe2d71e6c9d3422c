//! Settings of object stores that know nothing of whoever runs the test.

/// No credentials, and no service that would give some.
pub fn nobody() -> impl Iterator<Item = (String, String)> {
    let settings = [
        ("aws_access_key_id", ""),
        ("aws_web_identity_token_file", ""),
        ("aws_container_credentials_relative_uri", ""),
        ("aws_container_credentials_full_uri", ""),
        ("aws_shared_credentials_file", "/nowhere"),
        ("aws_config_file", "/nowhere"),
        ("aws_metadata_endpoint", "http://127.0.0.1:1"),
    ];
    settings.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()))
}
