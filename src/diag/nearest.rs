//! The name that was probably meant.

/// The candidate nearest to a misspelt name, if one is near enough. Case does not count; among equally near ones the
/// first wins. An edit is a character put in, left out, changed, or two neighbours swapped.
pub(crate) fn nearest<'a, I>(name: &str, candidates: I) -> Option<&'a str>
where
    I: IntoIterator<Item = &'a str>,
{
    let wanted = letters(name);
    if wanted.is_empty() || wanted.len() > 200 {
        return None;
    }
    let limit = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other = letters(candidate);
        if other.len().abs_diff(wanted.len()) > limit {
            continue;
        }
        let edits = distance(&wanted, &other);
        if edits <= limit && edits < other.len() && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, name)| name)
}

fn letters(name: &str) -> Vec<char> {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// How many edits turn one text into the other; two rows of the usual table and the one before them for swaps.
#[expect(clippy::indexing_slicing, reason = "a row has one more column than `b` has characters")]
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 0..a.len() {
        row[0] = i + 1;
        for j in 0..b.len() {
            let change = above[j] + usize::from(a[i] != b[j]);
            let mut least = change.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["resources", "namePrefix", "images", "patches"];
        for (given, expected) in [
            ("resource", Some("resources")),
            ("namePerfix", Some("namePrefix")),
            ("IMAGE", Some("images")),
            ("pathces", Some("patches")),
            ("foo", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, known), expected, "{given}");
        }
    }
}
