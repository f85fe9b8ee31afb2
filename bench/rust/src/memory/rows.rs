//! The kinds of breakers that are weighed.

use anyhow::Result;
use k1s0_circuit_breaker::CircuitBreaker;

use super::{Kind, Occupied};
use crate::cases::{ours, windows};
use crate::guarded::Fault;

/// What is not looked at: whether a call was let through.
fn ignore<T>(_: T) {}

/// One of ours; it takes `failures` to open.
fn one_of_ours(
    name: &'static str,
    new: fn() -> Result<CircuitBreaker>,
    failures: usize,
    number: usize,
) -> Result<Occupied> {
    Kind {
        name,
        new,
        succeed: |it: &mut CircuitBreaker| ignore(it.call_sync(|| Ok::<u64, Fault>(0))),
        fail: |it: &mut CircuitBreaker| ignore(it.call_sync(|| Err::<u64, _>(Fault))),
        failures,
    }
    .measure(number)
}

pub(super) fn all(number: usize) -> Result<Vec<Occupied>> {
    #[cfg_attr(not(feature = "peers"), expect(unused_mut, reason = "peers are added"))]
    let mut rows = vec![
        one_of_ours(ours::CALL, ours::breaker, 5, number)?,
        one_of_ours(windows::CALLS, || windows::of_calls(100), 40, number)?,
        one_of_ours(
            windows::HEAVY,
            || windows::of_calls(10_000),
            40,
            number / 10,
        )?,
    ];
    #[cfg(feature = "peers")]
    rows.extend(peers(number)?);
    Ok(rows)
}

#[cfg(feature = "peers")]
fn peers(number: usize) -> Result<Vec<Occupied>> {
    use failsafe::CircuitBreaker as _;

    use crate::cases::{peers, peers_async};
    use crate::runtime::block_on;

    let ferryman = Kind {
        name: peers::FERRYMAN,
        new: peers::ferryman,
        succeed: |it: &mut _| ignore(peers::through_ferryman(it, || Ok(0))),
        fail: |it: &mut _| ignore(peers::through_ferryman(it, || Err(Fault))),
        failures: 5,
    };
    let recloser = Kind {
        name: peers::RECLOSER,
        new: || Ok(peers::recloser()),
        succeed: |it: &mut recloser::Recloser| ignore(it.call(|| Ok::<u64, Fault>(0))),
        fail: |it: &mut recloser::Recloser| ignore(it.call(|| Err::<u64, _>(Fault))),
        failures: 200,
    };
    let failsafe = Kind {
        name: peers::FAILSAFE,
        new: || Ok(peers::failsafe()),
        succeed: |it: &mut peers::Failsafe| ignore(it.call(|| Ok::<u64, Fault>(0))),
        fail: |it: &mut peers::Failsafe| ignore(it.call(|| Err::<u64, _>(Fault))),
        failures: 5,
    };
    let rs = Kind {
        name: peers::CIRCUITBREAKER_RS,
        new: || Ok(peers::circuitbreaker_rs()),
        succeed: |it: &mut peers::Rs| ignore(it.call(|| Ok(0))),
        fail: |it: &mut peers::Rs| ignore(it.call(|| Err::<u64, _>(Fault))),
        failures: 10,
    };
    let tower = Kind {
        name: peers_async::TOWER,
        new: || peers_async::tower(),
        succeed: |it: &mut peers_async::Tower| ignore(block_on(peers_async::through_tower(it, 0))),
        fail: |it: &mut peers_async::Tower| {
            ignore(block_on(peers_async::through_tower(it, u64::MAX)));
        },
        failures: 5,
    };
    Ok(vec![
        ferryman.measure(number)?,
        recloser.measure(number)?,
        failsafe.measure(number)?,
        rs.measure(number)?,
        tower.measure(number)?,
    ])
}
