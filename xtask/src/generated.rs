//! Committed files that are made from other files. `cargo xtask generate` makes them;
//! `cargo xtask check` fails when one is not what would be made now.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::run::{cargo, stdout};
use crate::{go, uniffi, workspace};

/// How a file, or a folder of them, is made.
enum Maker {
    /// It is the same as another file: a package takes along only what is in its folder.
    Copies { of: &'static str },
    /// A program prints the one file.
    Prints { run: &'static [&'static str] },
    /// uniffi's generator makes them of the built library.
    Swift,
    /// It is made by steps that are no one program.
    Steps { text: fn() -> Result<String> },
    /// A program of its own writes the files, and compares them.
    Tool {
        write: &'static [&'static str],
        compare: &'static [&'static str],
    },
}

/// Something that is made; where, and how. The commands are arguments for cargo.
struct Generated {
    path: &'static str,
    maker: Maker,
}

/// Everything that is made. A new generator is an entry here.
const GENERATED: &[Generated] = &[
    Generated {
        path: "bindings-python/LICENSE-MIT",
        maker: Maker::Copies { of: "LICENSE-MIT" },
    },
    Generated {
        path: "bindings-python/LICENSE-APACHE",
        maker: Maker::Copies {
            of: "LICENSE-APACHE",
        },
    },
    Generated {
        path: "bindings-go/LICENSE-MIT",
        maker: Maker::Copies { of: "LICENSE-MIT" },
    },
    Generated {
        path: "bindings-go/LICENSE-APACHE",
        maker: Maker::Copies {
            of: "LICENSE-APACHE",
        },
    },
    Generated {
        path: "bindings-csharp/LICENSE-MIT",
        maker: Maker::Copies { of: "LICENSE-MIT" },
    },
    Generated {
        path: "bindings-csharp/LICENSE-APACHE",
        maker: Maker::Copies {
            of: "LICENSE-APACHE",
        },
    },
    Generated {
        path: "bindings-go/contrib/grpc/LICENSE-MIT",
        maker: Maker::Copies { of: "LICENSE-MIT" },
    },
    Generated {
        path: "bindings-go/contrib/grpc/LICENSE-APACHE",
        maker: Maker::Copies {
            of: "LICENSE-APACHE",
        },
    },
    Generated {
        path: "bindings-go/contrib/otel/LICENSE-MIT",
        maker: Maker::Copies { of: "LICENSE-MIT" },
    },
    Generated {
        path: "bindings-go/contrib/otel/LICENSE-APACHE",
        maker: Maker::Copies {
            of: "LICENSE-APACHE",
        },
    },
    Generated {
        path: "bindings-go/contrib/otel/vocabulary.go",
        maker: Maker::Prints {
            run: &[
                "run",
                "--quiet",
                "--package=k1s0-circuit-breaker",
                "--example=metrics_go",
            ],
        },
    },
    Generated {
        path: go::MACHINE,
        maker: Maker::Steps { text: go::machine },
    },
    Generated {
        path: "docs/metrics.md",
        maker: Maker::Prints {
            run: &[
                "run",
                "--quiet",
                "--package=k1s0-circuit-breaker",
                "--example=metrics_doc",
            ],
        },
    },
    Generated {
        path: "bindings-node/src/vocabulary.ts",
        maker: Maker::Prints {
            run: &[
                "run",
                "--quiet",
                "--package=k1s0-circuit-breaker",
                "--example=metrics_ts",
            ],
        },
    },
    Generated {
        path: "bindings-csharp/Metrics/MetricVocabulary.g.cs",
        maker: Maker::Prints {
            run: &[
                "run",
                "--quiet",
                "--package=k1s0-circuit-breaker",
                "--example=metrics_csharp",
            ],
        },
    },
    Generated {
        path: "bindings-c/include/k1s0_circuit_breaker.h",
        maker: Maker::Prints {
            run: &[
                "run",
                "--quiet",
                "--package=k1s0-circuit-breaker-c",
                "--example=header",
            ],
        },
    },
    Generated {
        path: "bindings-uniffi/swift/Sources",
        maker: Maker::Swift,
    },
    Generated {
        path: "replay/traces",
        maker: Maker::Tool {
            write: &[
                "run",
                "--quiet",
                "--package=k1s0-replay",
                "--example=traces",
                "--",
                "write",
            ],
            compare: &[
                "run",
                "--quiet",
                "--package=k1s0-replay",
                "--example=traces",
                "--",
                "compare",
            ],
        },
    },
    Generated {
        path: "conformance/scenarios",
        maker: Maker::Tool {
            write: &[
                "run",
                "--quiet",
                "--package=k1s0-conformance",
                "--",
                "generate",
            ],
            compare: &[
                "run",
                "--quiet",
                "--package=k1s0-conformance",
                "--",
                "check",
            ],
        },
    },
];

/// `cargo xtask generate`: makes everything.
pub(crate) fn generate(arguments: &[String]) -> Result<bool> {
    if let Some(argument) = arguments.first() {
        bail!("generate takes no arguments, and {argument:?} is one");
    }
    for generated in GENERATED {
        generated.write().with_context(|| generated.path)?;
        println!("{}", generated.path);
    }
    Ok(true)
}

/// Everything is what would be made now; answers what was looked at.
pub(crate) fn compare() -> Result<String> {
    for generated in GENERATED {
        generated
            .compare()
            .with_context(|| format!("{}: run cargo xtask generate", generated.path))?;
    }
    let paths: Vec<_> = GENERATED.iter().map(|generated| generated.path).collect();
    Ok(paths.join(", "))
}

impl Generated {
    fn write(&self) -> Result<()> {
        match self.maker {
            Maker::Copies { of } => {
                let root = workspace::root();
                fs::copy(root.join(of), root.join(self.path))?;
            }
            Maker::Swift => {
                for (made, committed) in uniffi::swift()? {
                    fs::copy(made, committed)?;
                }
            }
            Maker::Tool { write, .. } => {
                stdout(&mut cargo(write))?;
            }
            Maker::Prints { run } => self.write_text(&stdout(&mut cargo(run))?)?,
            Maker::Steps { text } => self.write_text(&text()?)?,
        }
        Ok(())
    }

    fn write_text(&self, text: &str) -> Result<()> {
        let path = workspace::root().join(self.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
        Ok(())
    }

    fn compare(&self) -> Result<()> {
        match self.maker {
            Maker::Copies { of } => {
                let root = workspace::root();
                let same = fs::read(root.join(of))? == fs::read(root.join(self.path))?;
                ensure!(same, "it is not the same as {of}");
            }
            Maker::Swift => {
                for (made, committed) in uniffi::swift()? {
                    let same = fs::read(made)? == fs::read(&committed)?;
                    ensure!(same, "{} is out of date", committed.display());
                }
            }
            Maker::Tool { compare, .. } => {
                stdout(&mut cargo(compare))?;
            }
            Maker::Prints { run } => self.compare_text(&stdout(&mut cargo(run))?)?,
            Maker::Steps { text } => self.compare_text(&text()?)?,
        }
        Ok(())
    }

    fn compare_text(&self, text: &str) -> Result<()> {
        let committed = fs::read_to_string(workspace::root().join(self.path))?;
        ensure!(text == committed, "it is out of date");
        Ok(())
    }
}
