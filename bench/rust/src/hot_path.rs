//! The promise about the healthy path: no locked instruction, no clock, no allocation.
//!
//! It is checked on what is executed, not on what the source says: callgrind tells every instruction
//! that ten thousand calls executed, `objdump` tells its text, and nothing of that may be locked or lie
//! outside this program (where the clock, the allocator, and every system call are). References that
//! do these things show that the check would see them.

use anyhow::{Result, ensure};

use crate::callgrind::{self, Instruction, Listing};
use crate::cases::{ours, windows};

/// The paths that keep the promise.
fn promised() -> [String; 6] {
    [
        format!("success/{}", ours::CALL),
        format!("success/{}", ours::PERMIT),
        format!("success/{}", ours::WORD),
        format!("async/{}", ours::CALL),
        format!("success/{}", windows::CALLS),
        format!("success/{}", windows::MANY_CALLS),
    ]
}

/// Loops that break it, each in its own way.
const BREAKING: [(&str, Sin); 4] = [
    ("reference/fetch_add, relaxed (shared word)", Sin::Locked),
    ("reference/std Mutex lock/unlock", Sin::Locked),
    ("reference/Instant::now()", Sin::Clock),
    ("reference/Box::new + drop, 64 B", Sin::Allocation),
];

/// What may not be on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sin {
    Locked,
    Clock,
    Allocation,
    /// It left the program for something else.
    Elsewhere,
    /// `objdump` does not know it, so nobody can say.
    Unknown,
}

/// Checks. False if a path breaks the promise.
pub(crate) fn check() -> Result<bool> {
    let promised = promised();
    let mut keys = promised.to_vec();
    keys.extend(BREAKING.iter().map(|&(key, _)| key.to_owned()));
    let counted = callgrind::count(&keys)?;

    for (key, sin) in BREAKING {
        let listing = counted[key].listing()?;
        let found = sins(&listing);
        ensure!(
            found.iter().any(|&(_, it)| it == sin),
            "the check does not see {sin:?} in {key}"
        );
    }
    let mut good = true;
    for key in promised {
        let listing = counted[&key].listing()?;
        ensure!(!listing.0.is_empty(), "{key}: nothing was executed");
        let sins = sins(&listing);
        println!(
            "{key:<40} {} instructions seen, {}",
            listing.0.len(),
            if sins.is_empty() {
                "none locked, no clock, no allocation"
            } else {
                "NOT CLEAN"
            }
        );
        for (it, sin) in sins {
            good = false;
            println!("  {sin:?}: {} in {} of {}", it.text, it.function, it.object);
        }
    }
    Ok(good)
}

fn sins(listing: &Listing) -> Vec<(&Instruction, Sin)> {
    listing
        .0
        .iter()
        .filter_map(|it| Some((it, sin(it)?)))
        .collect()
}

fn sin(it: &Instruction) -> Option<Sin> {
    const CLOCKS: [&str; 3] = ["clock_gettime", "Timespec", "gettimeofday"];
    const ALLOCATORS: [&str; 7] = [
        "malloc",
        "calloc",
        "realloc",
        "free",
        "memalign",
        "__rust_alloc",
        "__rustc::",
    ];
    let any = |names: &[&str]| names.iter().any(|name| it.function.contains(name));
    if is_locked(&it.text) {
        Some(Sin::Locked)
    } else if any(&CLOCKS) {
        Some(Sin::Clock)
    } else if any(&ALLOCATORS) {
        Some(Sin::Allocation)
    } else if !it.object.contains("k1s0-bench-rust") && !it.object.contains("k1s0_bench_rust") {
        Some(Sin::Elsewhere)
    } else if it.text.is_empty() {
        Some(Sin::Unknown)
    } else {
        None
    }
}

/// `lock` before it, or an exchange with memory, which locks without saying so; a fence costs as much.
fn is_locked(text: &str) -> bool {
    let mnemonic = text.split_ascii_whitespace().next().unwrap_or_default();
    match mnemonic {
        "lock" | "mfence" | "cpuid" | "syscall" | "rdtsc" | "rdtscp" => true,
        "xchg" => text.contains('['),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_locked;

    #[test]
    fn what_locks() {
        assert!(is_locked("lock inc QWORD PTR [rax]"));
        assert!(is_locked("xchg   DWORD PTR [rdi],eax"));
        assert!(!is_locked("xchg   ax,ax"));
        assert!(!is_locked("inc    QWORD PTR [rax+rsi*1]"));
    }
}
