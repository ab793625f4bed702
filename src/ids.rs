//! The one place that makes identifiers and secrets. Tests count instead, so that their answers repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid};

use crate::domain::id::Moment;

/// Letters and digits nobody confuses when a code is read out on the telephone.
const CODE_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

#[derive(Clone)]
pub enum Ids {
    System,
    /// Counts up from one: for tests and for the demo, whose data is the same each time.
    Counted(Arc<AtomicU64>),
}

impl Ids {
    pub fn counted() -> Self {
        Self::Counted(Arc::new(AtomicU64::new(0)))
    }

    /// A UUIDv7: ordered by time, so that rows made together lie together.
    pub fn uuid(&self, now: Moment) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let [_, _, _, _, _, _, tail @ ..] = self.bytes::<16>();
        Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }

    /// 256 secret bits.
    pub fn secret(&self) -> [u8; 32] {
        self.bytes::<32>()
    }

    /// A number used once under a cipher of 192-bit nonces.
    pub fn nonce(&self) -> [u8; 24] {
        self.bytes::<24>()
    }

    /// A referral's code: eight random letters in two groups, `K7QM-2XRT`.
    pub fn code(&self) -> String {
        let mut code = String::with_capacity(9);
        // Five bits a letter from one number, so that counted codes differ too.
        let number = u64::from_be_bytes(self.bytes::<8>());
        for (i, shift) in (0..8).rev().map(|letter| letter * 5).enumerate() {
            if i == 4 {
                code.push('-');
            }
            let letter = usize::try_from((number >> shift) & 31).unwrap_or(0);
            code.push(char::from(CODE_ALPHABET.get(letter).copied().unwrap_or(b'A')));
        }
        code
    }

    /// Twelve random letters, 60 bits: what stands on paper for a lost second factor.
    pub fn recovery_code(&self) -> String {
        let number = u64::from_be_bytes(self.bytes::<8>());
        let letter = |shift: u32| usize::try_from((number >> shift) & 31).unwrap_or(0);
        let letters = (0..12).rev().map(|place| letter(place * 5));
        let letters = letters.map(|at| char::from(CODE_ALPHABET.get(at).copied().unwrap_or(b'A')));
        letters.collect()
    }

    /// Eight random digits that a person copies from a screen into a telephone.
    pub fn digits(&self) -> String {
        // 2^64 is so much larger than 10^8 that no code is noticeably likelier than another.
        format!("{:08}", u64::from_be_bytes(self.bytes::<8>()) % 100_000_000)
    }

    #[expect(clippy::disallowed_methods, reason = "this is where randomness comes from")]
    #[expect(
        clippy::expect_used,
        reason = "without randomness from the system no secret can be made: stop"
    )]
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => getrandom::fill(&mut bytes).expect("the operating system gives random bytes"),
            Self::Counted(count) => {
                let n = count.fetch_add(1, Ordering::SeqCst) + 1;
                for (byte, counted) in bytes.iter_mut().rev().zip(n.to_be_bytes().into_iter().rev()) {
                    *byte = counted;
                }
            }
        }
        bytes
    }
}
