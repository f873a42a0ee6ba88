//! What docs/reliability.md promises of a large statement that is said again with a little changed, and of a server's memory.

/// The most that each may be on the average: megabytes on disk, seconds; and the memory of the whole run, megabytes.
const AGAIN: [(&str, f64); 3] = [("each_mb", 0.25), ("each_wall_s", 1.0), ("peak_mb", 200.0)];

/// How many times as much memory a server may have in the last minute as in the third.
const MOST_GROWTH: f64 = 1.5;
/// Runs that have fewer minutes tell nothing of growth.
const MINUTES: usize = 5;

/// Whether a statement said again costs no more than is promised, by the figures that its test printed (`NAME=NUMBER`). Says
/// what is missing or too much.
pub(super) fn is_kept(lines: &[String]) -> bool {
    let broken = broken(lines);
    for sentence in &broken {
        eprintln!("NOT KEPT: {sentence}");
    }
    broken.is_empty()
}

fn broken(lines: &[String]) -> Vec<String> {
    let figure = |name: &str| {
        let words = lines.iter().flat_map(|line| line.split_whitespace());
        words
            .filter_map(|word| word.split_once('='))
            .find_map(|(known, figure)| if known == name { figure.parse::<f64>().ok() } else { None })
    };
    AGAIN
        .iter()
        .filter_map(|(name, most)| match figure(name) {
            Some(figure) if figure <= *most => None,
            Some(figure) => Some(format!("{name} is {figure}, promised are {most}")),
            None => Some(format!("{name} was not measured")),
        })
        .collect()
}

/// Whether memory is flat, of the most megabytes of a server in each of so many whole minutes; what a run begins of one more
/// minute is none.
pub(super) fn is_flat(most: &[f64], minutes: usize) -> bool {
    let whole = &most[..minutes.min(most.len())];
    match (whole.get(2), whole.last()) {
        (Some(third), Some(last)) if minutes >= MINUTES => *last <= third * MOST_GROWTH,
        _ => minutes < MINUTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_broken_by_what_is_too_much_and_by_what_is_missing() {
        let kept =
            "again: claims=190000 first_mb=8.40 each_mb=0.166 each_wall_s=0.57 slowest_s=9 peak_mb=114";
        assert_eq!(broken(&[kept.to_owned()]), Vec::<String>::new());
        for (changed, name) in [
            (kept.replace("0.166", "0.251"), "each_mb"),
            (kept.replace("0.57", "1.01"), "each_wall_s"),
            (kept.replace("=114", "=201"), "peak_mb"),
            (kept.replace("peak_mb", "peak"), "peak_mb"),
        ] {
            let broken = broken(&[changed]);
            assert!(broken.len() == 1 && broken[0].starts_with(name), "{broken:?}");
        }
        assert_eq!(broken(&[]).len(), AGAIN.len());
    }

    #[test]
    fn memory_that_grows_is_not_flat() {
        let measured = [73.0, 87.0, 93.0, 98.0, 102.0, 103.0, 93.0, 94.0, 95.0, 90.0, 90.0];
        assert!(is_flat(&measured, 10));
        assert!(!is_flat(&[50.0, 60.0, 70.0, 90.0, 106.0], 5));
        assert!(is_flat(&[50.0, 60.0, 70.0, 90.0, 104.0, 300.0], 5));
        // Too short a run tells nothing; a run whose minutes nobody watched does.
        assert!(is_flat(&[61.0, 600.0], 2));
        assert!(!is_flat(&[61.0, 60.0], 5));
    }
}
