//! Stripes under every interleaving: exact sums, one writer, and lines handed over whole.

use std::sync::Arc;

use loom::thread;

use super::{Counts, StripeTable, place_in, run_of};
use crate::machine::RejectReason;

fn sum(table: &StripeTable, column: u32) -> Counts {
    let mut counts = Counts::default();
    table.sum(column, &mut counts);
    counts
}

/// Two threads count at once; a reader sees some of it, and all of it once they are done.
#[test]
fn loom_sums_are_exact() {
    loom::model(|| {
        let table = Arc::new(StripeTable::default());
        let column = table.open_column();
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let table = Arc::clone(&table);
                thread::spawn(move || {
                    let chunk = table.lease(column);
                    chunk[place_in(column)].success();
                    chunk[place_in(column)].rejected(RejectReason::Open);
                    table.give_back(run_of(column), chunk);
                })
            })
            .collect();
        assert!(sum(&table, column).success <= 2);
        for writer in writers {
            writer.join().expect("no panic");
        }
        let counts = sum(&table, column);
        assert_eq!((counts.success, counts.rejected), (2, [2, 0, 0]));
    });
}

/// A chunk that one thread gave back goes on counting where it stopped, in another's hands.
#[test]
fn loom_a_chunk_is_handed_over_whole() {
    loom::model(|| {
        let table = Arc::new(StripeTable::default());
        let column = table.open_column();
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                for _ in 0..2 {
                    let chunk = table.lease(column);
                    chunk[place_in(column)].success();
                    table.give_back(run_of(column), chunk);
                }
            })
        };
        let chunk = table.lease(column);
        chunk[place_in(column)].success();
        table.give_back(run_of(column), chunk);
        other.join().expect("no panic");
        assert_eq!(sum(&table, column).success, 3);
    });
}

/// A breaker's column is at zero when the next breaker gets it.
#[test]
fn loom_a_column_is_reused_clean() {
    loom::model(|| {
        let table = Arc::new(StripeTable::default());
        let first = table.open_column();
        let chunk = table.lease(first);
        chunk[place_in(first)].success();
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let column = table.open_column();
                assert_eq!(sum(&table, column), Counts::default());
                column
            })
        };
        table.close_column(first);
        let second = other.join().expect("no panic");
        assert_eq!(sum(&table, second), Counts::default());
        table.give_back(run_of(first), chunk);
    });
}
