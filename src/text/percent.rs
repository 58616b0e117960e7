//! Percent-encoding in URLs.

/// Returns the byte that an escape at the start of some bytes stands for.
pub(crate) fn byte(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// Replaces the escapes of a text; what is not one stays.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = byte(rest);
        out.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes the bytes of a text that may not stand as they are as escapes; `is_kept` is given each byte and its place.
pub(crate) fn escape(text: &str, is_kept: impl Fn(usize, u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        match is_kept(at, byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_escape_stays() {
        for (text, unescaped) in
            [("a%20b", "a b"), ("%", "%"), ("%4", "%4"), ("%+1", "%+1"), ("%%41", "%A"), ("%c3%A9", "é")]
        {
            assert_eq!(unescape(text), unescaped, "{text}");
        }
    }
}
