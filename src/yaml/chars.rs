//! Characters as the scanner sees them, in bytes of UTF-8.

/// The first character that may not stand in YAML, not even in a comment: offset from the start.
///
/// Taken are tab, line feed, carriage return, U+0085 and everything from U+0020 on but U+007F-009F, U+FFFE and
/// U+FFFF. Blocks of ordinary ASCII are passed over without a look at the single byte.
pub fn find_control(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 64;
    let mut at = 0;
    for block in bytes.chunks(BLOCK) {
        let odd = block.iter().fold(false, |odd, b| odd | ((*b < 0x20) & (*b != b'\n')) | (*b >= 0x7F));
        if odd && let Some(i) = (0..block.len()).find(|i| is_control(bytes, at + i)) {
            return Some(at + i);
        }
        at += block.len();
    }
    None
}

/// Whether a forbidden character starts here.
fn is_control(bytes: &[u8], i: usize) -> bool {
    let next = |k: usize| bytes.get(i + k).copied().unwrap_or(0);
    match bytes[i] {
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 | 0x7F => true,
        0xC2 => next(1) < 0xA0 && next(1) != 0x85,
        0xEF => next(1) == 0xBF && next(2) >= 0xBE,
        _ => false,
    }
}

/// How many bytes the line break at `i` takes: 0 where there is none. CR LF counts as its first half.
#[inline]
pub fn break_at(bytes: &[u8], i: usize) -> usize {
    match bytes.get(i) {
        Some(b'\n' | b'\r') => 1,
        Some(0xC2) if bytes.get(i + 1) == Some(&0x85) => 2,
        Some(0xE2) if bytes.get(i + 1) == Some(&0x80) && matches!(bytes.get(i + 2), Some(0xA8 | 0xA9)) => 3,
        _ => 0,
    }
}

/// How many bytes the character takes that starts with this byte.
#[inline]
pub fn width(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

/// Letters, digits, `_` and `-`: what names of anchors and handles of tags are made of.
pub fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

/// What a tag may be made of.
pub fn is_uri(b: u8) -> bool {
    is_name(b) || b";/?:@&=+$,.!~*'()[]%".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_are_found_wherever_they_stand() {
        for bad in ["\u{0}", "\u{1}", "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}", "\u{fffe}", "\u{ffff}"] {
            for before in [0, 1, 63, 64, 200] {
                let text = format!("{}{bad}", "a".repeat(before));
                assert_eq!(find_control(text.as_bytes()), Some(before), "{bad:?} {before}");
            }
        }
        let good = "a\t\r\n~\u{85}\u{a0}\u{feff}\u{fffd}\u{10000}\u{10ffff}é".repeat(30);
        assert_eq!(find_control(good.as_bytes()), None);
    }
}
