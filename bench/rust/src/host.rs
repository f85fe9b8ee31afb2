//! Where a run took place.

use std::process::Command;
use std::{env, fs};

use crate::os;

/// The machine, the system, the compiler and the day.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    facts: Vec<(&'static str, String)>,
}

impl Host {
    /// Looks around.
    pub(crate) fn look() -> Self {
        let load = read("/proc/loadavg");
        Self {
            facts: vec![
                ("processor", processor()),
                (
                    "processors for this run",
                    os::processors().len().to_string(),
                ),
                ("kernel", read("/proc/sys/kernel/osrelease")),
                ("compiler", env!("K1S0_BENCH_RUSTC").to_owned()),
                ("profile", profile()),
                ("version", env!("CARGO_PKG_VERSION").to_owned()),
                ("date", output("date", &["-u", "+%Y-%m-%d %H:%M UTC"])),
                ("load average at the start", load),
            ],
        }
    }

    /// What to say of it.
    pub(crate) fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }
}

/// The profile this program was built with: cargo names the directory after it.
pub(crate) fn profile() -> String {
    env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.file_name()?.to_str()?.to_owned()))
        .unwrap_or_else(unknown)
}

fn processor() -> String {
    let information = read("/proc/cpuinfo");
    let field = |name| {
        information
            .lines()
            .find_map(|line| line.strip_prefix(name)?.split_once(':'))
            .map_or_else(unknown, |(_, value)| value.trim().to_owned())
    };
    format!(
        "{}, family {} model {}",
        field("model name"),
        field("cpu family"),
        field("model\t")
    )
}

fn read(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| unknown(), |text| text.trim().to_owned())
}

fn output(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .and_then(|it| String::from_utf8(it.stdout).ok())
        .map_or_else(unknown, |text| text.trim().to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}
