//! What a thread of JavaScript has of the addon: its answers, and the breakers that it holds.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::ptr;

use breaker::engine::Engine;
use breaker::machine::{Outcome, Rules, Ticket, Transition, Verdict, Word};
use interface::config::Draft;
use interface::numbers;
use interface::rows::{self, NONE, TRANSITION};
use napi_sys::{napi_env, napi_value};

use crate::boundary::{Failed, guarded};
use crate::entries::ENTRIES;
use crate::js::{Refused, done};
use crate::names;
use crate::places::{self, Place, Slab};

/// One for each environment: a thread, or a context in one, that has loaded the addon.
pub(crate) struct Instance {
    env: napi_env,
    pub(crate) answers: Answers,
    pub(crate) held: Holdings,
}

impl Instance {
    /// Tells JavaScript's collector that there are so many breakers more: what is behind a handle is no part of its heap.
    pub(crate) fn weigh(&self, breakers: i64) {
        let mut total = 0;
        let bytes = breakers * size_of::<Engine>() as i64;
        // SAFETY: an entry calls, on the thread of its environment. If it is not heard, nothing is lost.
        unsafe { napi_sys::napi_adjust_external_memory(self.env, bytes, &raw mut total) };
    }
}

/// What goes in and out by memory that both see: an `ArrayBuffer`, which is the first export.
pub(crate) struct Answers {
    memory: *mut Memory,
    pub(crate) text: String,
    pub(crate) draft: Option<Draft>,
}

/// As JavaScript finds it, at the places that `answer`, `made_rows` and `registers` say.
#[repr(C)]
struct Memory {
    answer: [u64; rows::ANSWER],
    made_rows: [[u64; TRANSITION]; 2],
    registers: [u32; 16],
    wait_ms: f64,
}

pub(crate) const MADE_ROWS: u32 = offset_of!(Memory, made_rows) as u32;
pub(crate) const REGISTERS: u32 = offset_of!(Memory, registers) as u32;

impl Answers {
    const fn memory(&mut self) -> &mut Memory {
        // SAFETY: the buffer is one of these, all of whose bits mean something, and it is kept until the instance is
        // dropped; JavaScript uses it only while no entry runs, and this is the one way to it here.
        unsafe { &mut *self.memory }
    }

    /// Arguments on the way in; on the way out the answer first and how many transitions were made last.
    pub(crate) const fn registers(&mut self) -> &mut [u32; 16] {
        &mut self.memory().registers
    }

    /// Writes what is left of a wait.
    pub(crate) fn wait(&mut self, left: Option<u64>) {
        self.memory().wait_ms = rows::milliseconds(left.unwrap_or(NONE));
    }

    /// Writes for how long a server asks not to be called; answers whether it asks.
    pub(crate) fn asked(&mut self, asked: Option<u64>) -> u32 {
        if asked.is_some() {
            self.wait(asked);
        }
        asked.is_some().into()
    }

    /// Writes rows, one behind the other; answers how many.
    pub(crate) fn write<const N: usize>(
        &mut self,
        rows: impl IntoIterator<Item = [u64; N]>,
    ) -> u32 {
        let places = self.memory().answer.chunks_exact_mut(N);
        let mut count = 0;
        for (place, row) in places.zip(rows) {
            place.copy_from_slice(&row);
            count += 1;
        }
        count
    }

    /// Writes down what an operation made; answers how many.
    pub(crate) fn note(&mut self, transitions: [Option<Transition>; 2]) -> u32 {
        let mut count = 0;
        for transition in transitions.iter().flatten() {
            self.memory().made_rows[count as usize] = rows::row(transition);
            count += 1;
        }
        self.registers()[15] = count;
        count
    }

    /// The rules that were written.
    pub(crate) fn rules(&mut self) -> Option<Rules> {
        match self.draft.take().unwrap_or_default().rules() {
            Ok(rules) => Some(rules),
            Err(words) => {
                self.text = words;
                None
            }
        }
    }
}

/// The breakers that a thread holds: what it names must be one of them.
#[derive(Default)]
pub(crate) struct Holdings {
    slabs: Vec<Held>,
    shared: BTreeMap<Place, Shared>,
}

/// A slab, and which of its breakers are held.
#[derive(Clone, Copy, Default)]
struct Held {
    slab: Option<&'static Slab>,
    places: u64,
}

/// A breaker that other threads may hold, too.
struct Shared {
    name: String,
    /// How often JavaScript has asked for it.
    handles: usize,
    /// Probes that are not settled, by their permit. The thread may be terminated, and its probes' slots are not its own.
    probes: BTreeMap<u32, usize>,
}

impl Holdings {
    /// The breaker of a host's number.
    #[inline(always)]
    pub(crate) fn engine(&self, number: u32) -> Result<&Engine, Failed> {
        let (place, slab) = self.place(number)?;
        // SAFETY: it is held, and so not given back while `self` is borrowed.
        Ok(unsafe { slab.engine(place.index()) })
    }

    /// Where the breaker of a host's number stands.
    #[inline(always)]
    pub(crate) fn place(&self, number: u32) -> Result<(Place, &'static Slab), Failed> {
        if let Some(place) = Place::numbered(number)
            && let Some(Held {
                slab: Some(slab),
                places,
            }) = self.slabs.get(place.slab())
            && places >> place.index() & 1 == 1
        {
            Ok((place, slab))
        } else {
            Err(Failed::NoSuchBreaker)
        }
    }

    fn add(&mut self, place: Place) {
        if self.slabs.len() <= place.slab() {
            self.slabs.resize(place.slab() + 1, Held::default());
        }
        let held = &mut self.slabs[place.slab()];
        held.slab.get_or_insert_with(|| places::slab_of(place));
        held.places |= 1 << place.index();
    }

    /// Makes a breaker that is this thread's alone.
    pub(crate) fn make(&mut self, rules: &Rules) -> Place {
        let place = places::take(Engine::new(rules));
        self.add(place);
        place
    }

    /// Holds a shared breaker, once more; none if it was made of other rules.
    pub(crate) fn share(&mut self, name: &str, rules: Rules, any_rules: bool) -> Option<Place> {
        let place = names::hold(name, rules, any_rules)?;
        if let Some(shared) = self.shared.get_mut(&place) {
            // The thread counts as one holder.
            names::release(name);
            shared.handles += 1;
        } else {
            self.add(place);
            let shared = Shared {
                name: name.to_owned(),
                handles: 1,
                probes: BTreeMap::new(),
            };
            self.shared.insert(place, shared);
        }
        Some(place)
    }

    /// Lets go of a breaker.
    pub(crate) fn free(&mut self, number: u32) -> Result<(), Failed> {
        let (place, _) = self.place(number)?;
        match self.shared.get_mut(&place) {
            Some(shared) if shared.handles > 1 => shared.handles -= 1,
            _ => self.let_go(place),
        }
        Ok(())
    }

    fn let_go(&mut self, place: Place) {
        let shared = self.shared.remove(&place);
        if let (Some(shared), Ok(engine)) = (&shared, self.engine(place.number())) {
            for (permit, count) in &shared.probes {
                for _ in 0..*count {
                    let ticket = Ticket::from(Word::from_bits((*permit).into()));
                    // It changes no state, so that any time will do.
                    let _ = engine.settle(ticket, Outcome::Cancelled.into(), Some(0));
                }
            }
        }
        self.slabs[place.slab()].places &= !(1 << place.index());
        match shared {
            Some(shared) => names::release(&shared.name),
            // SAFETY: it was this thread's alone, and is not in its list any more.
            None => unsafe { places::give_back(place) },
        }
    }

    /// An admission has let a call through.
    pub(crate) fn admitted(&mut self, number: u32, verdict: Verdict, permit: u32) {
        if let Verdict::Admitted(word) = verdict
            && word.is_probe()
            && let Some(shared) = Place::numbered(number).and_then(|it| self.shared.get_mut(&it))
        {
            *shared.probes.entry(permit).or_default() += 1;
        }
    }

    /// A permit was settled.
    pub(crate) fn settled(&mut self, number: u32, permit: Word) {
        if !self.shared.is_empty()
            && let Some(shared) = Place::numbered(number).and_then(|it| self.shared.get_mut(&it))
            && let Some(count) = shared.probes.get_mut(&numbers::permit(permit))
        {
            *count -= 1;
            if *count == 0 {
                shared.probes.remove(&numbers::permit(permit));
            }
        }
    }

    fn all(&self) -> Vec<Place> {
        let places = |(slab, held): (usize, &Held)| {
            let places = held.places;
            (0..places::SLAB)
                .filter(move |index| places >> index & 1 == 1)
                .map(move |index| Place::at(slab, index))
        };
        self.slabs.iter().enumerate().flat_map(places).collect()
    }
}

impl Drop for Holdings {
    /// The thread has ended, perhaps in the middle of something.
    fn drop(&mut self) {
        for place in self.all() {
            self.let_go(place);
        }
    }
}

/// Makes an instance, and gives it to every entry.
///
/// # Safety
///
/// Node calls, on the thread of this environment.
pub(crate) unsafe fn start(env: napi_env, exports: napi_value) -> Result<(), Refused> {
    let (mut memory, mut buffer, mut reference) =
        (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: Node's call, and places for the answers. The reference keeps the buffer for as long as the environment
    // lives. (An `ArrayBuffer` begins at a multiple of 8 at least.)
    unsafe {
        done(napi_sys::napi_create_arraybuffer(
            env,
            size_of::<Memory>(),
            &raw mut memory,
            &raw mut buffer,
        ))?;
        done(napi_sys::napi_create_reference(
            env,
            buffer,
            1,
            &raw mut reference,
        ))?;
        name(env, exports, "memory", buffer)?;
    }
    let instance = Box::into_raw(Box::new(Instance {
        env,
        answers: Answers {
            memory: memory.cast(),
            text: String::new(),
            draft: None,
        },
        held: Holdings::default(),
    }));
    // SAFETY: Node's call; the hook takes the instance back, after the last line of JavaScript has run.
    unsafe {
        done(napi_sys::napi_add_env_cleanup_hook(
            env,
            Some(end),
            instance.cast(),
        ))?
    };
    for (entry, function) in ENTRIES {
        let mut value = ptr::null_mut();
        // SAFETY: Node's call. The entries are of this crate, and are handed their instance.
        unsafe {
            done(napi_sys::napi_create_function(
                env,
                entry.as_ptr().cast::<c_char>(),
                entry.len() as isize,
                *function,
                instance.cast::<c_void>(),
                &raw mut value,
            ))?;
            name(env, exports, entry, value)?;
        }
    }
    Ok(())
}

/// Puts a value in the exports.
///
/// # Safety
///
/// Values of this environment, on its thread.
unsafe fn name(
    env: napi_env,
    exports: napi_value,
    name: &str,
    value: napi_value,
) -> Result<(), Refused> {
    let mut key = ptr::null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        done(napi_sys::napi_create_string_utf8(
            env,
            name.as_ptr().cast(),
            name.len() as isize,
            &raw mut key,
        ))?;
        done(napi_sys::napi_set_property(env, exports, key, value))
    }
}

/// Called by Node when the environment ends, of itself or because its thread is terminated.
unsafe extern "C" fn end(instance: *mut c_void) {
    guarded((), || {
        // SAFETY: `start` made it, and Node calls this once; no entry runs, and none will.
        drop(unsafe { Box::from_raw(instance.cast::<Instance>()) });
    });
}
