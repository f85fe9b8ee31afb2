//! Stripes under every interleaving: exact sums, one writer, and lines handed over whole.

use std::sync::Arc;

use loom::thread;

use super::{Counts, Place, StripeTable};
use crate::machine::RejectReason;

fn sum(table: &StripeTable, place: Place) -> Counts {
    let mut counts = Counts::default();
    table.sum(place, &mut counts);
    counts
}

/// Two threads count at once; a reader sees some of it, and all of it once they are done.
#[test]
fn loom_sums_are_exact() {
    loom::model(|| {
        let table = Arc::new(StripeTable::default());
        let place = table.open();
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let table = Arc::clone(&table);
                thread::spawn(move || {
                    let chunk = table.lease(place.run);
                    chunk[place.index as usize].success();
                    chunk[place.index as usize].rejected(RejectReason::Open);
                    table.give_back(place.run, chunk);
                })
            })
            .collect();
        assert!(sum(&table, place).settled[0] <= 2);
        for writer in writers {
            writer.join().expect("no panic");
        }
        let counts = sum(&table, place);
        assert_eq!((counts.settled[0], counts.rejected), (2, [2, 0, 0]));
    });
}

/// A chunk that one thread gave back goes on counting where it stopped, in another's hands.
#[test]
fn loom_a_chunk_is_handed_over_whole() {
    loom::model(|| {
        let table = Arc::new(StripeTable::default());
        let place = table.open();
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                for _ in 0..2 {
                    let chunk = table.lease(place.run);
                    chunk[place.index as usize].success();
                    table.give_back(place.run, chunk);
                }
            })
        };
        let chunk = table.lease(place.run);
        chunk[place.index as usize].success();
        table.give_back(place.run, chunk);
        other.join().expect("no panic");
        assert_eq!(sum(&table, place).settled[0], 3);
    });
}

/// A breaker's place is at zero when the next breaker gets it.
#[test]
fn loom_a_place_is_reused_clean() {
    loom::model(|| {
        let table = Arc::new(StripeTable::default());
        let first = table.open();
        let chunk = table.lease(first.run);
        chunk[first.index as usize].success();
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let place = table.open();
                assert_eq!(sum(&table, place), Counts::default());
                place
            })
        };
        table.close(first);
        let second = other.join().expect("no panic");
        assert_eq!(sum(&table, second), Counts::default());
        table.give_back(first.run, chunk);
    });
}
