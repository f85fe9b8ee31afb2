//! Breakers shared by name, from many threads.

mod support;

use std::ptr;
use std::sync::Barrier;
use std::thread;

use support::abi::{Handle, OK, abi};

fn shared(name: &str) -> Handle {
    let mut breaker = ptr::null_mut();
    // SAFETY: good pointers, and so many bytes.
    let result = unsafe {
        (abi().shared)(
            name.as_ptr().cast(),
            name.len() as u64,
            ptr::null(),
            &mut breaker,
            ptr::null_mut(),
        )
    };
    assert_eq!(result, OK);
    Handle(breaker)
}

#[test]
fn threads_that_ask_at_once_get_the_same_breaker() {
    const THREADS: usize = 16;
    for round in 0..200 {
        let name = format!("round {round}");
        let barrier = Barrier::new(THREADS);
        let handles: Vec<Handle> = thread::scope(|scope| {
            let asking: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        let handle = shared(&name);
                        handle.record_failure(1);
                        handle
                    })
                })
                .collect();
            asking.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(handles.iter().all(|it| it.0 == handles[0].0));
        assert_eq!(handles[0].metrics(1).failure, THREADS as u64);
        drop(handles);
        // All are freed, so it is another one now.
        assert_eq!(shared(&name).metrics(1).failure, 0);
    }
}

#[test]
fn coming_and_going_at_once_never_gives_one_that_is_gone() {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    let handle = shared("revolving door");
                    handle.record_failure(1);
                    assert!(handle.metrics(1).failure >= 1);
                }
            });
        }
    });
    assert_eq!(shared("revolving door").metrics(1).failure, 0);
}

#[test]
fn other_names_are_other_breakers() {
    let (one, other) = (shared("one"), shared("other"));
    one.record_failure(1);
    assert_eq!(other.metrics(1).failure, 0);
    let copy = one.try_clone();
    drop(one);
    assert_eq!(copy.metrics(1).failure, 1);
    assert_eq!(shared("one").metrics(1).failure, 1);
}
