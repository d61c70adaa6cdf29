//! Delta debugging: the smallest list of which the answer is still the same, found by leaving out ever smaller parts
//! (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).

/// Leaves out of `items` what `fails` does not need. `fails` says of a part of them whether it still fails; none ends
/// the search with what was found so far.
///
/// The result fails if `items` do. Nothing of it can be left out alone unless the search was ended.
pub fn fewer<T: Clone>(items: Vec<T>, mut fails: impl FnMut(&[T]) -> Option<bool>) -> Vec<T> {
    let mut items = items;
    let mut parts = 2;
    while items.len() > 1 {
        parts = parts.min(items.len());
        let size = items.len().div_ceil(parts);
        let mut from = 0;
        let mut smaller = false;
        while from < items.len() {
            let to = (from + size).min(items.len());
            if to - from == items.len() {
                // So much has gone that the part is all that is left.
                break;
            }
            let rest = [&items[..from], &items[to..]].concat();
            match fails(&rest) {
                None => return items,
                // What comes next has moved to where the part was.
                Some(true) => {
                    items = rest;
                    smaller = true;
                }
                Some(false) => from = to,
            }
            if items.len() <= 1 {
                return items;
            }
        }
        if smaller {
            // Parts of the same size are tried again: some may only go once others have.
            parts = items.len().div_ceil(size).max(2);
        } else if size == 1 {
            return items;
        } else {
            parts *= 2;
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: u32, needed: &[u32]) {
        let mut asked = 0;
        let found = fewer((0..count).collect(), |part| {
            asked += 1;
            Some(needed.iter().all(|item| part.contains(item)))
        });
        assert_eq!(found, needed, "of {count}");
        assert!(asked < 40 * needed.len() as u32 + 40, "{asked} questions for {needed:?} of {count}");
    }

    #[test]
    fn what_is_needed_is_left() {
        check(2, &[1]);
        check(100, &[0]);
        check(100, &[99]);
        check(100, &[3, 50]);
        check(1000, &[0, 400, 401, 999]);
    }

    #[test]
    fn whoever_has_had_enough_gets_what_there_is() {
        let mut left = 3;
        let found = fewer((0..64).collect::<Vec<_>>(), |part| {
            left -= 1;
            (left >= 0).then(|| part.contains(&40))
        });
        assert!(found.contains(&40) && found.len() < 64);
    }
}
