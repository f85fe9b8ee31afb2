//! `cargo xtask package`: what users of a language install.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::dotnet::Dotnet;
use crate::run::{command, streaming};
use crate::{dart, kotlin, ruby, wasm, workspace};

pub(crate) mod go;
pub(crate) mod node;
pub(crate) mod python;

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let [language, folder] = arguments else {
        bail!(
            "usage: cargo xtask package c PREFIX | csharp FOLDER | dart FOLDER | go FOLDER | kotlin FOLDER | node FOLDER | python FOLDER | ruby FOLDER | wasm FOLDER"
        );
    };
    // It is made in the workspace's folder; the place is seen from the user's.
    let folder = std::env::current_dir()?.join(folder);
    match language.as_str() {
        "c" => {
            let mut package = command("bindings-c/package.sh", &[]);
            package
                .arg(folder)
                .env("CARGO_TARGET_DIR", workspace::target());
            streaming(&mut package, |_| {})
        }
        "go" => {
            print!("{}", go::build(&folder)?);
            Ok(true)
        }
        "csharp" => Ok(listed(&[Dotnet::get()?.pack(&folder)?])),
        "dart" => {
            dart::assemble(&folder, &[("linux_x64", "x86_64-unknown-linux-gnu")])?;
            Ok(listed(&[folder]))
        }
        "kotlin" => Ok(listed(&[kotlin::package(&folder)?])),
        "node" => Ok(listed(&node::build(&folder)?)),
        "python" => Ok(listed(&python::build(&folder)?)),
        "ruby" => Ok(listed(&[ruby::package(&folder)?])),
        "wasm" => {
            let module = wasm::build()?;
            fs::create_dir_all(&folder)?;
            let copy = folder.join("k1s0_circuit_breaker.wasm");
            let bytes = fs::copy(module, &copy)?;
            println!("{}: {bytes} bytes", copy.display());
            Ok(true)
        }
        other => bail!("no package for {other}"),
    }
}

fn listed(files: &[PathBuf]) -> bool {
    for file in files {
        println!("{}", file.display());
    }
    true
}
