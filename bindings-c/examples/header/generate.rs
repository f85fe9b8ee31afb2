//! The header, made from the source.

use std::path::Path;

/// The source in the order in which a reader of the header wants it.
const FILES: [&str; 15] = [
    "version",
    "result",
    "names",
    "transition",
    "config",
    "breaker",
    "shared",
    "permit",
    "settle",
    "control",
    "metrics",
    "history",
    "explain",
    "word",
    "counter",
];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What is to be in it.
pub(crate) fn header() -> Result<String, String> {
    let mut config = cbindgen::Config::from_file(folder().join("cbindgen.toml"))?;
    config.header = Some(conventions()?);
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in FILES.iter().chain(&["classify"]) {
        builder = builder.with_src(folder().join(format!("src/{file}.rs")));
    }
    let bindings = builder.generate().map_err(|error| error.to_string())?;
    let mut header = Vec::new();
    bindings.write(&mut header);
    let header = String::from_utf8(header).map_err(|error| error.to_string())?;
    Ok(without_safety(&header))
}

/// The prose at the top, the same as that of the crate.
fn conventions() -> Result<String, String> {
    let text = std::fs::read_to_string(folder().join("src/conventions.md"))
        .map_err(|error| error.to_string())?;
    let mut comment = String::from("/*\n");
    for line in text.lines() {
        comment.push_str(format!(" * {line}").trim_end());
        comment.push('\n');
    }
    Ok(comment + " */")
}

/// Drops Rust's "Safety" sections: for a reader of C they say what the conventions say.
fn without_safety(header: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut dropping = false;
    for line in header.lines() {
        if line.trim() == "// # Safety" {
            dropping = true;
            kept.pop_if(|last| last.trim() == "//");
        }
        dropping &= line.starts_with("//");
        if !dropping {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}
