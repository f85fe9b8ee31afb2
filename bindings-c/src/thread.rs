//! Where the calling thread's counters are, without a call.
//!
//! Core keeps them in a thread-local. In a shared object such a one is found by a call of `__tls_get_addr`, into
//! another object, and that takes a quarter of the time of an acquire and a settle. The storage class that needs
//! no call, *initial-exec*, is not to be had for a library that must be loadable by `dlopen`: all of its
//! thread-locals would have to find room in the little that glibc sets aside, or it would not load.
//!
//! So on x86-64 a thread is told by its *thread pointer*, which the system's ABI keeps at `fs:0` and which no two
//! living threads share; and a table says where the leases of that thread are. A thread writes down its own
//! at its first success, and strikes them out when it ends. Two threads may want one line of the table:
//! the second goes without, and asks core each time.

#[cfg_attr(
    all(
        target_os = "linux",
        target_arch = "x86_64",
        target_pointer_width = "64"
    ),
    path = "thread/table.rs"
)]
#[cfg_attr(
    not(all(
        target_os = "linux",
        target_arch = "x86_64",
        target_pointer_width = "64"
    )),
    path = "thread/asked.rs"
)]
mod way;

#[cfg(unix)]
pub(crate) use way::forget_the_others;
pub(crate) use way::{count_success, count_success_at_once, goes_without};
