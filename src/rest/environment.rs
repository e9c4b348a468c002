//! Where the service is: the addresses of a region, or those an app gives.

use serde_json::Value;

use crate::error::Error;
use crate::redact::Secret;

/// The addresses of a region or of a stand-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Base of the REST API, without a slash at its end.
    pub base: String,
    /// Base of the sockets, without a slash at its end.
    pub wss: String,
    /// Base of the sign-in, without `/realms`, if it is known.
    pub login: Option<String>,
}

impl Environment {
    /// Reads `"eu"`, `"us"` or `{ base, wss, login? }`, `login` with or without `/realms` at its end.
    ///
    /// # Errors
    /// `invalid_request` for anything else.
    pub fn from_value(value: &Value) -> Result<Self, Error> {
        if let Some(region @ ("eu" | "us")) = value.as_str() {
            return Ok(Self {
                base: format!("https://api.{region}.corti.app/v2"),
                wss: format!("wss://api.{region}.corti.app/audio-bridge/v2"),
                login: Some(format!("https://auth.{region}.corti.app")),
            });
        }
        let url = |key: &str, schemes: [&str; 2]| {
            let text = value[key].as_str().filter(|text| schemes.iter().any(|scheme| text.starts_with(scheme)));
            let message = format!("environment.{key} must be a full URL ({} or {})", schemes[0], schemes[1]);
            Ok::<_, Error>(text.ok_or_else(|| Error::invalid(message))?.trim_end_matches('/').to_owned())
        };
        if !value.is_object() {
            return Err(Error::invalid("environment must be \"eu\", \"us\" or { base, wss }"));
        }
        let web = ["https://", "http://"];
        let login = (!value["login"].is_null()).then(|| url("login", web)).transpose()?;
        // The official client's has the `/realms`.
        let login = login.map(|login| login.strip_suffix("/realms").unwrap_or(&login).to_owned());
        Ok(Self { base: url("base", web)?, wss: url("wss", ["wss://", "ws://"])?, login })
    }

    /// The address of a tenant's token endpoint.
    ///
    /// # Errors
    /// `invalid_request` if it is not known where that is.
    pub fn token_url(&self, tenant: &str) -> Result<String, Error> {
        let missing = || Error::invalid("environment.login is missing: it says where these credentials become tokens");
        let login = self.login.as_ref().ok_or_else(missing)?;
        Ok(format!("{login}/realms/{}/protocol/openid-connect/token", encode_component(tenant)))
    }

    /// The address of an interaction's stream. It holds the token: never print it.
    #[must_use]
    pub fn stream_url(&self, interaction: &str, tenant: &str, token: &Secret<String>) -> Secret<String> {
        let token = encode_component(&format!("Bearer {}", token.0));
        let (wss, tenant) = (&self.wss, encode_component(tenant));
        Secret(format!("{wss}/interactions/{interaction}/streams?tenant-name={tenant}&token={token}"))
    }
}

/// Scheme, host and port of a URL: what may be told of it.
#[must_use]
pub fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    &url[..end]
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
    use serde_json::json;

    #[test]
    fn a_region_has_the_addresses_of_the_service() -> Result<(), Error> {
        let eu = Environment::from_value(&json!("eu"))?;
        assert_eq!((&*eu.base, &*eu.wss), ("https://api.eu.corti.app/v2", "wss://api.eu.corti.app/audio-bridge/v2"));
        Ok(())
    }

    #[test]
    fn the_token_endpoint_is_the_tenant_s_with_and_without_the_realms() -> Result<(), Error> {
        let eu = Environment::from_value(&json!("eu"))?.token_url("a b")?;
        assert_eq!(eu, "https://auth.eu.corti.app/realms/a%20b/protocol/openid-connect/token");
        let of = |login: &str| Environment::from_value(&json!({ "base": "http://x", "wss": "ws://x", "login": login }));
        for login in ["http://x/auth", "http://x/auth/", "http://x/auth/realms", "http://x/auth/realms/"] {
            assert_eq!(of(login)?.token_url("t")?, "http://x/auth/realms/t/protocol/openid-connect/token");
        }
        assert!(of("x/realms").is_err());
        let without = Environment::from_value(&json!({ "base": "http://x", "wss": "ws://x" }))?;
        assert!(without.token_url("t").is_err_and(|error| error.message.contains("environment.login")));
        Ok(())
    }

    #[test]
    fn a_stand_in_may_be_anywhere_and_anything_else_is_refused() {
        let local = json!({ "base": "http://127.0.0.1:8080/v2/", "wss": "ws://127.0.0.1:8080/audio-bridge/v2" });
        assert_eq!(Environment::from_value(&local).map(|local| local.base), Ok("http://127.0.0.1:8080/v2".to_owned()));
        for wrong in [json!("mars"), json!(null), json!({}), json!({ "base": "https://x", "wss": "https://x" })] {
            assert!(Environment::from_value(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_socket_s_address_holds_tenant_and_token_and_does_not_print() -> Result<(), Error> {
        let url = Environment::from_value(&json!("us"))?.stream_url("42", "base", &Secret("a.b+c".to_owned()));
        let expected =
            "wss://api.us.corti.app/audio-bridge/v2/interactions/42/streams?tenant-name=base&token=Bearer%20a.b%2Bc";
        assert_eq!(url.0, expected);
        assert_eq!(format!("{url:?}"), "<secret>");
        Ok(())
    }

    #[test]
    fn an_origin_has_neither_path_nor_query() {
        for url in ["https://x.y:8/", "https://x.y:8", "https://x.y:8/a/b?c=https://d/", "https://x.y:8?a"] {
            assert_eq!(origin(url), "https://x.y:8");
        }
        assert_eq!(origin(""), "");
    }

    #[test]
    fn query_parameters_are_encoded_as_a_browser_does() {
        assert_eq!(
            with_query("wss://x/y?z=1", &[("a b".to_owned(), "ü&".to_owned())]),
            "wss://x/y?z=1&a%20b=%C3%BC%26"
        );
    }
}
