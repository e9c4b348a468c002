//! Where tokens come from. [`Tokens`] decides what is done for one; here it is done: the app's function is asked for
//! (`js/provider.js` calls it, for streams as well), the token endpoint asked, once however many calls wait.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::convert::{from_error, to_value};
use super::fetch::{Files, Network, browser_request};
use super::limit::{Cancel, Failure};
use super::now;
use crate::error::{Code, Error};
use crate::redact::Secret;
use crate::rest::Method;
use crate::rest::environment::Environment;
use crate::rest::grant::Grant;
use crate::rest::tokens::{Need, Next, Tokens};

#[wasm_bindgen]
extern "C" {
    /// What an app gave as `auth` or `streamAuth`, and its function, if there is one: `js/provider.js`.
    #[derive(PartialEq)]
    pub type Provider;

    /// `auth` or `streamAuth`.
    #[wasm_bindgen(method, getter)]
    fn name(this: &Provider) -> String;

    /// What was given, without its functions.
    #[wasm_bindgen(method, getter)]
    fn given(this: &Provider) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = hasFunction)]
    fn has_function(this: &Provider) -> bool;

    /// When, in milliseconds of the page's clock.
    #[wasm_bindgen(method, getter, js_name = givenAt)]
    fn given_at(this: &Provider) -> f64;

    /// The function's last answer, and when it came; before there is one, what was given.
    #[wasm_bindgen(method, getter)]
    fn answer(this: &Provider) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = answeredAt)]
    fn answered_at(this: &Provider) -> f64;

    /// Asks the function, once however many wait. Rejects with an `OssicleError`.
    #[wasm_bindgen(method)]
    fn ask(this: &Provider) -> Promise;
}

/// A source of tokens.
pub(super) struct TokenSource {
    tokens: RefCell<Tokens>,
    provider: Provider,
    /// When the answer came that was taken last.
    taken_at: Cell<f64>,
    endpoint: String,
    network: Rc<Network>,
    /// The question that is out.
    asked: RefCell<Option<Rc<Question>>>,
}

/// An instant of the page's clock.
fn milliseconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time / 1e3).unwrap_or_default()
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
    /// The tokens of a provider, whatever its form.
    pub(super) fn new(
        provider: Provider, environment: &Environment, tenant: &str, network: &Rc<Network>,
    ) -> Result<Rc<Self>, Error> {
        let (given, at) = (to_value(&provider.name(), &provider.given())?, provider.given_at());
        let tokens = Tokens::from_value(&provider.name(), &given, provider.has_function(), milliseconds(at))?;
        let endpoint = if tokens.needs_endpoint() { environment.token_url(tenant)? } else { String::new() };
        let (tokens, asked, taken_at) = (RefCell::new(tokens), RefCell::default(), Cell::new(at));
        Ok(Rc::new(Self { tokens, provider, taken_at, endpoint, network: network.clone(), asked }))
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

    /// A token for a request that begins now.
    pub(super) async fn good(self: &Rc<Self>) -> Result<Secret<String>, JsValue> {
        let cancel = Cancel::after(self.network.timeout, None)?;
        Ok(self.token(&Need::Good, &cancel).await?)
    }

    /// A token, unless the caller's time is over before.
    pub(super) async fn token(self: &Rc<Self>, need: &Need, cancel: &Cancel) -> Got {
        self.catch_up()?;
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
            if !source.provider.has_function() {
                source.tell(result.as_ref().err());
            }
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
                Next::Call => return self.call().await,
                Next::Post(grant) => {
                    if let Some(token) = self.post(&grant).await? {
                        return Ok(token);
                    }
                }
            }
        }
    }

    /// Takes what the app's function answered when a stream asked for it.
    fn catch_up(&self) -> Result<(), Error> {
        let at = self.provider.answered_at();
        if at > self.taken_at.replace(at) {
            let answer = to_value("the token provider's answer", &self.provider.answer())?;
            self.tokens.borrow_mut().given(&answer, milliseconds(at))?;
        }
        Ok(())
    }

    /// Asks the app's function. What became of it, the provider tells the logger.
    async fn call(&self) -> Got {
        JsFuture::from(self.provider.ask()).await.map_err(Failure::Final)?;
        let answer = to_value("the token provider's answer", &self.provider.answer())?;
        let at = self.provider.answered_at();
        self.taken_at.set(at);
        Ok(self.tokens.borrow_mut().given(&answer, milliseconds(at))?)
    }

    /// Asks the token endpoint. `None`: the refresh token is no longer good.
    async fn post(&self, grant: &Grant) -> Result<Option<Secret<String>>, Failure> {
        let cancel = Cancel::after(self.network.timeout, None)?;
        // No header that a page would have to ask for leave to send: identity providers seldom give it.
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let form = grant.form().0.into();
        let request = browser_request(&self.endpoint, Method::Post, &headers, &form, &cancel.signal(), false);
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
