//! Where tokens come from: a fixed one, or a function of the app that is asked.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::convert::{get, is_ours, to_error, to_value};
use super::now;
use crate::error::{Code, Error};
use crate::redact::Secret;
use crate::rest::token::Token;

/// A source of tokens, asked at most once at a time however many calls wait.
pub(super) struct TokenSource {
    kind: Kind,
    held: RefCell<Option<Token>>,
    /// The provider's answer that is being waited for.
    asked: RefCell<Option<Promise>>,
}

enum Kind {
    Fixed(Token),
    Provider(Function),
}

impl TokenSource {
    /// Reads `auth`: `{ accessToken }` or a function.
    pub(super) fn from_js(name: &str, value: &JsValue) -> Result<Rc<Self>, Error> {
        let kind = match value.dyn_ref::<Function>() {
            Some(function) => Kind::Provider(function.clone()),
            None if get(value, "accessToken").is_string() => {
                Kind::Fixed(Token::from_value(&to_value(name, value)?, now())?)
            }
            None => {
                let message = format!("{name} must be a function that answers a token, or {{ accessToken }}");
                return Err(Error::invalid(message));
            }
        };
        Ok(Rc::new(Self { kind, held: RefCell::new(None), asked: RefCell::new(None) }))
    }

    /// Whether asking again may bring another token.
    pub(super) const fn can_refresh(&self) -> bool {
        matches!(self.kind, Kind::Provider(_))
    }

    /// A token that is good for a request now. With `fresh` the provider is asked even if the last one would do. A
    /// provider need not ever answer: when `limit` resolves, it is as if it had answered nothing.
    pub(super) async fn token(&self, fresh: bool, limit: Option<&Promise>) -> Result<Secret<String>, JsValue> {
        let provider = match &self.kind {
            Kind::Fixed(token) => return Ok(token.access.clone()),
            Kind::Provider(provider) => provider,
        };
        if !fresh && let Some(token) = self.held.borrow().as_ref().filter(|token| token.is_good_at(now())) {
            return Ok(token.access.clone());
        }
        let waiting = self.asked.borrow().clone();
        let asked = match waiting {
            Some(asked) => asked,
            None => {
                let asked = match provider.call0(&JsValue::UNDEFINED) {
                    Ok(answer) => Promise::resolve(&answer),
                    Err(exception) => Promise::reject(&exception),
                };
                *self.asked.borrow_mut() = Some(asked.clone());
                asked
            }
        };
        let answer = match limit {
            Some(limit) => JsFuture::from(Promise::race(&Array::of2(&asked, limit))).await,
            None => JsFuture::from(asked.clone()).await,
        };
        // Whether it answered, failed or took too long: the next call asks anew.
        if self.asked.borrow().as_ref().is_some_and(|present| Object::is(present, &asked)) {
            *self.asked.borrow_mut() = None;
        }
        let answer = answer.map_err(|cause| {
            // The app's own endpoint may be out of reach for a moment, so this is worth another try.
            let error = Error { retryable: true, ..Error::new(Code::Unauthorized, "the token provider failed") };
            if is_ours(&cause) { cause } else { to_error(&error, Some(&cause)) }
        })?;
        let token = Token::from_value(&to_value("the token provider's answer", &answer)?, now())?;
        let access = token.access.clone();
        *self.held.borrow_mut() = Some(token);
        Ok(access)
    }
}
