//! The little statistics that answers need, each with the source of its formula.
//!
//! Everything here is deterministic: the same sample gives the same interval, in any order and on any day. A
//! confidence is a share, such as [`CONFIDENCE`], and is held between 0.5 and 0.9999. Where a sample is too
//! small for an interval, there is none: nothing here guesses.

use serde::Serialize;

/// The confidence that answers use where they don't say another: 95 %.
pub const CONFIDENCE: f64 = 0.95;
/// Steps of a series or a continued fraction, far more than converging ones take.
const STEPS: u32 = 100_000;
/// Halvings of a bisection: more than a double has digits.
const HALVINGS: u32 = 200;

/// From where to where the true value may lie, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end, never below the lower one.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies in it.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Both ends times a factor that isn't negative: a count per another unit of time.
    #[must_use]
    pub fn times(self, factor: f64) -> Interval {
        Interval { low: self.low * factor, high: self.high * factor }
    }
}

/// A sample in ascending order, without what is no number.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts a sample; infinite values and those that are no number are left out.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Sorted {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        Sorted(values)
    }

    /// The values, the smallest first.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The middle one; of an even number the mean of the two in the middle.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The value below which this share of the sample lies, between two values on the line between them (type 7 of
    /// Hyndman and Fan, "Sample quantiles in statistical packages", 1996).
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        let at = share.clamp(0.0, 1.0) * last as f64;
        let below = at.floor() as usize;
        let low = *self.0.get(below)?;
        let high = self.0.get(below + 1).copied().unwrap_or(low);
        Some(low + (at - below as f64) * (high - low))
    }

    /// The interval of a quantile from two values of the sample, without any assumption on how values are spread
    /// (order statistics; David and Nagaraja, "Order Statistics", section 7.1). Absent where the sample is too small:
    /// a median at 95 % needs six values.
    pub fn quantile_interval(&self, share: f64, confidence: f64) -> Option<Interval> {
        let count = self.0.len() as u64;
        let share = share.clamp(0.0, 1.0);
        let tail = tail(confidence);
        // Below the quantile lie B values, B binomial. The lower end is the largest rank r with P(B < r) within the
        // tail; the upper end likewise from above, which is the same question about the values turned round.
        let low = rank_within_tail(count, share, tail)?;
        let high = rank_within_tail(count, 1.0 - share, tail)?;
        let low = *self.0.get(usize::try_from(low - 1).ok()?)?;
        let high = *self.0.get(usize::try_from(count - high).ok()?)?;
        (low <= high).then_some(Interval { low, high })
    }
}

/// The largest rank r, from 1, with P(B < r) ≤ tail for a binomial B of `count` trials; absent: there is none.
fn rank_within_tail(count: u64, share: f64, tail: f64) -> Option<u64> {
    if count == 0 || share <= 0.0 {
        return None;
    }
    if share >= 1.0 {
        return Some(count);
    }
    let mean = count as f64 * share;
    // Twelve standard deviations below the mean nothing is left that a double would notice.
    let from = (mean - 12.0 * (mean * (1.0 - share)).sqrt()).floor().max(0.0) as u64;
    let mut below = 0.0;
    for hits in from..count {
        below += binomial(count, hits, share);
        if below > tail {
            return (hits > 0).then_some(hits);
        }
    }
    Some(count)
}

/// P(B = hits), 0 < share < 1.
fn binomial(count: u64, hits: u64, share: f64) -> f64 {
    let (n, k) = (count as f64, hits as f64);
    let ways = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    (ways + k * share.ln() + (n - k) * (1.0 - share).ln()).exp()
}

/// The interval of a share (Wilson, "Probable inference, the law of succession, and statistical inference", 1927).
/// Absent without trials; hits beyond the trials count as all of them.
pub fn wilson(hits: u64, trials: u64, confidence: f64) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let n = trials as f64;
    let share = hits.min(trials) as f64 / n;
    let z = normal_quantile(1.0 - tail(confidence));
    let scale = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / scale;
    let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // With no hits, or nothing else, an end is exactly 0 or 1, which rounding would miss.
    let low = if hits == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if hits >= trials { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { low, high })
}

/// The exact interval of the mean of a Poisson count (Garwood, "Fiducial limits for the Poisson distribution", 1936).
/// For a rate divide both ends by the time in which the events were counted.
pub fn poisson(events: u64, confidence: f64) -> Interval {
    let tail = tail(confidence);
    let count = events as f64;
    let most = count + 20.0 * (count + 1.0).sqrt() + 40.0;
    let low = match events {
        0 => 0.0,
        _ => bisect(0.0, most, |mean| gamma_share(count, mean) < tail),
    };
    let high = bisect(0.0, most, |mean| gamma_share(count + 1.0, mean) < 1.0 - tail);
    Interval { low, high }
}

/// A percentile bootstrap (Efron, "Bootstrap methods: another look at the jackknife", 1979): `rounds` samples are drawn
/// with replacement and `statistic` is had of each. Deterministic: equal samples in equal order with an equal seed
/// give equal intervals, so the caller brings the sample into an order of its own. Absent for fewer than two values, or
/// where `statistic` gives nothing for most draws.
pub fn bootstrap<T>(
    sample: &[T],
    rounds: u32,
    seed: u64,
    confidence: f64,
    mut statistic: impl FnMut(&[&T]) -> Option<f64>,
) -> Option<Interval> {
    if sample.len() < 2 {
        return None;
    }
    let mut random = Random::new(seed);
    let mut draw: Vec<&T> = Vec::with_capacity(sample.len());
    let mut found = Vec::with_capacity(rounds as usize);
    for _ in 0..rounds {
        draw.clear();
        draw.extend((0..sample.len()).filter_map(|_| sample.get(random.below(sample.len()))));
        found.extend(statistic(&draw));
    }
    let found = Sorted::new(found);
    if found.values().len() * 2 < rounds as usize {
        return None;
    }
    let tail = tail(confidence);
    Some(Interval { low: found.quantile(tail)?, high: found.quantile(1.0 - tail)? })
}

/// Numbers that look random and are the same for the same seed (SplitMix64; Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014). Not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins at a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 for a limit of 0. The bias, at most limit / 2⁶⁴, is far below what could show.
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }

    /// A number from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The value below which a standard normal variable stays with this probability.
pub fn normal_quantile(probability: f64) -> f64 {
    let probability = probability.clamp(1e-12, 1.0 - 1e-12);
    bisect(-10.0, 10.0, |value| normal_share(value) < probability)
}

/// The probability that a standard normal variable stays below `value`: half of it by the incomplete gamma function
/// (DLMF 7.11.1).
fn normal_share(value: f64) -> f64 {
    let half = gamma_share(0.5, value * value / 2.0) / 2.0;
    if value < 0.0 { 0.5 - half } else { 0.5 + half }
}

/// What is left out on each side.
fn tail(confidence: f64) -> f64 {
    (1.0 - confidence.clamp(0.5, 0.9999)) / 2.0
}

/// Where a falling condition turns false, between two ends.
fn bisect(mut low: f64, mut high: f64, mut is_below: impl FnMut(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

/// The regularised lower incomplete gamma function P(a, x) for a > 0: by its series where x is small (DLMF 8.7.1), by its
/// continued fraction otherwise (DLMF 8.9.2, evaluated as in Lentz, "Generating Bessel functions", 1976).
fn gamma_share(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let mut term = 1.0 / a;
        let mut sum = term;
        let mut at = a;
        for _ in 0..STEPS {
            at += 1.0;
            term *= x / at;
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        return (front * sum).clamp(0.0, 1.0);
    }
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for step in 1..=STEPS {
        let i = f64::from(step);
        let numerator = -i * (i - a);
        b += 2.0;
        d = numerator * d + b;
        d = 1.0 / if d.abs() < tiny { tiny } else { d };
        c = b + numerator / c;
        c = if c.abs() < tiny { tiny } else { c };
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (1.0 - front * fraction).clamp(0.0, 1.0)
}

/// The logarithm of the gamma function for a > 0: Stirling's series (DLMF 5.11.1) above 10, where its error is below
/// 1e-13, and the recurrence Γ(a + 1) = a Γ(a) down from there.
fn ln_gamma(a: f64) -> f64 {
    let mut at = a;
    let mut product = 1.0;
    while at < 10.0 {
        product *= at;
        at += 1.0;
    }
    let inverse = 1.0 / at;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0
            - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    (at - 0.5) * at.ln() - at + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - f64::ln(product)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn near(found: Interval, low: f64, high: f64) {
        assert!(
            (found.low - low).abs() < 6e-5 && (found.high - high).abs() < 6e-5,
            "{found:?}: {low} {high}"
        );
    }

    /// The rows of Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
    #[test]
    fn shares_have_the_published_intervals() {
        for (hits, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            near(wilson(hits, trials, CONFIDENCE).unwrap(), low, high);
        }
        assert_eq!(wilson(0, 0, CONFIDENCE), None);
        assert_eq!(wilson(20, 20, CONFIDENCE).unwrap().high, 1.0);
        assert_eq!(wilson(21, 20, CONFIDENCE), wilson(20, 20, CONFIDENCE));
    }

    /// The usual table of exact limits.
    #[test]
    fn counts_have_the_published_intervals() {
        for (events, low, high) in
            [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (10, 4.7954, 18.3904)]
        {
            near(poisson(events, CONFIDENCE), low, high);
        }
        let hundred = poisson(100, CONFIDENCE);
        assert!((hundred.low - 81.36).abs() < 0.01 && (hundred.high - 121.63).abs() < 0.01, "{hundred:?}");
        let million = poisson(1_000_000, CONFIDENCE);
        assert!(
            (million.low - 998_041.0).abs() < 2.0 && (million.high - 1_001_962.0).abs() < 2.0,
            "{million:?}"
        );
    }

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        for (probability, value) in [(0.5, 0.0), (0.975, 1.959_963_984_54), (0.95, 1.644_853_626_95)] {
            assert!((normal_quantile(probability) - value).abs() < 1e-9, "{probability}");
        }
    }

    #[test]
    fn quantiles_lie_between_values() {
        let sample = Sorted::new([4.0, 1.0, f64::NAN, 3.0, 2.0, f64::INFINITY]);
        assert_eq!(sample.values(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(sample.median(), Some(2.5));
        assert_eq!(sample.quantile(0.0), Some(1.0));
        assert_eq!(sample.quantile(1.0), Some(4.0));
        assert_eq!(Sorted::new([7.0]).median(), Some(7.0));
        assert_eq!(Sorted::new([]).median(), None);
    }

    /// Ranks of the usual table for the median at 95 %.
    #[test]
    fn median_intervals_are_pairs_of_the_sample() {
        let ranks = |count: u32, low: f64, high: f64| {
            let sample = Sorted::new((1..=count).map(f64::from));
            assert_eq!(sample.quantile_interval(0.5, CONFIDENCE), Some(Interval { low, high }), "{count}");
        };
        ranks(6, 1.0, 6.0);
        ranks(10, 2.0, 9.0);
        ranks(20, 6.0, 15.0);
        ranks(100, 40.0, 61.0);
        assert_eq!(Sorted::new((1..=5).map(f64::from)).quantile_interval(0.5, CONFIDENCE), None);
        assert_eq!(Sorted::new([]).quantile_interval(0.5, CONFIDENCE), None);
    }

    #[test]
    fn bootstrap_of_a_mean_is_as_wide_as_theory_says() {
        let sample: Vec<f64> = (1..=100).map(f64::from).collect();
        let mean = |draw: &[&f64]| Some(draw.iter().copied().sum::<f64>() / draw.len() as f64);
        let found = bootstrap(&sample, 2_000, 7, CONFIDENCE, mean).unwrap();
        // The standard deviation of 1 to 100 is 28.866.
        let half = 1.96 * 28.866 / 10.0;
        assert!(
            (found.low - (50.5 - half)).abs() < 0.5 && (found.high - (50.5 + half)).abs() < 0.5,
            "{found:?}"
        );
        assert_eq!(bootstrap(&sample, 2_000, 7, CONFIDENCE, mean), Some(found));
        assert_eq!(bootstrap(&sample[..1], 100, 7, CONFIDENCE, mean), None);
        assert_eq!(bootstrap(&sample, 100, 7, CONFIDENCE, |_| None), None);
    }

    #[test]
    fn random_numbers_stay_below_their_limit_and_reach_all() {
        let mut random = Random::new(1);
        let mut seen = [0u32; 7];
        for _ in 0..7_000 {
            seen[random.below(7)] += 1;
            let unit = random.unit();
            assert!((0.0..1.0).contains(&unit));
        }
        assert!(seen.iter().all(|count| (850..1_150).contains(count)), "{seen:?}");
        assert_eq!(random.below(0), 0);
    }
}
