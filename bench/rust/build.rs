//! Builds the shared object with an empty function in it: what any call through a C ABI costs at least.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

const SOURCE: &str = "#![no_std]\n\
    #[panic_handler] fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }\n\
    #[unsafe(no_mangle)] pub extern \"C\" fn k1s0_bench_empty() {}\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let source = out.join("empty.rs");
    let object = out.join("libk1s0_bench_empty.so");
    fs::write(&source, SOURCE)?;
    let built = Command::new(env::var("RUSTC")?)
        .args([
            "--edition=2024",
            "--crate-type=cdylib",
            "-Cpanic=abort",
            "-Copt-level=3",
        ])
        .arg("-o")
        .arg(&object)
        .arg(&source)
        .status()?;
    if !built.success() {
        return Err("the empty shared object does not build".into());
    }
    println!("cargo:rustc-env=K1S0_BENCH_EMPTY={}", object.display());
    println!(
        "cargo:rustc-env=K1S0_BENCH_RUSTC={}",
        version(&env::var("RUSTC")?)?
    );
    Ok(())
}

fn version(rustc: &str) -> Result<String, Box<dyn std::error::Error>> {
    let output = Command::new(rustc).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
