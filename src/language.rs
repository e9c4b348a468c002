//! Which of several languages is nearest to one that is asked for, by their BCP 47 tags.

/// The first part of a tag, in small letters: the language itself, without region and script.
fn base(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// How near a language is to the one that is wanted: 2 the same, 1 another variant of it, 0 another language.
#[must_use]
pub fn nearness(tag: &str, wanted: &str) -> u8 {
    let is_same = tag.eq_ignore_ascii_case(wanted);
    let is_variant = !tag.is_empty() && base(tag) == base(wanted);
    u8::from(is_same) + u8::from(is_same || is_variant)
}

/// The first of the nearest ones, if one is near at all.
pub fn nearest<'a, T>(all: &'a [T], wanted: &str, tag: impl Fn(&T) -> String) -> Option<&'a T> {
    let rated = all.iter().map(|one| (nearness(&tag(one), wanted), one));
    let best = rated.fold(None, |best: Option<(u8, &T)>, next| match best {
        Some((rate, _)) if rate >= next.0 => best,
        _ => Some(next),
    });
    best.filter(|(rate, _)| *rate > 0).map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_tag_is_nearer_than_another_variant_and_that_than_another_language() {
        for (tag, wanted, rate) in [
            ("en", "en", 2),
            ("EN-gb", "en-GB", 2),
            ("en-GB", "en", 1),
            ("en", "en-US", 1),
            ("de_CH", "de", 1),
            ("eng", "en", 0),
            ("da", "en", 0),
            ("", "en", 0),
            ("", "", 2),
        ] {
            assert_eq!(nearness(tag, wanted), rate, "{tag} {wanted}");
        }
        let all = ["da", "de-CH", "en-GB", "en", "en-US"];
        let of = |wanted| nearest(&all, wanted, |tag| (*tag).to_owned()).copied();
        assert_eq!(
            ["en", "en-US", "en-AU", "de", "fi"].map(of),
            [Some("en"), Some("en-US"), Some("en-GB"), Some("de-CH"), None]
        );
    }
}
