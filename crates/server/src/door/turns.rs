//! How many at one time: all together, and of one asker.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// So many at one time, and so many of those for one asker.
#[derive(Debug)]
pub(crate) struct Turns {
    most: usize,
    each: usize,
    /// How many each asker has.
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    asker: String,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

impl Turns {
    pub(crate) fn new(most: usize, each: usize) -> Turns {
        Turns { most, each, taken: Arc::default() }
    }

    /// One for this asker, if there is one left for them.
    pub(crate) fn take(&self, asker: String) -> Option<Turn> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= self.most
            || taken.get(&asker).is_some_and(|own| *own >= self.each)
        {
            return None;
        }
        *taken.entry(asker.clone()).or_default() += 1;
        Some(Turn { asker, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.asker) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.asker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_and_what_is_dropped_can_be_taken_again() {
        let turns = Turns::new(3, 2);
        let take = |asker: &str| turns.take(asker.to_owned());
        let (first, second) = (take("a"), take("a"));
        assert!(first.is_some() && second.is_some() && take("a").is_none());
        let third = take("b");
        assert!(third.is_some() && take("c").is_none());
        drop(first);
        assert!(take("c").is_some());
        drop((second, third));
        assert!(turns.taken.lock().is_ok_and(|taken| taken.is_empty()));
    }
}
