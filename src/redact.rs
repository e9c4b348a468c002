//! Wrappers for what must never be printed: credentials, and what was said in the consultation.
//!
//! Both serialise as the value itself (it has to reach the wire and the app) and print as a placeholder, so that a
//! `{:?}` somewhere up the call chain cannot leak.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A credential: a token, a password, a client secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(pub T);

/// Protected health information: transcript text, fact text, document text.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phi<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<clinical text>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_wrapper_prints_what_it_holds() {
        let printed = format!("{:?} {:?}", Secret("eyJhbGciOi"), Phi("penicillin allergy"));
        assert_eq!(printed, "<secret> <clinical text>");
    }

    #[test]
    fn both_wrappers_are_invisible_on_the_wire() -> Result<(), serde_json::Error> {
        assert_eq!(serde_json::to_string(&(Secret("a"), Phi("b")))?, r#"["a","b"]"#);
        assert_eq!(serde_json::from_str::<Phi<String>>("\"b\"")?, Phi("b".to_owned()));
        Ok(())
    }
}
