//! What the tests share: the library as it is shipped, built once, and a C compiler.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what it has found by panicking"
)]

pub(crate) mod abi;
pub(crate) mod configure;
pub(crate) mod words;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The folder `bindings-c/`.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder for what a test makes.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The folder with the shared and the static library, as shipped; or, where `K1S0_C_SANITIZER` names one,
/// with that sanitizer, which this program must then have too.
pub(crate) fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| match env::var("K1S0_C_SANITIZER") {
        Ok(sanitizer) => sanitized(&sanitizer),
        Err(_) => build("dist", &[]),
    })
}

/// The library with a sanitizer. It takes a nightly toolchain, which is that of the tests.
fn sanitized(sanitizer: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("build-{sanitizer}"));
    let triple = env::var("K1S0_C_TARGET").unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(folder())
        .args(["build", "--lib", "--package", "k1s0-circuit-breaker-c"])
        .args(["--release", "--target", &triple])
        // ThreadSanitizer has to see std's locks.
        .args((sanitizer == "thread").then_some("-Zbuild-std"))
        .arg("--target-dir")
        .arg(&target)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", format!("-Zsanitizer={sanitizer}"));
    succeed(&mut cargo);
    target.join(triple).join("release")
}

/// The shared library's file.
pub(crate) fn shared_library() -> PathBuf {
    library().join(format!(
        "{}k1s0_circuit_breaker{}",
        env::consts::DLL_PREFIX,
        env::consts::DLL_SUFFIX
    ))
}

/// Builds the library in a target folder of its own, so that features that other packages of the
/// workspace turn on do not get into it.
pub(crate) fn build(name: &str, rust_flags: &[&str]) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("build-{name}"));
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(folder())
        .args(["build", "--lib", "--package", "k1s0-circuit-breaker-c"])
        .args([
            "--profile",
            if rust_flags.is_empty() { "dist" } else { "dev" },
        ])
        .arg("--target-dir")
        .arg(&target)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", rust_flags.join(" "));
    succeed(&mut cargo);
    target.join(if rust_flags.is_empty() {
        "dist"
    } else {
        "debug"
    })
}

/// Runs a command; a failure shows all of it.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Runs a command that must be there.
pub(crate) fn run(command: &mut Command) -> Output {
    match command.output() {
        Ok(output) => output,
        Err(error) => panic!(
            "{}: {error}. The tests of bindings-c need a C and a C++ compiler, cmake, pkg-config and \
             valgrind: apt-get install gcc g++ cmake pkg-config valgrind",
            command.get_program().to_string_lossy()
        ),
    }
}

/// The C compiler, or the one for C++.
pub(crate) fn compiler(cpp: bool) -> Command {
    let (variable, usual) = if cpp { ("CXX", "c++") } else { ("CC", "cc") };
    Command::new(env::var(variable).unwrap_or_else(|_| usual.to_owned()))
}

/// Compiles a program against the shared library and answers where it is.
pub(crate) fn compile(source: &Path, flags: &[&str], into: &Path) -> PathBuf {
    let cpp = source.extension().is_some_and(|it| it == "cpp");
    let program = into.join(source.file_stem().unwrap());
    let mut compiler = compiler(cpp);
    compiler
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-g"])
        .arg(if cpp { "-std=c++17" } else { "-std=c11" })
        .args(flags)
        .arg("-I")
        .arg(folder().join("include"))
        .arg("-I")
        .arg(folder().join("tests/c"))
        .arg(source)
        .arg("-o")
        .arg(&program)
        .arg("-L")
        .arg(library())
        .arg(format!("-Wl,-rpath,{}", library().display()))
        .args(["-lk1s0_circuit_breaker", "-lpthread"]);
    succeed(&mut compiler);
    program
}

/// What a program printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// How often a test does what it does many times: a number of the environment, or less.
pub(crate) fn times(variable: &str, usual: u64) -> u64 {
    match env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|error| panic!("{variable}={text}: {error}")),
        Err(_) => usual,
    }
}
