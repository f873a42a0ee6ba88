//! Numbers that look random and are the same everywhere.

/// SplitMix64 (Steele, Lea and Flood 2014): one word of state, any seed will do.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A generator for a part of the work, whatever the other parts draw.
    pub(crate) fn part(seed: u64, part: u64) -> Random {
        let mut random = Random(seed ^ part.wrapping_mul(0xd134_2543_de82_ef95));
        Random(random.bits())
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform, above 0 and below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// Box and Muller 1958.
    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Gamma with mean `shape`; Marsaglia and Tsang 2000, with their step for shapes below 1.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.unit().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}

/// How long something takes: a mean, and the squared coefficient of variation (`scv`) of its law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Law {
    Fixed { mean: f64 },
    Exponential { mean: f64 },
    Gamma { mean: f64, scv: f64 },
    LogNormal { mean: f64, scv: f64 },
}

impl Law {
    /// The law of a mean and a variation, of which nothing else is known: fixed, exponential or gamma.
    pub(crate) fn of(mean: f64, scv: f64) -> Law {
        if scv == 0.0 {
            Law::Fixed { mean }
        } else if scv == 1.0 {
            Law::Exponential { mean }
        } else {
            Law::Gamma { mean, scv }
        }
    }

    pub(crate) fn draw(self, random: &mut Random) -> f64 {
        match self {
            Law::Fixed { mean } => mean,
            Law::Exponential { mean } => mean * random.exponential(),
            Law::Gamma { mean, scv } => mean * scv * random.gamma(1.0 / scv),
            Law::LogNormal { mean, scv } => {
                let variance = (1.0 + scv).ln();
                mean * (variance.sqrt() * random.normal() - variance / 2.0).exp()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_have_their_mean_and_variation() {
        let laws = [
            (Law::of(2.0, 0.0), 0.0),
            (Law::of(2.0, 1.0), 1.0),
            (Law::of(2.0, 0.25), 0.25),
            (Law::of(2.0, 2.0), 2.0),
            (Law::LogNormal { mean: 2.0, scv: 0.5 }, 0.5),
        ];
        for (law, scv) in laws {
            let mut random = Random::part(7, 0);
            let drawn: Vec<f64> = (0..200_000).map(|_| law.draw(&mut random)).collect();
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
            assert!((mean - 2.0).abs() < 0.03, "{law:?}: {mean}");
            assert!((variance / (mean * mean) - scv).abs() < 0.06, "{law:?}: {variance}");
        }
    }

    #[test]
    fn parts_differ_and_come_again() {
        let draw = |part| Random::part(1, part).unit();
        assert_eq!(draw(3), draw(3));
        assert!((draw(3) - draw(4)).abs() > 1e-9);
    }
}
