//! Windows against the plainest thing that can be one.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::{CallWindow, Content, Sample, TimeWindow};

const KINDS: [Sample; 4] = [
    Sample::SUCCESS,
    sample(true, false),
    sample(false, true),
    sample(true, true),
];

const fn sample(failure: bool, slow: bool) -> Sample {
    Sample { failure, slow }
}

fn content<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Content {
    let mut content = Content::default();
    for sample in samples {
        content.add(*sample, 1);
    }
    content
}

#[derive(Clone, Debug)]
enum Push {
    One(usize),
    Successes(u64),
    Clear,
}

fn pushes() -> impl Strategy<Value = Vec<Push>> {
    let push = prop_oneof![
        8 => (0..KINDS.len()).prop_map(Push::One),
        3 => (0..200_u64).prop_map(Push::Successes),
        1 => Just(Push::Clear),
    ];
    prop::collection::vec(push, 0..200)
}

/// Under miri a few cases: it looks for undefined behaviour, not for a wrong count, and is slow.
/// It has no files either, in which to keep one that fails.
fn config() -> ProptestConfig {
    if cfg!(miri) {
        ProptestConfig {
            cases: 4,
            failure_persistence: None,
            ..ProptestConfig::default()
        }
    } else {
        ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_window_of_calls_holds_the_last_ones(
        size in prop_oneof![1..5_u32, 60..70_u32, 126..131_u32, 190..200_u32],
        with_slow: bool,
        pushes in pushes(),
    ) {
        let mut window = CallWindow::new(size, with_slow);
        let mut plain = VecDeque::new();
        for push in pushes {
            match push {
                Push::One(kind) => {
                    let mut sample = KINDS[kind];
                    sample.slow &= with_slow;
                    let expected = window.content_with(sample);
                    window.push(sample);
                    prop_assert_eq!(window.content(), expected);
                    plain.push_back(sample);
                }
                Push::Successes(successes) => {
                    window.push_successes(successes);
                    plain.extend((0..successes).map(|_| Sample::SUCCESS));
                }
                Push::Clear => {
                    window.clear();
                    plain.clear();
                }
            }
            while plain.len() > size as usize {
                plain.pop_front();
            }
            prop_assert_eq!(window.content(), content(&plain));
        }
    }

    #[test]
    fn a_window_of_time_holds_the_last_stretches(
        buckets in 1..12_usize,
        width in prop_oneof![Just(1_u64), 2..5_u64, Just(1_000)],
        steps in prop::collection::vec((0..4_usize, 1..3_u64, -14_i64..16, any::<bool>()), 0..150),
    ) {
        let mut window = TimeWindow::new(width, buckets);
        let mut plain: Vec<(u64, Sample)> = Vec::new();
        let mut tick = 100_u64;
        for (kind, times, step, idle) in steps {
            tick = tick.saturating_add_signed(if idle { step * 3 } else { step / 8 });
            let now = tick * width + width / 2;
            let newest = window.newest_begins().map(|begins| begins / width);
            let read = window.content(now);
            if newest.is_some_and(|newest| newest.saturating_sub(tick) >= buckets as u64) {
                plain.clear();
            }
            let end = newest.filter(|newest| newest.saturating_sub(tick) < buckets as u64).map_or(tick, |newest| newest.max(tick));
            plain.retain(|(tick, _)| end - tick < buckets as u64);
            prop_assert_eq!(read, content(plain.iter().map(|(_, sample)| sample)));
            plain.extend((0..times).map(|_| (tick, KINDS[kind])));
            let after = window.put(KINDS[kind], times, now);
            prop_assert_eq!(after, content(plain.iter().map(|(_, sample)| sample)));
            prop_assert_eq!(after, window.content(now));
        }
    }
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let mut window = TimeWindow::new(1, 10);
    assert_eq!(window.put(Sample::SUCCESS, 2, u64::MAX).calls, 2);
    assert_eq!(window.content(0).calls, 0);
    assert_eq!(window.put(Sample::SUCCESS, 1, 0).calls, 1);
    assert_eq!(window.content(9).calls, 1);
    assert_eq!(window.content(10).calls, 0);
    assert_eq!(window.put(Sample::SUCCESS, 1, u64::MAX).calls, 1);
}

/// Successes that somebody else has counted go where the newest sample is, and nowhere in an empty window.
#[test]
fn counted_successes_are_in_the_newest_bucket() {
    let mut window = TimeWindow::new(7, 10);
    assert_eq!((window.width(), window.buckets()), (7, 10));
    window.put_successes_in_newest(5);
    assert_eq!((window.content(0).calls, window.newest_begins()), (0, None));
    window.put(KINDS[3], 1, 15);
    window.put(KINDS[1], 1, 22);
    window.put_successes_in_newest(5);
    assert_eq!(window.newest_begins(), Some(21));
    // The bucket of 14 is gone at 84, that of 21 at 91.
    for (now, calls, failures) in [(15, 7, 2), (83, 7, 2), (84, 6, 1), (90, 6, 1), (91, 0, 0)] {
        let content = window.content(now);
        assert_eq!((content.calls, content.failures), (calls, failures));
    }
}

#[test]
fn many_successes_leave_no_failure_in_the_largest_window() {
    let mut window = CallWindow::new(CallWindow::MAX_SIZE, true);
    window.push_successes(u64::MAX - 7);
    window.push(KINDS[3]);
    let full = u64::from(CallWindow::MAX_SIZE);
    assert_eq!(
        window.content(),
        Content {
            calls: full,
            failures: 1,
            slow: 1
        }
    );
    window.push_successes(full - 1);
    assert_eq!(window.content().failures, 1);
    window.push_successes(1);
    assert_eq!(
        window.content(),
        content(&vec![Sample::SUCCESS; full as usize])
    );
}
