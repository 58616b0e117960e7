//! The scanner's directives and tags.

use super::super::chars::{is_name, is_uri};
use super::{Fail, Scanner, TokenKind};

impl Scanner<'_> {
    pub(super) fn directive(&mut self) -> Result<(), Fail> {
        let start = self.p;
        let context = Some(("while scanning a directive", start));
        self.skip();
        let from = self.p;
        while is_name(self.at(0)) {
            self.skip();
        }
        let name = &self.text[from..self.p];
        if name.is_empty() {
            return self.fail(context, "could not find expected directive name");
        }
        if !self.is_blankz(0) {
            return self.fail(context, "found unexpected non-alphabetical character");
        }
        let kind = match name {
            "YAML" => {
                self.skip_blanks();
                let major = self.version_number(start)?;
                if self.at(0) != b'.' {
                    let context = Some(("while scanning a %YAML directive", start));
                    return self.fail(context, "did not find expected digit or '.' character");
                }
                self.skip();
                TokenKind::Version(major, self.version_number(start)?)
            }
            "TAG" => {
                self.skip_blanks();
                let context = ("while scanning a %TAG directive", start);
                let handle = self.tag_handle(true, ("while parsing a %TAG directive", start))?;
                if !self.is_blank(0) {
                    return self.fail(Some(context), "did not find expected whitespace");
                }
                self.skip_blanks();
                let prefix = self.tag_uri("", ("while parsing a %TAG directive", start))?;
                if !self.is_blankz(0) {
                    return self.fail(Some(context), "did not find expected whitespace or line break");
                }
                TokenKind::TagDirective(handle, prefix)
            }
            _ => return self.fail(context, "found unknown directive name"),
        };
        let end = self.p;
        self.skip_blanks();
        if self.at(0) == b'#' {
            self.skip_line_rest();
        }
        if !self.is_breakz(0) {
            return self.fail(context, "did not find expected comment or line break");
        }
        self.read_break();
        self.push(kind, start);
        self.end_last_at(end);
        Ok(())
    }

    fn version_number(&mut self, start: usize) -> Result<u32, Fail> {
        let context = Some(("while scanning a %YAML directive", start));
        let (mut number, mut digits) = (0, 0);
        while self.at(0).is_ascii_digit() {
            digits += 1;
            if digits > 2 {
                return self.fail(context, "found extremely long version number");
            }
            number = number * 10 + u32::from(self.at(0) - b'0');
            self.skip();
        }
        if digits == 0 {
            return self.fail(context, "did not find expected version number");
        }
        Ok(number)
    }

    /// `!`, `!name` or `!name!`.
    fn tag_handle(&mut self, directive: bool, context: (&'static str, usize)) -> Result<String, Fail> {
        if self.at(0) != b'!' {
            return self.fail(Some(context), "did not find expected '!'");
        }
        let from = self.p;
        self.skip();
        while is_name(self.at(0)) {
            self.skip();
        }
        if self.at(0) == b'!' {
            self.skip();
        } else if directive && self.p > from + 1 {
            return self.fail(Some(context), "did not find expected '!'");
        }
        Ok(self.text[from..self.p].to_owned())
    }

    /// The rest of a tag. `head`: what was read as a handle and is none.
    fn tag_uri(&mut self, head: &str, context: (&'static str, usize)) -> Result<Vec<u8>, Fail> {
        let mut out = head.as_bytes().get(1..).unwrap_or(&[]).to_vec();
        let from = self.p;
        while is_uri(self.at(0)) {
            if self.at(0) == b'%' {
                self.uri_escape(&mut out, context)?;
            } else {
                out.push(self.at(0));
                self.skip();
            }
        }
        if self.p == from && head.is_empty() {
            return self.fail(Some(context), "did not find expected tag URI");
        }
        Ok(out)
    }

    /// `%XX` as often as its character needs bytes.
    fn uri_escape(&mut self, out: &mut Vec<u8>, context: (&'static str, usize)) -> Result<(), Fail> {
        let mut left = None;
        while left != Some(0) {
            let digit = |c: u8| char::from(c).to_digit(16);
            let (Some(high), Some(low), b'%') = (digit(self.at(1)), digit(self.at(2)), self.at(0)) else {
                return self.fail(Some(context), "did not find URI escaped octet");
            };
            let octet = u8::try_from(high * 16 + low).unwrap_or_default();
            left = Some(match left {
                None => match octet {
                    0..0x80 => 0,
                    0xC0..0xE0 => 1,
                    0xE0..0xF0 => 2,
                    0xF0..0xF8 => 3,
                    _ => return self.fail(Some(context), "found an incorrect leading UTF-8 octet"),
                },
                Some(_) if octet & 0xC0 != 0x80 => {
                    return self.fail(Some(context), "found an incorrect trailing UTF-8 octet");
                }
                Some(n) => n - 1,
            });
            out.push(octet);
            self.skip_many(3);
        }
        Ok(())
    }

    pub(super) fn tag(&mut self) -> Result<(), Fail> {
        let start = self.p;
        let context = ("while parsing a tag", start);
        let kind = if self.at(1) == b'<' {
            self.skip_many(2);
            let uri = self.tag_uri("", context)?;
            if self.at(0) != b'>' {
                return self.fail(Some(("while scanning a tag", start)), "did not find the expected '>'");
            }
            self.skip();
            TokenKind::Tag(String::new(), uri)
        } else {
            let handle = self.tag_handle(false, context)?;
            if handle.len() > 1 && handle.ends_with('!') {
                TokenKind::Tag(handle, self.tag_uri("", context)?)
            } else {
                let suffix = self.tag_uri(&handle, context)?;
                if suffix.is_empty() {
                    TokenKind::Tag(String::new(), b"!".to_vec())
                } else {
                    TokenKind::Tag("!".to_owned(), suffix)
                }
            }
        };
        if !self.is_blankz(0) {
            let context = Some(("while scanning a tag", start));
            return self.fail(context, "did not find expected whitespace or line break");
        }
        self.push_key(kind, start);
        Ok(())
    }
}
