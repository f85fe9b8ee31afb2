//! Sums, chunks that change hands, and places that are used again.

use super::{Counts, Place, StripeTable, lock, size_of_run};
use crate::machine::RejectReason;

fn sum(table: &StripeTable, place: Place) -> Counts {
    let mut counts = Counts::default();
    table.sum(place, &mut counts);
    counts
}

/// Counts once in a chunk of its own, as a thread that lives for one call would.
fn count(table: &StripeTable, place: Place) {
    let chunk = table.lease(place.run);
    chunk[place.index as usize].success();
    table.give_back(place.run, chunk);
}

#[test]
fn places_fill_each_run_and_then_the_next() {
    let (mut run, mut index) = (0, 0);
    // Miri takes a second for a thousand.
    for n in 0..if cfg!(miri) { 1_000 } else { 100_000 } {
        assert_eq!(Place::nth(n), Place { run, index });
        index += 1;
        if index == size_of_run(run) {
            (run, index) = (run + 1, 0);
        }
    }
    assert_eq!(size_of_run(8), 8_192);
    assert_eq!(size_of_run(9), 16_384);
    assert_eq!(size_of_run(1_000), 16_384);
}

#[test]
fn each_place_counts_for_itself() {
    static TABLE: StripeTable = StripeTable::new();
    let places: Vec<Place> = (0..200).map(|_| TABLE.open()).collect();
    for (number, &place) in places.iter().enumerate() {
        (0..number % 7).for_each(|_| count(&TABLE, place));
        let chunk = TABLE.lease(place.run);
        chunk[place.index as usize].rejected(RejectReason::HalfOpen);
        TABLE.give_back(place.run, chunk);
    }
    for (number, &place) in (0..).zip(&places) {
        let counts = sum(&TABLE, place);
        assert_eq!(
            (counts.settled, counts.rejected),
            ([number % 7, 0, 0, 0], [0, 1, 0])
        );
    }
}

#[test]
fn a_chunk_given_back_is_leased_again_and_keeps_its_counts() {
    static TABLE: StripeTable = StripeTable::new();
    let place = TABLE.open();
    (0..3).for_each(|_| count(&TABLE, place));
    assert_eq!(sum(&TABLE, place).settled[0], 3);
    assert_eq!(lock(&TABLE.inner).runs[0].chunks.len(), 1);
}

#[test]
fn two_leases_at_once_are_two_chunks() {
    static TABLE: StripeTable = StripeTable::new();
    let place = TABLE.open();
    let (one, two) = (TABLE.lease(place.run), TABLE.lease(place.run));
    one[place.index as usize].success();
    two[place.index as usize].success();
    assert_eq!(sum(&TABLE, place).settled[0], 2);
}

#[test]
fn a_place_is_used_again_at_zero() {
    static TABLE: StripeTable = StripeTable::new();
    let first = TABLE.open();
    let chunk = TABLE.lease(first.run);
    chunk[first.index as usize].success();
    chunk[first.index as usize].rejected(RejectReason::Open);
    TABLE.close(first);
    let second = TABLE.open();
    assert_eq!(second, first);
    assert_eq!(sum(&TABLE, second), Counts::default());
}
