//! Sums, chunks that change hands, and columns that are used again.

use super::{CHUNK, Counts, StripeTable, place_in, run_of};
use crate::machine::RejectReason;

fn sum(table: &StripeTable, column: u32) -> Counts {
    let mut counts = Counts::default();
    table.sum(column, &mut counts);
    counts
}

#[test]
fn each_column_counts_for_itself() {
    let table = StripeTable::new();
    let columns: Vec<u32> = (0..CHUNK as u32 * 2 + 1)
        .map(|_| table.open_column())
        .collect();
    for &column in &columns {
        let chunk = table.lease(column);
        for _ in 0..=column {
            chunk[place_in(column)].success();
        }
        chunk[place_in(column)].rejected(RejectReason::HalfOpen);
        table.give_back(run_of(column), chunk);
    }
    for &column in &columns {
        let counts = sum(&table, column);
        assert_eq!(counts.success, u64::from(column) + 1);
        assert_eq!(counts.rejected, [0, 1, 0]);
    }
}

#[test]
fn a_chunk_given_back_is_leased_again_and_keeps_its_counts() {
    let table = StripeTable::new();
    let column = table.open_column();
    for _ in 0..3 {
        let chunk = table.lease(column);
        chunk[place_in(column)].success();
        table.give_back(run_of(column), chunk);
    }
    assert_eq!(sum(&table, column).success, 3);
    assert_eq!(super::lock(&table.inner).runs[0].chunks.len(), 1);
}

#[test]
fn two_leases_at_once_are_two_chunks() {
    let table = StripeTable::new();
    let column = table.open_column();
    let (one, two) = (table.lease(column), table.lease(column));
    one[place_in(column)].success();
    two[place_in(column)].success();
    assert_eq!(sum(&table, column).success, 2);
}

#[test]
fn a_column_is_used_again_at_zero() {
    let table = StripeTable::new();
    let first = table.open_column();
    let chunk = table.lease(first);
    chunk[place_in(first)].success();
    chunk[place_in(first)].rejected(RejectReason::Open);
    table.close_column(first);
    let second = table.open_column();
    assert_eq!(second, first);
    assert_eq!(sum(&table, second), Counts::default());
}
