//! The order in which mappings are printed.
//!
//! kustomize prints through a YAML library that sorts keys "naturally": character by character, a non-letter
//! before a letter, runs of digits by their number. The relation is not transitive for some keys with zeros among
//! their digits; there kustomize's order changes from run to run, and ours is any. Sorting is therefore done by a
//! merge sort of our own: the standard library's may panic when an order contradicts itself.

#![expect(clippy::indexing_slicing, reason = "places are below the lengths that were asked for")]

use regex::Regex;
use std::sync::OnceLock;

/// Returns whether key `a` is printed before key `b`.
#[inline(always)]
pub(crate) fn less(a: &str, b: &str) -> bool {
    let (x, y) = (a.as_bytes(), b.as_bytes());
    let Some(i) = x.iter().zip(y).position(|(p, q)| p != q) else { return x.len() < y.len() };
    let (p, q) = (x[i], y[i]);
    if p.is_ascii_alphabetic() && q.is_ascii_alphabetic() { p < q } else { less_from(a, b, i) }
}

/// As [`less`] for keys whose first differing byte is at `at`.
fn less_from(a: &str, b: &str, at: usize) -> bool {
    let start = (0..=at).rev().find(|i| a.is_char_boundary(*i)).unwrap_or(0);
    let (Some(head), Some(x), Some(y)) = (a.get(..start), a.get(start..), b.get(start..)) else {
        return a < b;
    };
    let (Some(p), Some(q)) = (x.chars().next(), y.chars().next()) else { return a.len() < b.len() };
    match (letter(p), letter(q)) {
        (true, true) => return p < q,
        (false, false) => {}
        (_, second) => return second,
    }
    // After a number that has begun with another digit than 0, a 0 is a digit like the others.
    let seed =
        i64::from((p == '0' || q == '0') && head.chars().rev().take_while(|c| digit(*c)).any(|c| c != '0'));
    let ((m, long), (n, other)) = (run(x, seed), run(y, seed));
    if m != n {
        m < n
    } else if long != other {
        long < other
    } else {
        p < q
    }
}

/// The number that a text starts with, and how many digits it has. Large numbers wrap around, as in kustomize.
fn run(text: &str, seed: i64) -> (i64, usize) {
    text.chars()
        .take_while(|c| digit(*c))
        .fold((seed, 0), |(n, len), c| (n.wrapping_mul(10).wrapping_add(i64::from(c as u32) - 48), len + 1))
}

fn letter(c: char) -> bool {
    static LETTER: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in(&LETTER, r"^\p{L}$", c) }
}

fn digit(c: char) -> bool {
    static DIGIT: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() { c.is_ascii_digit() } else { is_in(&DIGIT, r"^\p{Nd}$", c) }
}

/// Returns whether a character is of the Unicode category that the pattern asks for.
fn is_in(cell: &OnceLock<Option<Regex>>, pattern: &str, c: char) -> bool {
    cell.get_or_init(|| Regex::new(pattern).ok())
        .as_ref()
        .is_some_and(|r| r.is_match(c.encode_utf8(&mut [0; 4])))
}

/// Sorts without changing the order of equal items; never panics, whatever `less` says. `spare` is scratch space.
pub(crate) fn sort<T: Copy>(items: &mut [T], spare: &mut Vec<T>, less: &impl Fn(T, T) -> bool) {
    if items.len() <= 8 {
        for i in 1..items.len() {
            let mut j = i;
            while j > 0 && less(items[j], items[j - 1]) {
                items.swap(j, j - 1);
                j -= 1;
            }
        }
        return;
    }
    let (left, right) = items.split_at_mut(items.len() / 2);
    sort(left, spare, less);
    sort(right, spare, less);
    spare.clear();
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if less(right[j], left[i]) {
            spare.push(right[j]);
            j += 1;
        } else {
            spare.push(left[i]);
            i += 1;
        }
    }
    spare.extend_from_slice(&left[i..]);
    spare.extend_from_slice(&right[j..]);
    items.copy_from_slice(spare);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_natural_order() {
        let groups: &[&[&str]] = &[
            &["A", "B", "a", "b"],
            &["a", "ab", "b"],
            &["a-b", "a.b", "ab"],
            &["a1", "a2", "a10"],
            &["9", "10"],
            &["0", "00", "1"],
            &["$ref", "apiVersion"],
            &["_a", "a"],
            &["1a", "a"],
            &["v1", "v1alpha1", "v1beta1", "v2"],
            &["v1", "v2", "v10"],
            &["z", "é"],
            &["-", "é"],
            &["a9", "a10", "a100", "a101"],
            &["k٣", "kx"],
        ];
        for group in groups {
            for (i, a) in group.iter().enumerate() {
                for (j, b) in group.iter().enumerate() {
                    assert_eq!(less(a, b), i < j, "{a} < {b}");
                }
            }
        }
    }

    #[test]
    fn sorting_is_stable_and_takes_contradictions() {
        let mut many: Vec<(u32, u32)> = (0..100).map(|i| (i * 7 % 10, i)).collect();
        let mut spare = Vec::new();
        sort(&mut many, &mut spare, &|a: (u32, u32), b: (u32, u32)| a.0 < b.0);
        assert!(many.windows(2).all(|w| w[0] < w[1]));
        sort(&mut many, &mut spare, &|a: (u32, u32), b: (u32, u32)| (a.1 * 31 + b.1 * 17).is_multiple_of(3));
    }
}
