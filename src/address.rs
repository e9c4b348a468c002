//! What goes into addresses: ids that are checked, values that are encoded.

/// Whether a text has the form 8-4-4-4-12 of hexadecimal digits.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Appends query parameters to a URL that may have some.
#[must_use]
pub fn with_query(url: &str, query: &[(String, String)]) -> String {
    let mut url = url.to_owned();
    for (key, value) in query {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&encode_component(key));
        url.push('=');
        url.push_str(&encode_component(value));
    }
    url
}

/// As JavaScript's `encodeURIComponent`.
#[must_use]
pub fn encode_component(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_36_characters_of_the_right_kind() {
        assert!(is_uuid("7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10") && is_uuid("7B6F1F3E-6B0C-4A53-9F0A-2F6C9A1F3F10"));
        for text in ["", "7b6f1f3e6b0c4a539f0a2f6c9a1f3f10", "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f1g", "../../etc"] {
            assert!(!is_uuid(text), "{text}");
        }
    }

    #[test]
    fn query_parameters_are_encoded_as_a_browser_does() {
        assert_eq!(
            with_query("wss://x/y?z=1", &[("a b".to_owned(), "ü&".to_owned())]),
            "wss://x/y?z=1&a%20b=%C3%BC%26"
        );
    }
}
