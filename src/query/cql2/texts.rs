//! Differences between texts that do not count.

use super::plan::Fold;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, StringViewArray};
use std::borrow::Cow;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Texts that are the same where those of the array differ in nothing that counts.
pub(super) fn fold(fold: Fold, array: &ArrayRef) -> ArrayRef {
    let texts = array.as_string_view().iter();
    Arc::new(
        texts
            .map(|text| {
                Some(match (text?, fold) {
                    (text, Fold::Case) => Cow::Owned(without_case(text)),
                    (text, Fold::Accents) if text.is_ascii() => Cow::Borrowed(text),
                    (text, Fold::Accents) => Cow::Owned(without_accents(text)),
                })
            })
            .collect::<StringViewArray>(),
    )
}

/// In lower case, each character by itself: a sigma at the end of a word is one like any other.
fn without_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

fn without_accents(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_and_accents() {
        assert_eq!(without_case("ΟΔΟΣ Straße ÉÇ"), without_case("οδος STRAßE éç"));
        assert_eq!(without_accents("débárquér Çölñ ő"), "debarquer Coln o");
        assert_eq!(without_accents("한국 東京"), "한국 東京");
    }
}
