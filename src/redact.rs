//! A wrapper for credentials, which must never be printed.
//!
//! It prints as a placeholder, so that a `{:?}` somewhere up the call chain cannot leak. So do the values of [`crate::json`],
//! in which is what was said in the consultation.

use std::fmt;

/// A credential: a token, a password, a client secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrapper_does_not_print_what_it_holds() {
        assert_eq!(format!("{:?}", Secret("eyJhbGciOi")), "<secret>");
    }
}
