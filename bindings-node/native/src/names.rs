//! Breakers that the threads of a process share by name.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use breaker::engine::Engine;
use breaker::machine::Rules;

use crate::places::{self, Place};

struct Named {
    place: Place,
    rules: Rules,
    /// How many threads hold it.
    holders: usize,
}

static NAMES: Mutex<BTreeMap<String, Named>> = Mutex::new(BTreeMap::new());

fn names() -> MutexGuard<'static, BTreeMap<String, Named>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One more thread holds the breaker of this name. The first to ask makes it, of its rules; none if it was made of
/// others. Without rules, whatever is there is right, and the defaults where nothing is.
pub(crate) fn hold(name: &str, rules: Rules, any_rules: bool) -> Option<Place> {
    let mut names = names();
    if let Some(named) = names.get_mut(name) {
        if !any_rules && named.rules != rules {
            return None;
        }
        named.holders += 1;
        return Some(named.place);
    }
    let place = places::take(Engine::new(&rules));
    let named = Named {
        place,
        rules,
        holders: 1,
    };
    names.insert(name.to_owned(), named);
    Some(place)
}

/// A thread that held it does so no more. With the last one the breaker is gone, and the next to ask makes a new one.
pub(crate) fn release(name: &str) {
    let mut names = names();
    if let Some(named) = names.get_mut(name) {
        named.holders -= 1;
        if named.holders == 0 {
            let place = named.place;
            names.remove(name);
            // SAFETY: the last holder does not use it any more, and nobody finds it by its name.
            unsafe { places::give_back(place) };
        }
    }
}
