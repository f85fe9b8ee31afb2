//! A cell brought to the edge of something, what threads then do at once, and whether the machine explains it
//! by running them one after the other.
//!
//! One thing is allowed that no order explains: a success that is decided without the lock is counted a
//! little later, and enters the window then ([`Plain::decide`], [`Plain::count`]). Nothing else is, and no
//! success is lost or counted twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::home::{After, Answer, Home, Op, Plain, Shared};
use crate::machine::{Nanos, Rules, Word};

/// One thing that a thread does, and when.
pub(super) type Step = (Op, Nanos);

/// See the [module](self).
pub(super) struct Scene {
    rules: Rules,
    setup: Vec<Step>,
    threads: Vec<Vec<Step>>,
    /// When all is looked at afterwards.
    end: Nanos,
}

impl Scene {
    pub(super) fn new(rules: Rules, setup: &[Step], threads: &[&[Step]], end: Nanos) -> Self {
        Self {
            rules,
            setup: setup.to_vec(),
            threads: threads.iter().map(|steps| steps.to_vec()).collect(),
            end,
        }
    }

    /// Runs the threads in every order that loom finds; answers how many there were.
    pub(super) fn explore(self, preemptions: Option<usize>) -> usize {
        let executions = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&executions);
        let scene = Arc::new(self);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions;
        builder.check(move || {
            count.fetch_add(1, SeqCst);
            let mut home = Shared::new(&scene.rules);
            let permits = Arc::new(set_up(&mut home, &scene.setup));
            let handles: Vec<_> = (1..scene.threads.len())
                .map(|thread| {
                    let mut home = home.clone();
                    let (scene, permits) = (Arc::clone(&scene), Arc::clone(&permits));
                    loom::thread::spawn(move || run_all(&mut home, &scene.threads[thread], &permits))
                })
                .collect();
            let mut answers = vec![run_all(&mut home, &scene.threads[0], &permits)];
            answers.extend(handles.into_iter().map(|handle| handle.join().expect("no panic")));
            let after = home.after(scene.end);
            assert!(
                scene.explains(&answers, after),
                "no order explains it\nsetup: {:?}\nthreads: {:?}\nanswers: {answers:?}\nafter: {after:?}",
                scene.setup, scene.threads,
            );
        });
        executions.load(SeqCst)
    }

    /// Whether some order of the steps gives these answers and this end.
    fn explains(&self, answers: &[Vec<Answer>], after: After) -> bool {
        let mut plain = Plain::new(&self.rules);
        let permits = set_up(&mut plain, &self.setup);
        let explainer = Explainer {
            scene: self,
            permits: &permits,
            answers,
            after,
        };
        let threads = self.threads.len();
        explainer.explains_from(&plain, &vec![0; threads], &vec![None; threads])
    }
}

struct Explainer<'a> {
    scene: &'a Scene,
    permits: &'a [Word],
    answers: &'a [Vec<Answer>],
    after: After,
}

impl Explainer<'_> {
    /// From here on: how many steps each thread has done, and when it decided a success that is still to
    /// be counted.
    fn explains_from(&self, plain: &Plain, done: &[usize], uncounted: &[Option<Nanos>]) -> bool {
        let threads = &self.scene.threads;
        let ended =
            (0..threads.len()).all(|it| done[it] == threads[it].len() && uncounted[it].is_none());
        if ended {
            return self.is_end(plain.after(self.scene.end));
        }
        (0..threads.len()).any(|thread| {
            if let Some(now) = uncounted[thread] {
                let mut next = plain.clone();
                let uncounted = with(uncounted, thread, None);
                return next.count(now) && self.explains_from(&next, done, &uncounted);
            }
            let Some(&(op, now)) = threads[thread].get(done[thread]) else {
                return false;
            };
            let answer = self.answers[thread][done[thread]];
            if let (Op::FailAsking(..), Some(roomy)) = (op, plain.with_room()) {
                // Room is made before it is known whether it will be needed.
                if self.explains_from(&roomy, done, uncounted) {
                    return true;
                }
            }
            let done = with(done, thread, done[thread] + 1);
            let mut at_once = plain.clone();
            if at_once.run(op, self.permits, now) == answer
                && self.explains_from(&at_once, &done, uncounted)
            {
                return true;
            }
            let mut in_two = plain.clone();
            answer.is_nothing_but_applied()
                && in_two.decide(op, self.permits, now)
                && self.explains_from(&in_two, &done, &with(uncounted, thread, Some(now)))
        })
    }

    /// Whether the cell ended like this. Its word may still ask the next success in, where one that was counted
    /// since has made that needless; never the other way about.
    fn is_end(&self, plain: After) -> bool {
        let asks = Word::from_bits(plain.word.to_bits() | 1 << 60 | 1);
        let words = [plain.word, asks];
        words
            .iter()
            .any(|&word| self.after == After { word, ..plain })
    }
}

fn with<T: Clone>(all: &[T], index: usize, value: T) -> Vec<T> {
    let mut all = all.to_vec();
    all[index] = value;
    all
}

/// Brings a home here; answers the permits taken on the way.
fn set_up(home: &mut dyn Home, steps: &[Step]) -> Vec<Word> {
    let mut permits = Vec::new();
    for &(op, now) in steps {
        home.run(op, &permits, now);
        if op == Op::Admit {
            permits.push(home.word());
        }
    }
    permits
}

fn run_all(home: &mut dyn Home, steps: &[Step], permits: &[Word]) -> Vec<Answer> {
    steps
        .iter()
        .map(|&(op, now)| home.run(op, permits, now))
        .collect()
}
