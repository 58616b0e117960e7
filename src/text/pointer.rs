//! Tokens of JSON pointers (RFC 6901): `/` is written `~1` and `~` is written `~0`.

/// A key as a token.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The key that a token stands for; a `~` before anything else is one.
pub(crate) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_lead_back_to_their_keys() {
        for (key, token) in [("a", "a"), ("a/b", "a~1b"), ("~", "~0"), ("~1", "~01"), ("/~/", "~1~0~1")] {
            assert_eq!((escape(key).as_str(), unescape(token).as_str()), (token, key));
        }
        for (token, key) in [("~", "~"), ("~2", "~2"), ("~~1", "~/"), ("~~", "~~")] {
            assert_eq!(unescape(token), key);
        }
    }
}
