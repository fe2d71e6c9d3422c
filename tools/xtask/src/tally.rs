//! What the output of `cargo test` says about the tests.

use std::collections::BTreeSet;
use std::fmt;

/// Counts over all test binaries of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed, according to libtest.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
    /// Tests marked `#[ignore]`.
    pub ignored: usize,
    /// Names of the tests that failed, in the order in which they did.
    pub failures: Vec<String>,
    /// Lines of tests that said that they could not run; libtest counts them as passed.
    pub skipped: BTreeSet<String>,
    /// The line that is not complete yet.
    partial: Vec<u8>,
}

impl Tally {
    /// Takes in a piece of output, of any length.
    pub fn read(&mut self, output: &[u8]) {
        for &byte in output {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.partial);
                self.read_line(&without_colours(&String::from_utf8_lossy(&line)));
            } else {
                self.partial.push(byte);
            }
        }
    }

    /// Takes in the lines of the file in which tests say that they were skipped.
    pub fn read_skipped(&mut self, file: &str) {
        let lines = file.lines().map(|line| line.strip_prefix("SKIPPED:").unwrap_or(line).trim());
        self.skipped.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }

    /// How many tests there were.
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.ignored
    }

    fn read_line(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            // "ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s"
            let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
            for (count, what) in counts.split("; ").filter_map(|count| count.split_once(' ')) {
                let count = count.parse().unwrap_or(0);
                match what {
                    "passed" => self.passed += count,
                    "failed" => self.failed += count,
                    "ignored" => self.ignored += count,
                    _ => {}
                }
            }
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self.skipped.len();
        let passed = self.passed.saturating_sub(skipped);
        write!(f, "{passed} passed, {} failed, {skipped} skipped, {} ignored", self.failed, self.ignored)
    }
}

/// `line` without the escape sequences that set colours (`ESC [ … m`) and the character set (`ESC ( B`).
fn without_colours(line: &str) -> String {
    let line = line.replace("\u{1b}(B", "");
    let mut pieces = line.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| plain + piece.split_once('m').map_or(piece, |(_, text)| text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\nrunning 3 tests\n\
        test a::works ... ok\n\
        test a::breaks - should panic ... FAILED\n\
        test a::later ... ignored\n\
        \nfailures:\n\n---- a::breaks stdout ----\ntest result: nonsense\n\
        \ntest result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
        test result: ok. 20 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.51s\n";

    #[test]
    fn counts_are_summed_over_binaries() {
        let mut tally = Tally::default();
        tally.read(OUTPUT.as_bytes());
        assert_eq!((tally.passed, tally.failed, tally.ignored), (21, 1, 1));
        assert_eq!(tally.failures, ["a::breaks - should panic"]);
        assert_eq!(tally.total(), 23);
    }

    #[test]
    fn pieces_may_end_anywhere() {
        let mut whole = Tally::default();
        whole.read(OUTPUT.as_bytes());
        for size in 1..40 {
            let mut pieces = Tally::default();
            OUTPUT.as_bytes().chunks(size).for_each(|piece| pieces.read(piece));
            assert_eq!(pieces, whole);
        }
    }

    #[test]
    fn colours_do_not_hide_results() {
        let mut tally = Tally::default();
        tally.read(b"test b ... \x1b[31mFAILED\x1b(B\x1b[m\n");
        tally.read(b"test result: \x1b[31mFAILED\x1b(B\x1b[m. 2 passed; 1 failed; 0 ignored; 0 measured\n");
        assert_eq!((tally.passed, tally.failed), (2, 1));
        assert_eq!(tally.failures, ["b"]);
    }

    #[test]
    fn skipped_tests_did_not_pass() {
        let mut tally = Tally { passed: 5, ..Tally::default() };
        tally.read_skipped(
            "SKIPPED: read::parity: no Python\nSKIPPED: read::parity: no Python\nSKIPPED: x: no data\n\n",
        );
        assert_eq!(tally.to_string(), "3 passed, 0 failed, 2 skipped, 0 ignored");
    }
}
