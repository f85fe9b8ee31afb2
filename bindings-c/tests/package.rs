//! The package in a prefix, used by fresh projects outside the tree: those of README.md, by its
//! own commands, and the tests in C against the static library.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a test says what it has found by panicking"
)]

mod support;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use support::{compiler, folder, succeed, text};

/// A folder outside of the tree that is gone afterwards.
struct Outside(PathBuf);

impl Outside {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("k1s0-cb-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = support::scratch("prefix");
        // By the command of README.md, from a checkout.
        succeed(
            Command::new(env!("CARGO"))
                .args(["xtask", "package", "c"])
                .arg(&prefix)
                .current_dir(folder())
                .env_remove("RUSTFLAGS")
                .env_remove("CARGO_ENCODED_RUSTFLAGS"),
        );
        prefix
    })
}

/// Blocks of one language in README.md, up to "Develop".
fn blocks(language: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let (readme, _) = readme.split_once("## Develop").unwrap();
    let opening = format!("```{language}\n");
    let rest = readme.split(opening.as_str()).skip(1);
    rest.map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_readme_works_as_it_is_written() {
    let outside = Outside::new("readme");
    let mut files = 0;
    for language in ["c", "cpp", "cmake"] {
        for block in blocks(language) {
            // The first line says which file it is.
            let name = block
                .lines()
                .next()
                .unwrap()
                .trim_start_matches(['/', '#', ' ']);
            std::fs::write(outside.0.join(name), &block).unwrap();
            files += 1;
        }
    }
    let commands = blocks("sh");
    assert_eq!((files, commands.len()), (4, 7));
    let (install, use_it) = commands.split_first().unwrap();
    assert_eq!(install.trim(), "cargo xtask package c \"$PREFIX\"");
    let output = succeed(
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", &use_it.concat()])
            .current_dir(&outside.0)
            .env("PREFIX", prefix()),
    );
    let said = text(&output.stdout);
    assert_eq!(said.matches("called\n").count(), 6, "{said}");
    assert!(
        said.starts_with(concat!(env!("CARGO_PKG_VERSION"), "\n")),
        "{said}"
    );
}

#[test]
fn the_static_library_passes_the_tests_in_c() {
    let outside = Outside::new("static");
    for (name, argument) in [("misuse", ""), ("threads", "5000"), ("fork", "100")] {
        let program = outside.0.join(name);
        let mut cc = compiler(false);
        cc.args(["-std=c11", "-D_DEFAULT_SOURCE", "-I"])
            .arg(prefix().join("include"))
            .arg(folder().join("tests/c").join(format!("{name}.c")))
            .arg("-o")
            .arg(&program)
            .arg(prefix().join("lib/libk1s0_circuit_breaker.a"))
            .args(["-lpthread", "-ldl", "-lm"]);
        succeed(&mut cc);
        let output =
            succeed(Command::new(&program).args((!argument.is_empty()).then_some(argument)));
        print!("{}", text(&output.stdout));
    }
}

/// A size that has doubled is a dependency or a symbol that nobody wanted.
#[test]
fn the_package_is_small() {
    for (file, limit) in [
        ("lib/libk1s0_circuit_breaker.so", 600_000),
        ("lib/libk1s0_circuit_breaker.a", 1_200_000),
    ] {
        let size = std::fs::metadata(prefix().join(file)).unwrap().len();
        println!("{file}: {size} bytes");
        assert!(size < limit, "{file} has {size} bytes");
    }
}

/// A program that was linked keeps working with the next library of the same ABI.
#[test]
fn the_shared_library_is_named_by_its_abi() {
    let library = prefix().join("lib/libk1s0_circuit_breaker.so");
    let dynamic = succeed(Command::new("readelf").arg("--dynamic").arg(&library));
    assert!(text(&dynamic.stdout).contains("[libk1s0_circuit_breaker.so.2]"));
    let version = library.with_extension(concat!("so.", env!("CARGO_PKG_VERSION")));
    assert_eq!(
        std::fs::canonicalize(&library).unwrap(),
        std::fs::canonicalize(&version).unwrap()
    );
}
