//! How often. Counts are this server's own, in memory: they end with it, and several servers count apart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many callers are remembered at one time.
const REMEMBERED: usize = 10_000;

/// How often somebody may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Times a minute, in the long run.
    pub per_minute: u32,
    /// Times at once, after a pause.
    pub at_once: u32,
}

impl Rate {
    const fn new(per_minute: u32, at_once: u32) -> Rate {
        Rate { per_minute, at_once }
    }
}

/// How often callers may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Writes of one person.
    pub person_writes: Rate,
    /// Writes with one token.
    pub machine_writes: Rate,
    /// Attempts to sign in as one user, from one address.
    pub sign_ins_as: Rate,
    /// Attempts to sign in as one user, from wherever. Wider: who only knows somebody's address shall not keep them out.
    pub sign_ins_of: Rate,
    /// Attempts to sign in from one address.
    pub sign_ins_from: Rate,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            person_writes: Rate::new(120, 60),
            machine_writes: Rate::new(6_000, 1_000),
            sign_ins_as: Rate::new(6, 10),
            sign_ins_of: Rate::new(60, 60),
            sign_ins_from: Rate::new(20, 20),
        }
    }
}

/// What was done lately, by whom.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// For each caller the instant at which all that they did is used up.
    used_up: Mutex<HashMap<String, Instant>>,
}

impl Rates {
    /// Counts one more, if it is within the rate.
    ///
    /// # Errors
    /// How long to wait, where it isn't; it doesn't count then.
    pub(crate) fn count(&self, who: &str, rate: Rate, now: Instant) -> Result<(), Duration> {
        // Each time uses up its part of a minute; what is used up ahead of now may be `at_once` parts at most.
        let part = Duration::from_secs(60) / rate.per_minute.max(1);
        let ahead = part * rate.at_once.max(1);
        let mut used_up = self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        let until = used_up.get(who).map_or(now, |until| (*until).max(now)) + part;
        if until > now + ahead {
            return Err(until - (now + ahead));
        }
        if used_up.len() >= REMEMBERED && !used_up.contains_key(who) {
            make_room(&mut used_up, now);
        }
        used_up.insert(who.to_owned(), until);
        Ok(())
    }
}

/// Forgets those who have nothing used up; where all have, the one that has least.
fn make_room(used_up: &mut HashMap<String, Instant>, now: Instant) {
    used_up.retain(|_, until| *until > now);
    if used_up.len() < REMEMBERED {
        return;
    }
    let least = used_up.iter().min_by_key(|(_, until)| **until).map(|(who, _)| who.clone());
    if let Some(least) = least {
        used_up.remove(&least);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn some_at_once_then_so_many_a_minute() {
        let (rates, rate, start) = (Rates::default(), Rate::new(60, 3), Instant::now());
        for _ in 0..3 {
            rates.count("a", rate, start).unwrap();
        }
        assert_eq!(rates.count("a", rate, start), Err(Duration::from_secs(1)));
        assert_eq!(rates.count("b", rate, start), Ok(()));
        // A refusal uses nothing up.
        assert_eq!(rates.count("a", rate, start + Duration::from_secs(1)), Ok(()));
        assert!(rates.count("a", rate, start + Duration::from_secs(1)).is_err());
        // A long pause gives no more than three at once.
        let later = start + Duration::from_secs(3_600);
        let at_once = (0..10).filter(|_| rates.count("a", rate, later).is_ok()).count();
        assert_eq!(at_once, 3);
    }

    #[test]
    fn a_flood_of_names_takes_no_more_memory() {
        let (rates, rate, now) = (Rates::default(), Rate::new(60, 3), Instant::now());
        for _ in 0..3 {
            rates.count("victim", rate, now).unwrap();
        }
        for name in 0..REMEMBERED + 50 {
            rates.count(&name.to_string(), rate, now).unwrap();
        }
        assert!(rates.used_up.lock().unwrap().len() <= REMEMBERED);
        // Who used up most is forgotten last.
        assert!(rates.count("victim", rate, now).is_err());
    }
}
