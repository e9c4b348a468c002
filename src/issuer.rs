//! What a token says of where it is from: the service's access tokens are JWTs (RFC 7519), and name the region and the tenant
//! in the address of who issued them.
//!
//! Nothing is verified here: the service does that. A token goes in and two names come out, which are no secrets.

use crate::json::Json;

/// Where a token is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The region's name, such as `eu`.
    pub environment: String,
    /// The tenant's name.
    pub tenant: String,
}

/// Reads a token's `iss`: `https://{auth,keycloak}.{environment}.corti.app/realms/{tenant}` (grade: types). `None` if it is
/// another, or the token is no JWT.
#[must_use]
pub fn issuer(token: &str) -> Option<Issuer> {
    let claims = String::from_utf8(decoded(token.split('.').nth(1)?)?).ok()?;
    let address = Json::read(&claims)?.get("iss").text()?;
    let address = address.strip_prefix("https://")?;
    let host_and_region = address.strip_prefix("auth.").or_else(|| address.strip_prefix("keycloak."))?;
    let (environment, path) = host_and_region.split_once(".corti.app/realms/")?;
    let tenant = path.split(['/', '?', '#']).next()?;
    let is_name =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_name(environment) && !tenant.is_empty())
        .then(|| Issuer { environment: environment.to_owned(), tenant: tenant.to_owned() })
}

/// Base64 of the alphabet for addresses (RFC 4648, section 5), with or without what fills it up; that of ordinary base64 is taken
/// too.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(text.len() * 3 / 4), 0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token with these claims, whose signature nobody looks at.
    fn token(claims: &str) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for three in claims.as_bytes().chunks(3) {
            let bits = three.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
            for place in 0..=three.len() {
                text.push(char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63]));
            }
        }
        format!("eyJhbGciOiJub25lIn0.{text}.c2ln")
    }

    fn of(address: &str) -> Option<(String, String)> {
        let claims = format!(r#"{{"exp":1,"iss":"{address}","name":"Zoë Ünal 💬"}}"#);
        issuer(&token(&claims)).map(|issuer| (issuer.environment, issuer.tenant))
    }

    #[test]
    fn region_and_tenant_are_those_of_the_issuer_s_address() {
        for (address, environment, tenant) in [
            ("https://auth.eu.corti.app/realms/harbour", "eu", "harbour"),
            ("https://keycloak.beta-eu.corti.app/realms/base", "beta-eu", "base"),
            ("https://auth.us.corti.app/realms/a%20b/protocol", "us", "a%20b"),
        ] {
            assert_eq!(of(address), Some((environment.to_owned(), tenant.to_owned())), "{address}");
        }
    }

    #[test]
    fn anybody_else_s_address_names_nothing() {
        for address in [
            "http://auth.eu.corti.app/realms/base",
            "https://auth.eu.corti.app.example/realms/base",
            "https://example/auth.eu.corti.app/realms/base",
            "https://auth.a.eu.corti.app/realms/base",
            "https://login.eu.corti.app/realms/base",
            "https://auth.eu.corti.app/realms/",
            "https://auth..corti.app/realms/base",
            "",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn what_is_no_token_names_nothing() {
        for text in ["", "a", "a.b", "a.!.c", "..", "a.e30.c", &token("[]"), &token(r#"{"iss":7}"#)] {
            assert_eq!(issuer(text), None, "{text}");
        }
    }
}
