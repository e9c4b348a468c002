//! Where tokens come from. [`Tokens`] decides what is done for one; here it is done: the app's function is called, the
//! token endpoint asked, once however many calls wait.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::convert::{from_error, get, is_ours, to_error, to_value};
use super::fetch::{Files, Network, browser_request};
use super::limit::{Cancel, Failure};
use super::now;
use crate::error::{Code, Error};
use crate::redact::Secret;
use crate::rest::Method;
use crate::rest::environment::Environment;
use crate::rest::grant::Grant;
use crate::rest::tokens::{Need, Next, Tokens};

/// A source of tokens.
pub(super) struct TokenSource {
    tokens: RefCell<Tokens>,
    function: Option<Function>,
    endpoint: String,
    network: Rc<Network>,
    /// The question that is out.
    asked: RefCell<Option<Rc<Question>>>,
}

/// What asking comes to.
type Got = Result<Secret<String>, Failure>;

/// A question for a token. It has a time limit of its own, and goes on when a caller no longer waits for it: a code or a
/// refresh token may be good only once, and its answer serves the next call as well.
struct Question {
    /// Resolves, to nothing, when there is an answer.
    done: Promise,
    answer: Rc<RefCell<Option<Got>>>,
}

impl TokenSource {
    /// Reads `auth`, whatever its form.
    pub(super) fn from_js(
        name: &str, value: &JsValue, environment: &Environment, tenant: &str, network: &Rc<Network>,
    ) -> Result<Rc<Self>, Error> {
        let function = match value.dyn_ref::<Function>() {
            Some(function) => Some(function.clone()),
            None => get(value, "refreshAccessToken").dyn_into().ok(),
        };
        // JSON leaves the functions out.
        let given = if value.is_function() { serde_json::Value::Null } else { to_value(name, value)? };
        let tokens = Tokens::from_value(name, &given, function.is_some(), now())?;
        let endpoint = if tokens.needs_endpoint() { environment.token_url(tenant)? } else { String::new() };
        let (tokens, asked) = (RefCell::new(tokens), RefCell::default());
        Ok(Rc::new(Self { tokens, function, endpoint, network: network.clone(), asked }))
    }

    /// Whether asking again may bring another token.
    pub(super) fn can_refresh(&self) -> bool {
        self.tokens.borrow().can_refresh()
    }

    /// A token for a connection that will outlast it.
    pub(super) async fn fresh(self: &Rc<Self>) -> Result<Secret<String>, JsValue> {
        let cancel = Cancel::after(self.network.timeout, None)?;
        Ok(self.token(&Need::Fresh, &cancel).await?)
    }

    /// A token, unless the caller's time is over before.
    pub(super) async fn token(self: &Rc<Self>, need: &Need, cancel: &Cancel) -> Got {
        if let Next::Use(token) = self.tokens.borrow().next(need, now())? {
            return Ok(token);
        }
        let waiting = self.asked.borrow().clone();
        let question = waiting.unwrap_or_else(|| self.ask(need.clone()));
        // It never rejects.
        let _ = cancel.settle("whoever gives tokens", &question.done).await?;
        let answer = question.answer.borrow().clone();
        answer.unwrap_or_else(|| Err(Error::new(Code::Unauthorized, "no token came").into()))
    }

    fn ask(self: &Rc<Self>, need: Need) -> Rc<Question> {
        let answer = Rc::new(RefCell::default());
        let (source, place) = (self.clone(), Rc::clone(&answer));
        // It begins to run when whoever calls this is done.
        let done = future_to_promise(async move {
            let result = source.get(&need).await;
            source.tell(result.as_ref().err());
            *place.borrow_mut() = Some(result);
            source.asked.take();
            Ok(JsValue::UNDEFINED)
        });
        let question = Rc::new(Question { done, answer });
        *self.asked.borrow_mut() = Some(question.clone());
        question
    }

    async fn get(&self, need: &Need) -> Got {
        loop {
            let next = self.tokens.borrow().next(need, now())?;
            match next {
                Next::Use(token) => return Ok(token),
                Next::Call(refresh) => return self.call(refresh).await,
                Next::Post(grant) => {
                    if let Some(token) = self.post(&grant).await? {
                        return Ok(token);
                    }
                }
            }
        }
    }

    /// Asks the app's function.
    async fn call(&self, refresh: Option<Secret<String>>) -> Got {
        let cancel = Cancel::after(self.network.timeout, None)?;
        let refresh = refresh.map_or(JsValue::UNDEFINED, |refresh| refresh.0.into());
        let called = self.function.as_ref().map(|function| function.call1(&JsValue::UNDEFINED, &refresh));
        let answer = match called.unwrap_or(Ok(JsValue::UNDEFINED)) {
            Ok(answer) => Promise::resolve(&answer),
            Err(exception) => Promise::reject(&exception),
        };
        let answer = cancel.settle("the token provider", &answer).await?.map_err(|cause| {
            // The app's own endpoint may be out of reach for a moment, so this is worth another try.
            let error = Error { retryable: true, ..Error::new(Code::Unauthorized, "the token provider failed") };
            Failure::Final(if is_ours(&cause) { cause } else { to_error(&error, Some(&cause)) })
        })?;
        let answer = to_value("the token provider's answer", &answer)?;
        Ok(self.tokens.borrow_mut().given(&answer, now())?)
    }

    /// Asks the token endpoint. `None`: the refresh token is no longer good.
    async fn post(&self, grant: &Grant) -> Result<Option<Secret<String>>, Failure> {
        let cancel = Cancel::after(self.network.timeout, None)?;
        // No header that a page would have to ask for leave to send: identity providers seldom give it.
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let form = grant.form().0.into();
        let request = browser_request(&self.endpoint, Method::Post, &headers, &form, &cancel.signal());
        let refused = || Error::invalid("the token endpoint cannot be asked: check environment.login");
        let request = request.ok_or_else(refused)?;
        let answer = self.network.exchange("the token endpoint", &request, Files::default(), &cancel).await;
        let (response, _) = answer.map_err(|failure| match failure {
            Failure::NotDelivered(exception) => Failure::NotSent(exception, None),
            other => other,
        })?;
        let answered = self.tokens.borrow_mut().answered(grant, &response, now());
        answered.map_err(|error| match error.retryable {
            true => Failure::NotSent(error.into(), Some(response)),
            false => error.into(),
        })
    }

    /// Tells the logger how it went.
    fn tell(&self, failure: Option<&Failure>) {
        match failure {
            None => self.network.logger.tell("debug", "there is a new token"),
            Some(failure) => {
                let error = from_error(&failure.clone().into());
                self.network.logger.tell("warn", &format!("there is no new token: {}", error.label()));
            }
        }
    }
}
