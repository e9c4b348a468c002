//! Where the service is. What an app says of it, `js/environment.js` reads: a page that streams needs it first.

use crate::address::encode_component;
use crate::error::Error;

/// The addresses of a region or of a stand-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Base of the REST API, without a slash at its end.
    pub base: String,
    /// Base of the sign-in, if it is known: what stands before the tenant's name, without a slash at its end.
    pub login: Option<String>,
}

impl Environment {
    /// The address of a tenant's token endpoint: the tenant is appended to `login`, as the official client does. An address
    /// without a path is that of a host, where the service's own sign-in is below `/realms`.
    ///
    /// # Errors
    /// `invalid_request` if it is not known where that is.
    pub fn token_url(&self, tenant: &str) -> Result<String, Error> {
        let missing = || Error::invalid("environment.login is missing: it says where these credentials become tokens");
        let login = self.login.as_deref().ok_or_else(missing)?.trim_end_matches('/');
        let realms = if origin(login) == login { "/realms" } else { "" };
        Ok(format!("{login}{realms}/{}/protocol/openid-connect/token", encode_component(tenant)))
    }
}

/// Scheme, host and port of a URL: what may be told of it.
#[must_use]
pub fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_endpoint_is_the_tenant_s() -> Result<(), Error> {
        let of = |login: Option<&str>| Environment { base: "https://x".to_owned(), login: login.map(str::to_owned) };
        for login in ["https://auth.eu.corti.app", "https://auth.eu.corti.app/", "https://auth.eu.corti.app/realms"] {
            let eu = of(Some(login)).token_url("a b")?;
            assert_eq!(eu, "https://auth.eu.corti.app/realms/a%20b/protocol/openid-connect/token");
        }
        let proxy = of(Some("https://clinic.example/sign-in/")).token_url("base")?;
        assert_eq!(proxy, "https://clinic.example/sign-in/base/protocol/openid-connect/token");
        assert!(of(None).token_url("t").is_err_and(|error| error.message.contains("environment.login")));
        Ok(())
    }

    #[test]
    fn an_origin_has_neither_path_nor_query() {
        for url in ["https://x.y:8/", "https://x.y:8", "https://x.y:8/a/b?c=https://d/", "https://x.y:8?a"] {
            assert_eq!(origin(url), "https://x.y:8");
        }
        assert_eq!(origin(""), "");
    }
}
