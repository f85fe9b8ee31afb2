//! No file names the host of a package registry: which one is used is each machine's own business.
//!
//! So the names are not written here either. They are read from the configuration of the clients.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::Done;
use crate::run::{command, quiet};

/// No tracked file has one in it. The lock files name their registry by the client's own rules.
pub(super) fn check() -> Result<Done> {
    let hosts = hosts();
    if hosts.is_empty() {
        return Ok(Done::NotRun("no client says which host it uses".into()));
    }
    let mut grep = command("git", &["grep", "--line-number", "-I", "--fixed-strings"]);
    for host in &hosts {
        grep.args(["-e", host]);
    }
    grep.args(["--", ".", ":!Cargo.lock"]);
    let found = quiet(&mut grep)?;
    if found.success {
        bail!("{}", found.stdout);
    }
    // git grep exits with 1 and says nothing when there is nothing.
    if !found.stderr.is_empty() {
        bail!("{}", found.stderr);
    }
    Ok(Done::Holds(format!("{} hosts", hosts.len())))
}

/// The hosts that the clients on this machine are set up for.
fn hosts() -> BTreeSet<String> {
    const CLIENTS: &[&[&str]] = &[
        &["npm", "config", "get", "registry"],
        &["go", "env", "GOPROXY"],
        &["pip", "config", "get", "global.index-url"],
        &[
            "sh",
            "-c",
            "cat /etc/apt/sources.list /etc/apt/sources.list.d/* | grep -v '^#'",
        ],
    ];
    CLIENTS
        .iter()
        // A client that is not there has no say.
        .filter_map(|client| quiet(&mut command(client[0], &client[1..])).ok())
        .flat_map(|said| hosts_in(&said.stdout))
        .collect()
}

/// The host of each web address in a text, but for this machine itself.
fn hosts_in(text: &str) -> Vec<String> {
    text.split("://")
        .skip(1)
        .filter_map(|rest| {
            let authority = rest.split(['/', ' ', ',', '\n']).next()?;
            let host = authority.rsplit('@').next()?.split(':').next()?;
            let elsewhere = !host.is_empty() && host != "localhost";
            elsewhere.then(|| host.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found() {
        let text = "deb http://one.example/debian stable\nhttps://me:secret@two.example:8080,direct\n\
                    http://localhost:3000/\nhttps://three.example\n";
        assert_eq!(
            hosts_in(text),
            ["one.example", "two.example", "three.example"]
        );
    }

    #[test]
    fn no_address_no_host() {
        assert_eq!(hosts_in("off\n"), [] as [&str; 0]);
    }
}
