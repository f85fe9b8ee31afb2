//! Tells the linker how much memory the module asks for.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        // Nothing here recurses, and what stands on the stack is small. The default is 1 MiB, which each instance
        // pays for: Go's have it in their heap.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=32768");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
