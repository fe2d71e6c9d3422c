//! What a server says in the body of an error, without what is secret.

use super::super::href::scrubbed;
use rasteret_schema::DocumentRequest;
use rasteret_schema::access::plain_href;
use serde_json::Value;

/// How much of it is shown.
const MAX_CHARS: usize = 300;

/// What the body of an error says: the message of a JSON document, or plain text. `None` where there is
/// nothing to read, such as a page for browsers.
pub fn said(body: &str) -> Option<String> {
    let body = body.trim();
    let text = match serde_json::from_str(body) {
        Ok(json) => message(&json)?,
        Err(_) if body.starts_with('<') => return None,
        Err(_) => body.to_owned(),
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    (!text.is_empty()).then_some(text)
}

/// The part of a JSON document that says what is wrong, by the names that are in use.
fn message(json: &Value) -> Option<String> {
    const NAMES: [&str; 7] = ["description", "detail", "message", "error", "errors", "msg", "title"];
    match json {
        Value::String(text) => Some(text.clone()),
        Value::Object(fields) => NAMES
            .into_iter()
            .filter_map(|name| fields.get(name))
            .find_map(message)
            .or_else(|| Some(json.to_string())),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(message).collect();
            (!items.is_empty()).then(|| items.join("; "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// What of a request may not be shown, although a server repeats it.
pub struct Secrets(Vec<String>);

impl Secrets {
    /// The values of headers, and what in the href carries permission.
    pub fn of(request: &DocumentRequest) -> Self {
        let mut secrets: Vec<String> = Vec::new();
        for (_, value) in &request.headers {
            // `Bearer abc`: servers repeat the last word alone too.
            secrets.extend(value.split_whitespace().map(str::to_owned));
        }
        let plain = plain_href(&request.href);
        let href = request.href.as_str();
        if let Some((_, query)) = href.split_once('?') {
            let values = query.split('&').filter(|parameter| !plain.contains(parameter));
            secrets.extend(values.filter_map(|parameter| Some(parameter.split_once('=')?.1.to_owned())));
        }
        let authority = href.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(rest));
        if let Some((user, _)) = authority.rsplit_once('@').filter(|_| !plain.contains(authority)) {
            secrets.extend(user.split(':').map(str::to_owned));
        }
        // A short one, such as a date, is no secret, and would make holes in words.
        secrets.retain(|secret| secret.len() >= 6 && !secret.eq_ignore_ascii_case("bearer"));
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Secrets(secrets)
    }

    /// A text without them, and without the queries of the URLs in it.
    pub fn removed_from(&self, text: &str) -> String {
        self.0.iter().fold(scrubbed(text), |text, secret| text.replace(secret, "…"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say() {
        for (body, expected) in [
            (r#"{"code":"InvalidParameterValue","description":"bbox is wrong"}"#, "bbox is wrong"),
            (r#"{"detail":[{"loc":["query","limit"],"msg":"too large"}]}"#, "too large"),
            (r#"{"error":{"message":"no such collection"}}"#, "no such collection"),
            (r#"{"status":7}"#, r#"{"status":7}"#),
            ("  slow\n down ", "slow down"),
        ] {
            assert_eq!(said(body).as_deref(), Some(expected));
        }
        for body in ["", "<html><body>Not found</body></html>", "7", "[]"] {
            assert_eq!(said(body), None, "{body}");
        }
        assert_eq!(said(&"ä".repeat(1000)).unwrap().chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn secrets_are_left_out() {
        let mut request = DocumentRequest::get("https://me:hunter22@h/search?limit=1000000&token=ABCDEFGH");
        request.headers.push(("Authorization".to_owned(), "Bearer SECRETSECRET".to_owned()));
        let secrets = Secrets::of(&request);
        let text = "no SECRETSECRET, ABCDEFGH, hunter22 at https://h/a?sig=1; limit 1000000";
        assert_eq!(secrets.removed_from(text), "no …, …, … at https://h/a limit 1000000");
    }
}
