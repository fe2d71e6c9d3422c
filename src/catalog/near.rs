//! Ids that may have been meant.

/// How alike two ids are that may be meant for one another.
const ALIKE: f64 = 0.75;
/// More are no help.
const MOST: usize = 5;

/// The ids that are most like one that there is not, the most alike first.
pub(super) fn near<'a>(id: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let id = id.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .map(|known| (likeness(&id, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(MOST).map(|(_, known)| known.to_owned()).collect()
}

/// From 0 to 1. What stands after the namespace is what people remember.
fn likeness(id: &str, known: &str) -> f64 {
    let last = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let (id_last, known_last) = (last(id), last(known));
    if !id_last.is_empty() && (known_last.contains(&id_last) || id_last.contains(&known_last)) {
        return 0.9 + 0.1 * strsim::normalized_damerau_levenshtein(id, known);
    }
    let whole = strsim::normalized_damerau_levenshtein(id, known);
    whole.max(strsim::normalized_damerau_levenshtein(&id_last, &known_last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_near() {
        let known = ["earthsearch/sentinel-2-l2a", "pc/sentinel-2-l2a", "earthsearch/naip", "pc/nasadem"];
        let near = |id| near(id, known.into_iter());
        assert_eq!(near("sentinel-2-l2a"), ["pc/sentinel-2-l2a", "earthsearch/sentinel-2-l2a"]);
        assert_eq!(near("earthsearch/sentinel-2-l2")[0], "earthsearch/sentinel-2-l2a");
        assert_eq!(near("earthsearch/NAIPP"), ["earthsearch/naip"]);
        assert_eq!(near("nasadme"), ["pc/nasadem"]);
        assert!(near("something else").is_empty());
        assert!(near("").is_empty());
    }
}
