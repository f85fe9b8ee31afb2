//! One tokio runtime of the plainest kind per measuring thread.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

thread_local! {
    #[expect(clippy::expect_used, reason = "without a runtime there is nothing to measure")]
    static RUNTIME: Runtime = Builder::new_current_thread()
        // One of the peers asks for it.
        .enable_time()
        .build()
        .expect("a runtime that only has timers needs nothing from the system");
}

/// Runs a future on this thread's runtime.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.with(|runtime| runtime.block_on(future))
}
