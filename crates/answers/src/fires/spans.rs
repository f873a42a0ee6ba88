//! Spans of time that may overlap.

/// The time that at least one of the spans covers, in milliseconds. Spans are begin and end; one that ends before it
/// begins covers nothing.
pub fn union_ms(spans: impl Iterator<Item = (i64, i64)>) -> u64 {
    let mut spans: Vec<(i64, i64)> = spans.filter(|(begin, end)| begin < end).collect();
    spans.sort_unstable();
    let mut covered: u64 = 0;
    let mut until = i64::MIN;
    for (begin, end) in spans {
        let from = begin.max(until);
        if end > from {
            covered = covered.saturating_add(end.abs_diff(from));
            until = end;
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn union(spans: &[(i64, i64)]) -> u64 {
        union_ms(spans.iter().copied())
    }

    #[test]
    fn what_overlaps_counts_once() {
        assert_eq!(union(&[]), 0);
        assert_eq!(union(&[(0, 10), (20, 25)]), 15);
        assert_eq!(union(&[(5, 15), (0, 10)]), 15);
        assert_eq!(union(&[(0, 100), (10, 20), (30, 40)]), 100);
        assert_eq!(union(&[(0, 10), (10, 20)]), 20);
        assert_eq!(union(&[(7, 3), (4, 4)]), 0);
        assert_eq!(union(&[(i64::MIN, i64::MAX)]), u64::MAX);
    }

    #[test]
    fn the_union_is_what_a_count_of_single_moments_gives() {
        let mut random = crate::statistics::Random::new(3);
        for _ in 0..200 {
            let mut at = || random.below(40) as i64;
            let spans: Vec<(i64, i64)> = (0..6).map(|_| (at(), at())).collect();
            let moments = (0..40).filter(|at| spans.iter().any(|(begin, end)| begin <= at && at < end));
            assert_eq!(union(&spans), moments.count() as u64, "{spans:?}");
        }
    }
}
