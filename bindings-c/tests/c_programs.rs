//! Programs in C against the shared library: plain, under sanitizers, under valgrind.
//!
//! The sanitizers see the C side and every allocation of both sides; valgrind sees the machine code
//! of both. `K1S0_C_LIFECYCLES`, `K1S0_C_CALLS` (per thread) and `K1S0_C_FORKS` set the sizes.

#![cfg(target_os = "linux")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{compile, folder, run, scratch, succeed, text, times};

const ASAN: &[&str] = &[
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
    "-O1",
];
const TSAN: &[&str] = &["-fsanitize=thread", "-O1", "-D_DEFAULT_SOURCE"];

fn source(name: &str) -> PathBuf {
    folder().join("tests/c").join(name)
}

/// Runs a program without reports, and shows its last line.
fn play(program: &Path, arguments: &[String]) {
    let suppressions = source("tsan.supp");
    let output = succeed(Command::new(program).args(arguments).env(
        "TSAN_OPTIONS",
        format!("suppressions={}", suppressions.display()),
    ));
    assert!(
        output.stderr.is_empty(),
        "{}: {}",
        program.display(),
        text(&output.stderr)
    );
    print!("{}", text(&output.stdout));
}

fn calls(usual: u64) -> Vec<String> {
    vec![times("K1S0_C_CALLS", usual).to_string()]
}

#[test]
fn the_header_compiles_in_every_dialect() {
    let into = scratch("header");
    for standard in ["c99", "c11", "c17"] {
        play(
            &compile(&source("header.c"), &[&format!("-std={standard}")], &into),
            &[],
        );
    }
    play(&compile(&source("header.cpp"), &["-std=c++17"], &into), &[]);
}

#[test]
fn misuse_is_answered() {
    for program in ["misuse.c", "levels.c"] {
        play(&compile(&source(program), &[], &scratch("plain")), &[]);
    }
}

#[test]
fn threads_count_exactly() {
    let program = compile(
        &source("threads.c"),
        &["-O2", "-D_DEFAULT_SOURCE"],
        &scratch("plain"),
    );
    play(&program, &calls(20_000));
}

#[test]
fn a_forked_child_can_use_every_breaker() {
    let program = compile(&source("fork.c"), &["-D_DEFAULT_SOURCE"], &scratch("plain"));
    play(&program, &[times("K1S0_C_FORKS", 1_000).to_string()]);
}

/// Without this the test above would also pass if forks never met a lock.
#[test]
fn without_its_handlers_a_child_hangs() {
    let into = scratch("deaf");
    let deaf = into.join("deaf.so");
    succeed(
        support::compiler(false)
            .args(["-shared", "-fPIC", "-o"])
            .arg(&deaf)
            .arg(source("no_atfork.c")),
    );
    let program = compile(&source("fork.c"), &["-D_DEFAULT_SOURCE"], &into);
    let output = run(Command::new(program).arg("1000").env("LD_PRELOAD", deaf));
    assert!(!output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("ended with status 14"), "{said}"); // SIGALRM
}

#[test]
fn making_and_freeing_keeps_the_memory_flat() {
    let flags = ["-O2", "-D_DEFAULT_SOURCE"];
    let program = compile(&source("lifecycle.c"), &flags, &scratch("plain"));
    let lifecycles = times("K1S0_C_LIFECYCLES", 200_000);
    play(&program, &[lifecycles.to_string()]);
}

#[test]
fn nothing_under_address_and_undefined_behaviour_sanitizer() {
    let into = scratch("asan");
    let with = |more: &[&'static str]| [ASAN, more].concat();
    play(&compile(&source("misuse.c"), ASAN, &into), &[]);
    play(&compile(&source("levels.c"), ASAN, &into), &[]);
    let posix = with(&["-D_DEFAULT_SOURCE"]);
    play(&compile(&source("threads.c"), &posix, &into), &calls(2_000));
    // Not fork.c: the sanitizer's own allocator is not made for a child of a process with threads,
    // and hangs there in malloc, without a breaker too (gcc 12).
    play(
        &compile(&source("lifecycle.c"), &posix, &into),
        &["2000".to_owned(), "without looking at memory".to_owned()],
    );
}

#[test]
fn nothing_under_thread_sanitizer() {
    let into = scratch("tsan");
    play(&compile(&source("misuse.c"), TSAN, &into), &[]);
    play(&compile(&source("levels.c"), TSAN, &into), &[]);
    play(&compile(&source("threads.c"), TSAN, &into), &calls(2_000));
}

/// Without this the two tests above would also pass if the flags did nothing.
#[test]
fn the_sanitizers_report_what_is_there() {
    let into = scratch("broken");
    let asan = compile(
        &source("broken.c"),
        &[ASAN, &["-Wno-error"]].concat(),
        &into,
    );
    for (what, report) in [
        ("address", "heap-use-after-free"),
        ("undefined", "signed integer overflow"),
        ("leak", "LeakSanitizer: detected memory leaks"),
    ] {
        reports(&asan, what, report);
    }
    reports(
        &compile(&source("broken.c"), TSAN, &into),
        "thread",
        "ThreadSanitizer: data race",
    );
}

fn reports(program: &Path, what: &str, report: &str) {
    let output = run(Command::new(program).arg(what));
    assert!(!output.status.success(), "{what}: {:?}", output.status);
    let said = text(&output.stderr);
    assert!(said.contains(report), "{what}: {said}");
}

#[test]
fn nothing_under_valgrind() {
    let into = scratch("plain");
    // Valgrind runs one thread at a time: few calls are enough, and each is slow.
    for (name, arguments) in [
        ("misuse.c", vec![]),
        ("levels.c", vec![]),
        ("threads.c", vec!["200".to_owned()]),
        (
            "lifecycle.c",
            vec!["500".to_owned(), "without looking at memory".to_owned()],
        ),
    ] {
        let into = into.join("valgrind");
        std::fs::create_dir_all(&into).unwrap();
        let program = compile(&source(name), &["-D_DEFAULT_SOURCE"], &into);
        let output = succeed(
            Command::new("valgrind")
                .args(["--quiet", "--error-exitcode=99", "--leak-check=full"])
                .args(["--errors-for-leak-kinds=definite,indirect,possible"])
                .args(["--fair-sched=yes"])
                .arg(&program)
                .args(&arguments),
        );
        assert!(output.stderr.is_empty(), "{name}: {}", text(&output.stderr));
        print!("{}", text(&output.stdout));
    }
}

fn example(name: &str) -> PathBuf {
    folder().join("examples").join(name)
}

#[test]
fn the_quickstarts_run() {
    for (name, into) in [
        ("quickstart.c", "quickstart-c"),
        ("quickstart.cpp", "quickstart-cpp"),
    ] {
        let output = succeed(&mut Command::new(compile(
            &example(name),
            &[],
            &scratch(into),
        )));
        let said = text(&output.stdout);
        for line in [
            "closed -> open (failure_threshold)",
            "open -> half_open (timeout_elapsed)",
            "half_open -> closed (success_threshold)",
        ] {
            assert!(said.contains(line), "{name}: {said}");
        }
        play(
            &compile(&example(name), ASAN, &scratch(&format!("{into}-asan"))),
            &[],
        );
    }
}

#[test]
fn the_face_for_cpp_does_what_it_says() {
    play(&compile(&source("face.cpp"), &[], &scratch("plain")), &[]);
    play(&compile(&source("face.cpp"), ASAN, &scratch("asan")), &[]);
}
