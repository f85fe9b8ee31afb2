//! A file over 400 lines is likely about two things. This only names them: a reader decides.

use anyhow::Result;

use super::Done;
use crate::run::{command, stdout};
use crate::workspace;

const LONG: usize = 400;

/// Names the long ones; it never fails because of them.
pub(super) fn check() -> Result<Done> {
    let files = stdout(&mut command("git", &["ls-files", "-z", "*.rs"]))?;
    let mut long = Vec::new();
    for file in files.split_terminator('\0').filter(|file| !is_test(file)) {
        // A file that is deleted and not committed yet is still listed.
        let Ok(text) = std::fs::read_to_string(workspace::root().join(file)) else {
            continue;
        };
        let lines = text.lines().count();
        if lines > LONG {
            long.push(format!("{file} ({lines})"));
        }
    }
    Ok(Done::Holds(if long.is_empty() {
        "none".to_owned()
    } else {
        long.join(", ")
    }))
}

fn is_test(file: &str) -> bool {
    file.contains("tests/") || file.ends_with("tests.rs")
}
