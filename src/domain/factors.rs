//! Second factors: who must have one, what counts as a code, and how long a proof of identity stands. It must not know
//! where a secret is kept, nor how a passkey signs.

use chrono::TimeDelta;
use totp_rs::{Algorithm, Builder, Totp};

use super::accounts::Role;
use super::codes::codes;
use super::id::Moment;

codes! {
    /// Whether those who see the most must have a second factor.
    SecondFactor {
        Required,
        /// Nobody must have one; who has one proves it all the same.
        Off,
    }

    FactorKind {
        /// An authenticator app that shows a new code every half minute.
        Totp,
        /// A key that a telephone, a computer or a stick keeps and signs with.
        Passkey,
    }

    /// By what somebody proves who they are.
    Way { Password, Totp, Passkey, RecoveryCode }
}

impl From<FactorKind> for Way {
    fn from(kind: FactorKind) -> Self {
        match kind {
            FactorKind::Totp => Self::Totp,
            FactorKind::Passkey => Self::Passkey,
        }
    }
}

/// Most factors of one person.
pub const MOST_FACTORS: usize = 10;
/// How many recovery codes are made at a time.
pub const RECOVERY_CODES: usize = 10;
/// Letters of a recovery code, 5 bits each.
const RECOVERY_LETTERS: usize = 12;
/// How long an authenticator app may take to be set up.
pub const SET_UP_WITHIN: TimeDelta = TimeDelta::minutes(15);
/// How long a passkey may take to sign.
pub const SIGN_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// How long a proof of identity stands for what asks for a fresh one.
const PROOF_STANDS: TimeDelta = TimeDelta::minutes(15);

impl SecondFactor {
    /// Whether people of this role do nothing before they have a second factor.
    pub fn is_asked_of(self, role: Role) -> bool {
        self == Self::Required && role.needs_factor()
    }
}

/// Whether what was proved at `proved_at` still stands for what asks for a fresh proof.
pub fn is_fresh(proved_at: Moment, now: Moment) -> bool {
    now - proved_at <= PROOF_STANDS
}

/// What an authenticator app and the service both count codes from: RFC 6238 with SHA-1, six digits and steps of thirty
/// seconds, which is what every app understands.
pub struct OneTimeCodes(Totp);

impl OneTimeCodes {
    /// Bytes of a secret.
    pub const SECRET_BYTES: usize = 20;

    /// `None` if the secret is shorter than 16 bytes.
    pub fn of(secret: &[u8]) -> Option<Self> {
        let codes = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(30)
            .with_secret(secret.to_vec());
        codes.build().ok().map(Self)
    }

    /// The step whose code this is: the one of `now`, or the one before or after it. A code counts once, so whoever asks
    /// keeps the step and takes no code of the same or an older one.
    pub fn step_of(&self, code: &str, now: Moment) -> Option<i64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let seconds = u64::try_from(now.timestamp()).ok()?;
        self.0.check(&digits, seconds).and_then(|step| i64::try_from(step).ok())
    }

    /// The code of `now`: what the app shows.
    pub fn at(&self, now: Moment) -> String {
        self.0.generate(u64::try_from(now.timestamp()).unwrap_or(0)).to_string()
    }

    /// The secret as it is typed by hand, in Base32.
    pub fn secret(&self) -> String {
        self.0.secret().to_base32()
    }

    /// What an app reads from a QR code.
    pub fn uri(&self, account: &str) -> String {
        let mut label = String::new();
        for byte in account.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => label.push(char::from(byte)),
                _ => label.push_str(&format!("%{byte:02X}")),
            }
        }
        let secret = self.secret();
        format!("otpauth://totp/Panoh:{label}?secret={secret}&issuer=Panoh&algorithm=SHA1&digits=6&period=30")
    }
}

/// A recovery code in groups of four, as it is shown and kept on paper.
pub fn in_groups(letters: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// A recovery code as it was made, from what was typed: in either case, with or without its hyphens. `None` if it can be
/// none.
pub fn recovery_code(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let letters: String = letters.map(|c| c.to_ascii_uppercase()).collect();
    let known = letters.len() == RECOVERY_LETTERS && letters.bytes().all(|b| b.is_ascii_alphanumeric());
    known.then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;
    use strum::IntoEnumIterator;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Moment {
        Utc.timestamp_opt(seconds, 0).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six digits.
        let codes = OneTimeCodes::of(SECRET).unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(codes.at(at(seconds)), code);
            assert_eq!(codes.step_of(code, at(seconds)), Some(seconds / 30));
        }
        assert!(OneTimeCodes::of(b"too short").is_none());
    }

    #[test]
    fn a_code_is_taken_one_step_early_and_one_step_late() {
        let codes = OneTimeCodes::of(SECRET).unwrap();
        let code = codes.at(at(3000));
        for (seconds, taken) in [(2969, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(codes.step_of(&code, at(seconds)), taken.then_some(100), "{seconds}");
        }
        assert_eq!(
            codes.step_of(&format!("{} {}", &code[..3], &code[3..]), at(3000)),
            Some(100)
        );
        for wrong in [
            "",
            "1",
            "12345",
            "1234567",
            "+12345",
            "１２３４５６",
            "abcdef",
            "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
        ] {
            assert_eq!(codes.step_of(wrong, at(3000)), None, "{wrong:?}");
        }
        assert_eq!(
            codes.step_of(&code, at(-1)),
            None,
            "before the beginning there were no steps"
        );
    }

    #[test]
    fn an_app_reads_the_secret() {
        let codes = OneTimeCodes::of(SECRET).unwrap();
        assert_eq!(codes.secret(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            codes.uri("o+1@nur.example"),
            "otpauth://totp/Panoh:o%2B1%40nur.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Panoh\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_recovery_code_is_read_as_people_write() {
        assert_eq!(in_groups("K7QM2XRT9ABC"), "K7QM-2XRT-9ABC");
        for typed in ["K7QM-2XRT-9ABC", "k7qm2xrt9abc", " k7qm 2xrt\t9abc\n"] {
            assert_eq!(recovery_code(typed).as_deref(), Some("K7QM2XRT9ABC"));
        }
        for wrong in ["", "K7QM-2XRT", "K7QM-2XRT-9ABCD", "К7QM-2XRT-9ABC", "K7QM-2XRT-9AB_"] {
            assert_eq!(recovery_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn all_but_managers_need_one() {
        for role in [Role::Manager, Role::Officer, Role::Committee, Role::Admin] {
            assert_eq!(SecondFactor::Required.is_asked_of(role), role != Role::Manager);
            assert!(!SecondFactor::Off.is_asked_of(role));
        }
        assert!(FactorKind::iter().all(|kind| Way::from(kind).to_string() == kind.to_string()));
    }

    #[test]
    fn a_proof_stands_for_a_quarter_of_an_hour() {
        assert!(is_fresh(at(0), at(900)));
        assert!(!is_fresh(at(0), at(900) + TimeDelta::milliseconds(1)));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_stumble(typed in any::<String>(), seconds in any::<u32>()) {
            let _ = recovery_code(&typed);
            let _ = OneTimeCodes::of(SECRET).unwrap().step_of(&typed, at(i64::from(seconds)));
            prop_assert!(OneTimeCodes::of(SECRET).unwrap().uri(&typed).is_ascii());
        }
    }
}
