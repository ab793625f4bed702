//! A tiny seeded generator (SplitMix64, Steele, Lea and Flood 2014). The demo country must come out the same on
//! every machine and with every version of every library, so it does not lean on one; it guards no secret.

use uuid::{Builder, Uuid};

use super::super::id::Moment;

#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// One independent stream for each (seed, stream) pair.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed ^ stream.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let start = mixed.next();
        Self(start ^ mixed.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 ≤ x < 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number of `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0) + 1;
        low + i64::try_from(self.next() % span).unwrap_or(0)
    }

    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % (count.max(1) as u64)).unwrap_or(0)
    }

    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len()))
    }

    /// Exponentially distributed around `mean`.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// How many events of this mean rate happen (Poisson; for small means).
    pub fn events(&mut self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let (mut product, mut count) = (self.unit(), 0);
        while product > limit && count < 50 {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// A UUIDv7 that looks made at `at`.
    pub fn uuid(&mut self, at: Moment) -> Uuid {
        let mut tail = [0_u8; 10];
        let bytes = self.next().to_le_bytes().into_iter().chain(self.next().to_le_bytes());
        tail.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }

    /// A referral's code in the shape the service gives: `K7QM-2XRT`.
    pub fn code(&mut self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut code = String::with_capacity(9);
        for at in 0..8 {
            if at == 4 {
                code.push('-');
            }
            code.push(char::from(self.pick(LETTERS).copied().unwrap_or(b'A')));
        }
        code
    }
}
