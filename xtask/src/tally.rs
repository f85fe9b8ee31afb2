//! Counting what a test runner says it ran.

/// Tests and conformance scenarios, as read from a runner's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    /// Conformance scenarios that were replayed.
    pub(crate) scenarios: u64,
}

impl Tally {
    /// Tests that ran.
    pub(crate) fn run(&self) -> u64 {
        self.passed + self.failed
    }

    /// Reads a line of a runner in Rust: libtest's closing lines, and the line of a replay.
    ///
    /// A test runner that is started by a test prints closing lines of its own in the middle of a
    /// line or indented; only those at the beginning count.
    pub(crate) fn read_rust(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += number_before(counts, " passed");
            self.failed += number_before(counts, " failed");
        }
        self.read_replay(line);
    }

    /// Reads a line of our reporter for `node --test`. What was cancelled has not passed.
    pub(crate) fn read_node(&mut self, line: &str) {
        let counts = line
            .strip_prefix("# ")
            .and_then(|counts| counts.split_once(' '));
        match counts.map(|(what, number)| (what, number.parse::<u64>())) {
            Some(("pass", Ok(number))) => self.passed += number,
            Some(("fail" | "cancelled", Ok(number))) => self.failed += number,
            _ => self.read_replay(line),
        }
    }

    /// Reads a line of pytest: its closing line, such as `2 failed, 57 passed, 1 skipped in 3.21s`, and the line
    /// of a replay. What could not even be set up is counted as failed.
    pub(crate) fn read_pytest(&mut self, line: &str) {
        let line = line.trim_matches(['=', ' ']);
        if let Some((counts, time)) = line.rsplit_once(" in ")
            && time.starts_with(|first: char| first.is_ascii_digit())
            && counts.starts_with(|first: char| first.is_ascii_digit())
        {
            self.passed += number_before(counts, " passed");
            self.failed += number_before(counts, " failed") + number_before(counts, " error");
        }
        self.read_replay(line);
    }

    /// Reads a line of our stand-in for xunit: its closing line, `tests: 12 passed, 0 failed`, and the line of a replay.
    pub(crate) fn read_stand_in(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("tests: ") {
            self.passed += number_before(counts, " passed");
            self.failed += number_before(counts, " failed");
        }
        self.read_replay(line);
    }

    /// Reads the line that every language's replay prints:
    /// `conformance: suite 2, 104 run, 0 failed, 0 skipped`.
    pub(crate) fn read_replay(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("conformance: ") {
            self.scenarios += number_before(counts, " run");
        }
    }
}

/// The number right before a word, 0 if there is none.
fn number_before(text: &str, word: &str) -> u64 {
    text.find(word)
        .and_then(|end| text[..end].rsplit(' ').next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read_rust(line);
        }
        tally
    }

    #[test]
    fn closing_lines_add_up() {
        let tally = tally(&[
            "running 26 tests",
            "test result: ok. 25 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
        ]);
        assert_eq!((tally.passed, tally.failed, tally.run()), (28, 2, 30));
    }

    #[test]
    fn replays_add_up() {
        let tally = tally(&[
            "conformance: suite 2, 104 run, 0 failed, 0 skipped",
            "conformance: suite 2, 3 run, 1 failed, 0 skipped",
        ]);
        assert_eq!(tally.scenarios, 107);
        assert_eq!(tally.run(), 0);
    }

    #[test]
    fn nodes_sums_add_up() {
        let mut tally = Tally::default();
        for line in [
            "# pass 12",
            "# fail 1",
            "# cancelled 2",
            "# skipped 4",
            "# passed by",
            "conformance: suite 2, 531 run, 0 failed, 0 skipped",
        ] {
            tally.read_node(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.scenarios), (12, 3, 531));
    }

    #[test]
    fn the_closing_line_of_pytest() {
        let mut tally = Tally::default();
        for line in [
            "bindings-python/tests/test_fork.py ..F                     [ 40%]",
            "2 failed, 57 passed, 1 skipped in 3.21s",
            "=========== 3 passed, 1 error in 62.00s (0:01:02) ===========",
            "conformance: suite 2, 5 run, 0 failed, 0 skipped",
            "it passed in 3 steps",
        ] {
            tally.read_pytest(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.scenarios), (60, 3, 5));
    }

    #[test]
    fn the_closing_line_of_the_stand_in() {
        let mut tally = Tally::default();
        for line in [
            "FAIL PermitTests.One() tests: 9 passed",
            "conformance: suite 2, 531 run, 0 failed, 0 skipped",
            "tests: 4588 passed, 2 failed",
        ] {
            tally.read_stand_in(line);
        }
        assert_eq!(
            (tally.passed, tally.failed, tally.scenarios),
            (4588, 2, 531)
        );
    }

    #[test]
    fn other_lines_count_nothing() {
        let tally = tally(&[
            "  test result: ok. 9 passed; 0 failed",
            "test result: nobody knows",
            "conformance: no run here",
            "test tests::test_result ... ok",
        ]);
        assert_eq!(tally, Tally::default());
    }
}
