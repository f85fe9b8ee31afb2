//! Running other programs.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// A command, started in the workspace's folder.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace::root());
    command
}

/// Cargo, started in the workspace's folder; `+toolchain` works as the first argument.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command("cargo", arguments)
}

/// What a command said, and whether it exited with 0.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command quietly.
pub(crate) fn quiet(command: &mut Command) -> Result<Output> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    Ok(Output {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Runs a command quietly, and answers what it wrote to its standard output.
///
/// # Errors
///
/// If it cannot be started or does not exit with 0; the error has what it said.
pub(crate) fn stdout(command: &mut Command) -> Result<String> {
    let output = quiet(command)?;
    if !output.success {
        bail!(
            "{} failed\n{}{}",
            shown(command),
            output.stdout,
            output.stderr
        );
    }
    Ok(output.stdout)
}

/// Runs a command and lets it talk. Each line of its standard output is also handed to `line`.
pub(crate) fn streaming(command: &mut Command, mut line: impl FnMut(&str)) -> Result<bool> {
    println!("$ {}", shown(command));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let stdout = child.stdout.take().context("the pipe is there")?;
    for bytes in BufReader::new(stdout).split(b'\n') {
        // A test may print what is not UTF-8.
        let text = String::from_utf8_lossy(&bytes?).into_owned();
        println!("{text}");
        line(&text);
    }
    Ok(child.wait()?.success())
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        Some(format!(
            "{}={:?}",
            name.to_string_lossy(),
            value?.to_string_lossy()
        ))
    });
    let words = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned());
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_an_error_that_says_what_it_said() {
        let error = stdout(&mut command("sh", &["-c", "echo so; echo no >&2; exit 3"]));
        let text = error.expect_err("exit 3").to_string();
        assert!(text.contains("so\n") && text.contains("no\n"), "{text}");
    }

    #[test]
    fn lines_are_handed_over() {
        let mut lines = Vec::new();
        let success = streaming(
            &mut command("sh", &["-c", "echo a; printf b; exit 1"]),
            |line| {
                lines.push(line.to_owned());
            },
        );
        assert!(!success.expect("sh starts"));
        assert_eq!(lines, ["a", "b"]);
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        let shown = shown(cargo(&["test", "--lib"]).env("RUSTFLAGS", "--cfg loom"));
        assert_eq!(shown, r#"RUSTFLAGS="--cfg loom" cargo test --lib"#);
    }
}
