//! Characters as the scanner sees them, in bytes of UTF-8.

/// How many bytes are passed over at a time.
const BLOCK: usize = 64;

/// The first character that may not stand in YAML, not even in a comment: offset from the start.
///
/// Taken are tab, line feed, carriage return, U+0085 and everything from U+0020 on but U+007F-009F, U+FFFE and
/// U+FFFF. Blocks of ordinary ASCII are passed over without a look at the single byte.
pub(crate) fn find_control(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for block in bytes.chunks(BLOCK) {
        if needs_a_look(block)
            && let Some(i) = (0..block.len()).find(|i| is_control(bytes, at + i))
        {
            return Some(at + i);
        }
        at += block.len();
    }
    None
}

/// Returns whether a block has other bytes than ordinary ASCII and line feeds. In a form that compiles to vector instructions.
#[inline]
fn needs_a_look(block: &[u8]) -> bool {
    block.iter().fold(false, |odd, b| odd | ((*b < 0x20) & (*b != b'\n')) | (*b >= 0x7F))
}

/// Returns whether a forbidden character starts here.
fn is_control(bytes: &[u8], i: usize) -> bool {
    let next = |k: usize| bytes.get(i + k).copied().unwrap_or(0);
    match next(0) {
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 | 0x7F => true,
        0xC2 => next(1) < 0xA0 && next(1) != 0x85,
        0xEF => next(1) == 0xBF && next(2) >= 0xBE,
        _ => false,
    }
}

/// Returns whether a text has no forbidden character and no line break but line feed.
pub(crate) fn is_ordinary(bytes: &[u8]) -> bool {
    let mut at = 0;
    for block in bytes.chunks(BLOCK) {
        let bad = |i: usize| bytes.get(i) != Some(&b'\n') && (is_control(bytes, i) || break_at(bytes, i) > 0);
        if needs_a_look(block) && (at..at + block.len()).any(bad) {
            return false;
        }
        at += block.len();
    }
    true
}

/// How many blanks stand at `i`, counted by words.
#[inline]
pub(crate) fn spaces(bytes: &[u8], i: usize) -> usize {
    const WORD: u64 = u64::from_ne_bytes([b' '; 8]);
    let mut at = i;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let odd = u64::from_le_bytes(*word) ^ WORD;
        if odd != 0 {
            return at - i + odd.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at - i
}

/// How many bytes the line break at `i` takes: 0 where there is none. CR LF counts as its first half.
#[inline]
pub(crate) fn break_at(bytes: &[u8], i: usize) -> usize {
    match bytes.get(i) {
        Some(b'\n' | b'\r') => 1,
        Some(0xC2) if bytes.get(i + 1) == Some(&0x85) => 2,
        Some(0xE2) if bytes.get(i + 1) == Some(&0x80) && matches!(bytes.get(i + 2), Some(0xA8 | 0xA9)) => 3,
        _ => 0,
    }
}

/// How many bytes the character takes that starts with this byte.
#[inline]
pub(crate) fn width(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

/// Letters, digits, `_` and `-`: what names of anchors and handles of tags are made of.
pub(crate) fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

/// What a tag may be made of.
pub(crate) fn is_uri(b: u8) -> bool {
    is_name(b) || b";/?:@&=+$,.!~*'()[]%".contains(&b)
}

/// Returns whether a character ends a line.
pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Returns whether a character is written as itself.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
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

    #[test]
    fn ordinary_texts_break_at_line_feeds_only() {
        for odd in ["\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{1}", "\u{7f}"] {
            for before in [0, 62, 63, 64, 130] {
                let text = format!("{}{odd}\n", "a".repeat(before));
                assert!(!is_ordinary(text.as_bytes()), "{odd:?} {before}");
            }
        }
        assert!(is_ordinary("a\tb\n\u{2019}é\u{a0}\u{feff}😀\n".repeat(20).as_bytes()));
    }

    #[test]
    fn blanks_are_counted() {
        for n in 0..40 {
            for rest in ["", "x", "\n", "\t  "] {
                let text = format!("ab{}{rest}", " ".repeat(n));
                assert_eq!(spaces(text.as_bytes(), 2), n);
            }
        }
        assert_eq!(spaces(b"a", 5), 0);
    }
}
