//! Logins in a `netrc` file.
//!
//! Source: the man page of `ftp(1)`, and curl's reading of it
//! (<https://everything.curl.dev/usingcurl/netrc.html>).

use std::path::{Path, PathBuf};
use std::{env, fs};

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub login: String,
    pub password: String,
}

/// The file: the one that is given, else `$NETRC`, else that in the home folder.
pub fn path(given: Option<&Path>) -> Option<PathBuf> {
    let home = || env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from);
    let file = if cfg!(windows) { "_netrc" } else { ".netrc" };
    let from_environment = || env::var_os("NETRC").map(PathBuf::from);
    given.map(Path::to_owned).or_else(from_environment).or_else(|| home().map(|home| home.join(file)))
}

/// The account that the file has for a host. An entry for any host (`default`) is for none: what is asked for
/// where a redirection leads must not have it.
pub fn account(path: &Path, host: &str) -> Option<Account> {
    find(&fs::read_to_string(path).ok()?, host)
}

fn find(text: &str, host: &str) -> Option<Account> {
    let mut tokens = Tokens(text);
    let (mut is_ours, mut login, mut password) = (false, None, None);
    while let Some(token) = tokens.next() {
        match token.as_str() {
            "machine" | "default" => {
                if is_ours {
                    break;
                }
                is_ours =
                    token == "machine" && tokens.next().is_some_and(|name| name.eq_ignore_ascii_case(host));
            }
            "login" if is_ours => login = tokens.next(),
            "password" if is_ours => password = tokens.next(),
            "login" | "password" | "account" => drop(tokens.next()),
            // A macro ends at an empty line.
            "macdef" => tokens.0 = tokens.0.split_once("\n\n").map_or("", |(_, rest)| rest),
            _ => {}
        }
    }
    Some(Account { login: login?, password: password? })
}

/// Words, which may be quoted; what follows a `#` at the beginning of one, up to the end of its line, is none.
struct Tokens<'a>(&'a str);

impl Iterator for Tokens<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            self.0 = self.0.trim_start();
            match self.0.strip_prefix('#') {
                Some(comment) => self.0 = comment.split_once('\n').map_or("", |(_, rest)| rest),
                None => break,
            }
        }
        let mut chars = self.0.char_indices().peekable();
        let is_quoted = chars.next_if(|(_, c)| *c == '"').is_some();
        let mut token = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if is_quoted => {
                    self.0 = &self.0[at + 1..];
                    return Some(token);
                }
                '\\' if is_quoted => token.extend(chars.next().map(|(_, c)| c)),
                c if c.is_whitespace() && !is_quoted => {
                    self.0 = &self.0[at..];
                    return Some(token);
                }
                c => token.push(c),
            }
        }
        self.0 = "";
        (!token.is_empty()).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, host: &str) -> Option<(String, String)> {
        find(text, host).map(|account| (account.login, account.password))
    }

    #[test]
    fn accounts_are_those_of_their_host() {
        let text = "# logins\nmachine a.example login me password \"x y\\\"z\"\n\
                    machine urs.earthdata.nasa.gov\n  login you\n  password p#1\nmacdef init\nmachine evil\n\n\
                    machine half login only\ndefault login any password one\n";
        assert_eq!(found(text, "a.example"), Some(("me".into(), "x y\"z".into())));
        assert_eq!(found(text, "URS.earthdata.nasa.gov"), Some(("you".into(), "p#1".into())));
        for none in ["half", "evil", "other.example", ""] {
            assert_eq!(found(text, none), None, "{none}");
        }
        assert_eq!(found("machine", "machine"), None);
        assert_eq!(found("", "a"), None);
    }
}
