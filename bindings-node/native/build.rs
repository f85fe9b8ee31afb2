//! Tells the linker what an addon is.

fn main() {
    let link = |argument: &str| println!("cargo::rustc-link-arg-cdylib={argument}");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        // Node unloads an addon with the last thread that has loaded it. The breakers that threads share, and the
        // memory that their views are of, are the process's.
        Ok("linux" | "freebsd") => link("-Wl,-z,nodelete"),
        // Node-API is found in the program that loads the addon.
        Ok("macos") => link("-Wl,-undefined,dynamic_lookup"),
        _ => {}
    }
    println!("cargo::rerun-if-changed=build.rs");
}
