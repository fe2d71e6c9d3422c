//! What is refused before it is parsed.
//!
//! The parser is one of recursive descent that backtracks: it recurses for each bracket, prefix and
//! operator, and what stands in a parenthesis it reads as an expression first, then, if that fails, as a
//! list, which doubles the work with each parenthesis within another.

use super::error::FilterError;

/// Bytes of a text.
const LONGEST: usize = 1 << 20;
/// Brackets within brackets.
const DEEPEST: usize = 32;
/// Brackets of a geometry: a polygon with a hole, of several, in a collection.
const DEEPEST_SHAPE: usize = 4;
/// Words and operators; each may be a level of the tree. [`super::parse`] has the stack for that.
const MOST_LINKS: usize = 4_000;
/// Tokens, each as often as the parser may read it.
const MOST_WORK: u64 = 1 << 17;

/// A text that may be parsed.
#[derive(Debug)]
pub(super) struct Limited {
    /// The byte ranges of integers that a double does not hold.
    pub(super) wide_integers: Vec<std::ops::Range<usize>>,
}

/// Checks what a text demands of its parser.
///
/// # Errors
///
/// [`FilterError::TooComplex`].
pub(super) fn check(text: &str) -> Result<Limited, FilterError> {
    let refuse = |reason: String| Err(FilterError::TooComplex(reason));
    if text.len() > LONGEST {
        return refuse(format!("it is {} bytes long, more than {LONGEST}", text.len()));
    }
    let mut limited = Limited { wide_integers: Vec::new() };
    let mut open: Vec<Bracket> = Vec::new();
    let (mut links, mut work) = (0_usize, 0_u64);
    let mut before = Token::Symbol;
    for (range, token) in Tokens::new(text) {
        match token {
            Token::Open => {
                open.push(match (before, open.last()) {
                    (_, Some(Bracket::OfShape)) | (Token::Shape, _) => Bracket::OfShape,
                    (Token::Word, _) => Bracket::Once,
                    _ => Bracket::Twice,
                });
                let in_shape = open.iter().filter(|bracket| **bracket == Bracket::OfShape).count();
                if open.len() > DEEPEST || in_shape > DEEPEST_SHAPE {
                    return refuse(format!(
                        "its brackets are nested more than {DEEPEST} deep, or {DEEPEST_SHAPE} in a geometry"
                    ));
                }
            }
            Token::Close => drop(open.pop()),
            // What has a comma is a list, and the rest of it is read as one at once.
            Token::Comma => {
                if let Some(bracket @ Bracket::Twice) = open.last_mut() {
                    *bracket = Bracket::Once;
                }
            }
            Token::Word | Token::Keyword | Token::Shape | Token::Symbol
                if open.last() != Some(&Bracket::OfShape) =>
            {
                links += 1;
            }
            Token::Integer if is_wide(&text[range.clone()]) => limited.wide_integers.push(range),
            _ => {}
        }
        if links > MOST_LINKS {
            return refuse(format!("it has more than {MOST_LINKS} words and operators"));
        }
        if open.last() != Some(&Bracket::OfShape) {
            let twice = open.iter().filter(|bracket| **bracket == Bracket::Twice).count();
            work += 1_u64 << twice;
        }
        if work > MOST_WORK {
            return refuse("too much of it is in parentheses within parentheses".to_owned());
        }
        before = token;
    }
    Ok(limited)
}

/// Whether a double may not hold the integer that these digits are.
fn is_wide(digits: &str) -> bool {
    !digits.parse::<u64>().is_ok_and(|number| number <= 1 << 53)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bracket {
    /// What is in it may be read twice.
    Twice,
    Once,
    /// Of well-known text.
    OfShape,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    Word,
    /// A word that a bracket may follow, and that is no function.
    Keyword,
    /// A word that begins a geometry, or goes on with it.
    Shape,
    Integer,
    /// Another literal.
    Literal,
    Symbol,
    Comma,
    Open,
    Close,
}

/// The tokens of a text; where it is no CQL2, as good as any.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Tokens { text, at: 0 }
    }

    /// Goes on while the characters are such.
    fn take_while(&mut self, is_such: impl Fn(char) -> bool) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.find(|c: char| !is_such(c)).unwrap_or(rest.len());
    }

    /// Goes to the end of what is quoted. A quote is doubled where it does not end it, and is then two
    /// literals here.
    fn take_quoted(&mut self, quote: char) {
        self.take_while(|c| c != quote);
        self.at = (self.at + quote.len_utf8()).min(self.text.len());
    }
}

impl Iterator for Tokens<'_> {
    type Item = (std::ops::Range<usize>, Token);

    fn next(&mut self) -> Option<Self::Item> {
        self.take_while(char::is_whitespace);
        let start = self.at;
        let first = self.text.get(start..)?.chars().next()?;
        self.at += first.len_utf8();
        let token = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '\'' => {
                self.take_quoted('\'');
                Token::Literal
            }
            '"' => {
                self.take_quoted('"');
                Token::Word
            }
            '0'..='9' => {
                self.take_while(|c| c.is_ascii_digit());
                let integer = self.at;
                self.take_while(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E'));
                if self.at == integer { Token::Integer } else { Token::Literal }
            }
            _ if first.is_alphabetic() => {
                self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'));
                let word = &self.text[start..self.at];
                let is_one_of = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
                if is_one_of(&SHAPES) {
                    Token::Shape
                } else if is_one_of(&KEYWORDS) {
                    Token::Keyword
                } else {
                    Token::Word
                }
            }
            _ => Token::Symbol,
        };
        Some((start..self.at, token))
    }
}

const SHAPES: [&str; 10] = [
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
    "Z",
    "M",
    "ZM",
];
const KEYWORDS: [&str; 7] = ["NOT", "AND", "OR", "IN", "LIKE", "BETWEEN", "DIV"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_parsed() {
        let ids = (0..20_000).map(|id| format!("'scene-{id}'")).collect::<Vec<_>>().join(", ");
        let vertices = (0..20_000).map(|id| format!("{id}.5 {id}.25")).collect::<Vec<_>>().join(", ");
        for text in [
            format!("id IN ({ids})"),
            format!("S_INTERSECTS(geometry, POLYGON Z (({vertices})))"),
            format!("{}a = 1{}", "(".repeat(12), ")".repeat(12)),
            "a = '((((((((((((((((((((((((((((((((((((((((('".to_owned(),
        ] {
            assert!(check(&text).is_ok(), "{}", &text[..40]);
        }
    }

    #[test]
    fn what_would_take_too_long_is_refused() {
        for text in [
            "a".repeat(LONGEST + 1),
            "(".repeat(20) + "a b",
            "f(".repeat(DEEPEST + 1),
            "NOT ".repeat(MOST_LINKS + 1),
            "- ".repeat(MOST_LINKS + 1),
            "a = ".repeat(MOST_LINKS),
            "POLYGON(".to_owned() + &"(".repeat(DEEPEST_SHAPE),
            "a IN (".repeat(18) + "a b",
        ] {
            assert!(matches!(check(&text), Err(FilterError::TooComplex(_))), "{}", &text[..40]);
        }
    }

    #[test]
    fn integers_beyond_doubles_are_found() {
        let text =
            "a = 9007199254740993 AND b = -9007199254740992 AND \"9007199254740993\" = 99999999999999999.5";
        assert_eq!(check(text).unwrap().wide_integers, vec![std::ops::Range { start: 4, end: 20 }]);
    }
}
