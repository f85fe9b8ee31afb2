//! The npm package: built, packed, and installed into folders of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

pub(crate) mod addon;

use crate::run::{command, quiet, stdout};
use crate::{wasm, workspace};

/// Where the package is developed.
const SOURCE: &str = "bindings-node";

/// A folder in `target/toolchains` that packages are installed into.
pub(crate) struct Environment {
    /// Its name.
    pub(crate) name: &'static str,
    /// The folder whose `package.json` says which packages, exactly: its `devDependencies`.
    pub(crate) manifest: &'static str,
}

/// What the package is built with.
const BUILD: Environment = Environment {
    name: "node-build",
    manifest: SOURCE,
};

/// Whether this machine has what all of it needs.
///
/// # Errors
///
/// If it has not, and what it lacks.
pub(crate) fn available() -> Result<()> {
    let probe = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";
    match quiet(&mut command("node", &["-e", probe])) {
        Ok(output) if output.success => {}
        Ok(_) => bail!("node is older than 20"),
        Err(_) => bail!("node is missing"),
    }
    quiet(&mut command("npm", &["--version"])).context("npm is missing")?;
    Ok(())
}

/// Builds the packages as they are shipped, and packs them: the package itself, and the addon of this machine.
///
/// # Errors
///
/// If one does not build.
pub(crate) fn pack() -> Result<Vec<PathBuf>> {
    pack_with(&addon::build()?, &workspace::target().join("node"))
}

/// Packs the packages with this addon into a folder.
///
/// # Errors
///
/// If one does not build.
pub(crate) fn pack_with(addon: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    BUILD.prepare()?;
    let module = wasm::build()?;
    let packages = workspace::target().join("node").join("packages");
    let script = format!("{SOURCE}/scripts/build.mjs");
    stdout(
        command("node", &[&script])
            .arg(BUILD.folder())
            .arg(module)
            .arg(&packages)
            .arg(workspace::VERSION)
            .arg(addon),
    )?;
    fs::create_dir_all(folder)?;
    let mut entries = fs::read_dir(&packages)?.collect::<Result<Vec<_>, _>>()?;
    // The package itself first: the others are named after platforms.
    entries.sort_by_key(std::fs::DirEntry::file_name);
    entries
        .iter()
        .map(|package| {
            let mut pack = npm(&package.path(), &["pack", "--silent", "--pack-destination"]);
            let name = stdout(pack.arg(folder))?;
            Ok(folder.join(name.trim()))
        })
        .collect()
}

impl Environment {
    /// Installs the packages, unless they are there.
    ///
    /// # Errors
    ///
    /// If npm cannot get them.
    pub(crate) fn prepare(&self) -> Result<()> {
        let manifest = workspace::root().join(self.manifest).join("package.json");
        let manifest: serde_json::Value = serde_json::from_str(&fs::read_to_string(manifest)?)?;
        let wanted = serde_json::json!({
            "private": true,
            "type": "module",
            "dependencies": manifest["devDependencies"],
        })
        .to_string();
        let folder = self.folder();
        let note = folder.join("installed.json");
        if fs::read_to_string(&note).is_ok_and(|has| has == wanted) {
            return Ok(());
        }
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), &wanted)?;
        stdout(&mut npm(&folder, INSTALL)).context("npm cannot install what is needed")?;
        // Written last: a folder without it was not finished.
        fs::write(note, wanted)?;
        Ok(())
    }

    /// Installs the packed packages, as npm does for their users.
    ///
    /// # Errors
    ///
    /// If npm does not like it.
    pub(crate) fn install(&self, tarballs: &[PathBuf]) -> Result<()> {
        // npm takes a tarball of the same name and version for the one that it has.
        let installed = self.folder().join("node_modules/@k1s0");
        if installed.exists() {
            fs::remove_dir_all(&installed)?;
        }
        let mut install = npm(&self.folder(), INSTALL);
        stdout(install.args(["--no-save", "--force"]).args(tarballs))?;
        Ok(())
    }

    /// A program of Node, started in this folder.
    pub(crate) fn node(&self, arguments: &[&str]) -> Command {
        let mut node = self.program("node");
        node.args(arguments);
        node
    }

    /// Another program, started in this folder.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut run = command(program, &[]);
        run.current_dir(self.folder())
            .env("K1S0_ROOT", workspace::root());
        run
    }

    pub(crate) fn folder(&self) -> PathBuf {
        workspace::target().join("toolchains").join(self.name)
    }
}

/// Without a lock file: it would say which registry this machine uses.
const INSTALL: &[&str] = &[
    "install",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
    "--silent",
];

fn npm(folder: &Path, arguments: &[&str]) -> Command {
    let mut npm = command("npm", arguments);
    npm.current_dir(folder);
    npm
}
