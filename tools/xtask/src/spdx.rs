//! Licence expressions: may a crate under this licence be depended on?
//!
//! The grammar is that of SPDX 2.3, annex D, plus the `/` that Cargo once took for `OR`.

/// Licences that ask for nothing but notices. In alphabetical order.
const PERMISSIVE: [&str; 17] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "IJG",
    "ISC",
    "MIT",
    "MIT-0",
    "NCSA",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Whether `expression` can be satisfied with permissive licences alone.
///
/// # Errors
/// What is wrong with the expression, where it is not one.
pub fn is_permissive(expression: &str) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words { words: spaced.split_whitespace().collect(), next: 0 };
    let permissive = words.any()?;
    match words.peek() {
        None => Ok(permissive),
        Some(word) => Err(format!("unexpected {word:?}")),
    }
}

/// Recursive descent over the words of an expression; each method returns whether its part is permissive.
struct Words<'a> {
    words: Vec<&'a str>,
    next: usize,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.next).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.peek() == Some(word);
        self.next += usize::from(taken);
        taken
    }

    /// `all OR all …`: one of them is enough.
    fn any(&mut self) -> Result<bool, String> {
        let mut permissive = self.all()?;
        while self.take("OR") {
            permissive |= self.all()?;
        }
        Ok(permissive)
    }

    /// `one AND one …`: every one counts.
    fn all(&mut self) -> Result<bool, String> {
        let mut permissive = self.one()?;
        while self.take("AND") {
            permissive &= self.one()?;
        }
        Ok(permissive)
    }

    /// A licence, with or without an exception, or an expression in parentheses.
    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let permissive = self.any()?;
            return if self.take(")") {
                Ok(permissive)
            } else {
                Err("a parenthesis is not closed".to_owned())
            };
        }
        let licence = self.licence()?;
        // An exception only ever grants more than its licence does.
        if self.take("WITH") {
            self.licence()?;
        }
        Ok(PERMISSIVE.contains(&licence))
    }

    fn licence(&mut self) -> Result<&'a str, String> {
        match self.peek() {
            None => Err("a licence is missing at the end".to_owned()),
            Some(word @ ("OR" | "AND" | "WITH" | "(" | ")")) => {
                Err(format!("a licence is missing before {word:?}"))
            }
            Some(word) => {
                self.next += 1;
                Ok(word.strip_suffix('+').unwrap_or(word))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissive_expressions() {
        for expression in [
            "MIT",
            "Apache-2.0+",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "GPL-3.0-only OR MIT",
            "MIT OR GPL-3.0-only AND MPL-2.0",
            "((BSD-3-Clause))",
            "Zlib OR (GPL-2.0-only WITH Classpath-exception-2.0 AND LGPL-3.0-only)",
        ] {
            assert_eq!(is_permissive(expression), Ok(true), "{expression}");
        }
    }

    #[test]
    fn other_expressions() {
        for expression in [
            "MPL-2.0",
            "GPL-3.0-only",
            "mit",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND MPL-2.0",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "GPL-3.0-only OR MPL-2.0",
        ] {
            assert_eq!(is_permissive(expression), Ok(false), "{expression}");
        }
    }

    #[test]
    fn what_is_not_an_expression() {
        for expression in
            ["", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT Apache-2.0", "MIT WITH", "()", "MIT OR OR MIT"]
        {
            assert!(is_permissive(expression).is_err(), "{expression}");
        }
    }
}
