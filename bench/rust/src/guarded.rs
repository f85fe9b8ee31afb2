//! The calls that are guarded, and the loop around them.

use std::fmt;

use crate::barrier::opaque;

/// The error of a guarded call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fault")
    }
}

impl std::error::Error for Fault {}

/// A call that succeeds. That it does is not known to the compiler, as of any real call.
#[inline(always)]
pub(crate) fn healthy(i: u64) -> Result<u64, Fault> {
    let value = opaque(i);
    if value == u64::MAX {
        Err(Fault)
    } else {
        Ok(value)
    }
}

/// A call that fails every tenth time.
#[inline(always)]
pub(crate) fn ten_percent(i: u64) -> Result<u64, Fault> {
    let value = opaque(i);
    if value % 10 == 9 {
        Err(Fault)
    } else {
        Ok(value)
    }
}

/// Calls `call` with 0, 1, 2, … and uses the results.
#[inline(always)]
pub(crate) fn repeat<T, E>(calls: u64, mut call: impl FnMut(u64) -> Result<T, E>) {
    let mut good = 0_u64;
    for i in 0..calls {
        good += u64::from(call(i).is_ok());
    }
    opaque(good);
}

/// [`repeat`] for futures: `repeat_async!(calls, i => future)`.
#[macro_export]
macro_rules! repeat_async {
    ($calls:expr, $i:ident => $future:expr) => {
        $crate::runtime::block_on(async {
            let mut good = 0_u64;
            for $i in 0..$calls {
                good += u64::from($future.await.is_ok());
            }
            $crate::barrier::opaque(good);
        })
    };
}
