//! Patterns in which one sign stands for anything.

/// Returns whether items fit a pattern in which some elements stand for any number of items. Takes time proportional to
/// the product of the lengths.
pub(crate) fn matches<P, T>(
    pattern: &[P],
    items: &[T],
    is_any: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut p, mut i, mut any) = (0, 0, None);
    while let Some(item) = items.get(i) {
        match pattern.get(p) {
            Some(element) if is_any(element) => {
                any = Some((p, i));
                p += 1;
            }
            Some(element) if fits(element, item) => {
                p += 1;
                i += 1;
            }
            // The last of these takes one item more.
            _ => match any {
                Some((at, from)) => {
                    any = Some((at, from + 1));
                    p = at + 1;
                    i = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(is_any))
}
