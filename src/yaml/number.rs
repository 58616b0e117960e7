//! How numbers are printed: whole numbers in decimal, others by their shortest digits.

use crate::text::go;

/// Returns whether a text is a whole number as it is printed: at most 18 digits, none of them in vain.
#[inline]
pub(super) fn is_usual(text: &str) -> bool {
    let b = text.as_bytes();
    let digits = match b {
        [b'-', rest @ ..] => rest,
        _ => b,
    };
    match digits {
        [b'0'] => b.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.len() < 18 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// A float as kustomize prints it; `None` for what is no finite number.
///
/// It goes through JSON, where whole numbers below 1e21 have digits only; those that fit 64 bits come back as whole
/// numbers.
pub(super) fn spelling(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let json = go::json_float(value);
    let whole =
        json.parse::<i64>().map(|n| n.to_string()).or_else(|_| json.parse::<u64>().map(|n| n.to_string()));
    Some(whole.unwrap_or_else(|_| go::float(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_numbers_are_recognised() {
        for text in ["0", "1", "-1", "10", "123456789012345678"] {
            assert!(is_usual(text), "{text}");
        }
        for text in ["", "-", "-0", "00", "01", "+1", "1_0", "1.0", "1234567890123456789", "1e3", "0x1"] {
            assert!(!is_usual(text), "{text}");
        }
    }

    #[test]
    fn floats_have_their_shortest_digits() {
        for (value, text) in [
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (100_000.5, "100000.5"),
            (1_234_567.5, "1.2345675e+06"),
            (123_456_789.125, "1.23456789125e+08"),
            (1e3, "1000"),
            (6.0, "6"),
            (-0.0, "0"),
            (1e19, "10000000000000000000"),
            (-1e19, "-1e+19"),
            (1e20, "1e+20"),
            (9_223_372_036_854_775_807.0, "9223372036854776000"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (123_456_789_012_345_678_901_234_567_890.0, "1.2345678901234568e+29"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(spelling(value).as_deref(), Some(text));
        }
        assert_eq!(spelling(f64::NAN), None);
        assert_eq!(spelling(f64::INFINITY), None);
    }
}
