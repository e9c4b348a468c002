//! Which token is used, and what is done for the next one: use it, ask the app's function, or ask the token endpoint.
//!
//! [`Tokens`] decides and waits for nothing: whoever carries it out tells what came back, and asks again.

use std::time::Duration;

use serde_json::Value;

use super::grant::{Answer, Client, Grant};
use super::response::Response;
use super::token::Token;
use crate::error::{Code, Error};
use crate::redact::Secret;

/// What a token is needed for.
#[derive(Clone, Debug)]
pub enum Need {
    /// A request that starts now.
    Good,
    /// A connection that will outlast it: one that begins its life now.
    Fresh,
    /// A request whose token was refused, before its time: by a clock that differs, or because it was revoked.
    OtherThan(Secret<String>),
}

/// What to do for a token.
#[derive(Debug)]
pub enum Next {
    /// This is one.
    Use(Secret<String>),
    /// Have the app's function called; tell [`Tokens::given`].
    Call,
    /// Ask the token endpoint; tell [`Tokens::answered`].
    Post(Grant),
}

/// The token of a client, and how it gets the next one.
#[derive(Debug)]
pub struct Tokens {
    way: Way,
    held: Option<Token>,
}

#[derive(Debug)]
enum Way {
    /// The one token that was given.
    Fixed,
    /// A function of the app.
    Function,
    /// The token endpoint: a refresh token first, else the grant, as long as it can be repeated.
    Endpoint {
        client: Client,
        grant: Option<Grant>,
        /// Why the last refresh token was refused, in OAuth's word.
        refused: Option<String>,
    },
}

impl Tokens {
    /// Reads what an app gave as `name`, without its functions; `has_function` if one of them is there to be asked.
    ///
    /// # Errors
    /// `invalid_request` that names the key if nothing can be made of it.
    pub fn from_value(name: &str, value: &Value, has_function: bool, now: Duration) -> Result<Self, Error> {
        let held = match &value["accessToken"] {
            Value::Null => None,
            _ => Some(
                Token::from_value(value, now)
                    .map_err(|_| Error::invalid(format!("{name}.accessToken must be a text that is not empty")))?,
            ),
        };
        if has_function {
            // Its refresh token is the function's first argument: whoever calls it keeps that.
            return Ok(Self { way: Way::Function, held });
        }
        if held.is_some() {
            let can_refresh = held.as_ref().is_some_and(|held| held.refresh_at(now).is_some());
            let client = Client::from_value(name, value)?.filter(|_| can_refresh);
            let endpoint = |client| Way::Endpoint { client, grant: None, refused: None };
            return Ok(Self { way: client.map_or(Way::Fixed, endpoint), held });
        }
        let Some((client, grant)) = Grant::from_value(name, value)? else {
            return Err(Error::invalid(format!(
                "{name} must be a function that answers a token, or {{ accessToken }}, {{ refreshAccessToken }}, or \
                 {{ clientId }} with clientSecret, username and password, or code and redirectUri"
            )));
        };
        Ok(Self { way: Way::Endpoint { client, grant: Some(grant), refused: None }, held: None })
    }

    /// Whether the token endpoint may be asked.
    #[must_use]
    pub const fn needs_endpoint(&self) -> bool {
        matches!(self.way, Way::Endpoint { .. })
    }

    /// Whether there may be another token after this one.
    #[must_use]
    pub const fn can_refresh(&self) -> bool {
        !matches!(self.way, Way::Fixed)
    }

    /// What to do for a token now.
    ///
    /// # Errors
    /// `unauthorized` if nothing brings one: the user has to sign in again.
    pub fn next(&self, need: &Need, now: Duration) -> Result<Next, Error> {
        let usable = self.held.as_ref().filter(|held| match need {
            Need::Good => true,
            Need::Fresh => false,
            Need::OtherThan(refused) => held.access != *refused,
        });
        // A function whose token does not say when it ends is asked each time: it may know. Any other such token is
        // used until it is refused.
        let is_good = |held: &&Token| held.is_good_at(now).unwrap_or(!matches!(self.way, Way::Function));
        if let Some(held) = usable.filter(is_good) {
            return Ok(Next::Use(held.access.clone()));
        }
        let refresh = self.held.as_ref().and_then(|held| held.refresh_at(now));
        let refused = match &self.way {
            Way::Function => return Ok(Next::Call),
            Way::Fixed => None,
            Way::Endpoint { client, grant, refused } => {
                if let Some(grant) = refresh.map(|refresh| client.refresh(refresh)).or_else(|| grant.clone()) {
                    return Ok(Next::Post(grant));
                }
                refused.as_deref()
            }
        };
        // Nothing brings another one: this one is used to its very end, and what is fixed whatever it says of its end.
        let is_refused = |held: &Token| matches!(need, Need::OtherThan(refused) if held.access == *refused);
        let last = self.held.as_ref().filter(|held| !is_refused(held));
        if let Some(held) = last.filter(|held| matches!(self.way, Way::Fixed) || !held.is_over_at(now)) {
            return Ok(Next::Use(held.access.clone()));
        }
        let why = refused.map(|word| format!(" ({word})")).unwrap_or_default();
        Err(Error::new(Code::Unauthorized, format!("the sign-in is over{why}: sign in again")))
    }

    /// Takes what the app's function answered.
    ///
    /// # Errors
    /// `unauthorized` if it holds no token. It is not quoted.
    pub fn given(&mut self, answer: &Value, now: Duration) -> Result<Secret<String>, Error> {
        Ok(self.hold(Token::from_value(answer, now)?))
    }

    /// Takes what the token endpoint answered to a grant. `None`: the refresh token was refused; ask for what is next.
    ///
    /// # Errors
    /// Why there is no token: `unauthorized` or `invalid_request` by OAuth's word, else by the status.
    pub fn answered(
        &mut self, asked: &Grant, response: &Response, now: Duration,
    ) -> Result<Option<Secret<String>>, Error> {
        let answer = asked.read(response, now);
        let Way::Endpoint { grant, refused, .. } = &mut self.way else { return Ok(None) };
        let is_over = matches!(answer, Answer::Token(_) | Answer::Refused(..));
        if is_over && !asked.is_refresh() && !asked.is_repeatable() {
            *grant = None;
        }
        match answer {
            Answer::Token(token) => Ok(Some(self.hold(token))),
            Answer::Refused(word, _) if asked.is_refresh() => {
                *refused = Some(word);
                if let Some(held) = &mut self.held {
                    held.forget_refresh();
                }
                Ok(None)
            }
            Answer::Refused(_, error) | Answer::Failed(error) => Err(error),
        }
    }

    fn hold(&mut self, token: Token) -> Secret<String> {
        let access = token.access.clone();
        self.held = Some(token.after(self.held.take()));
        access
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use serde_json::json;

    const NOW: Duration = Duration::from_secs(1_000);

    fn later(seconds: u64) -> Duration {
        NOW + Duration::from_secs(seconds)
    }

    fn tokens(value: Value) -> Tokens {
        Tokens::from_value("auth", &value, false, NOW).unwrap()
    }

    fn asks(value: Value) -> Tokens {
        Tokens::from_value("auth", &value, true, NOW).unwrap()
    }

    fn refused(token: &str) -> Need {
        Need::OtherThan(Secret(token.to_owned()))
    }

    /// What is next, in short: the token used, or what is asked.
    fn next(tokens: &Tokens, need: &Need, now: Duration) -> String {
        match tokens.next(need, now) {
            Ok(Next::Use(token)) => format!("use {}", token.0),
            Ok(Next::Call) => "call".to_owned(),
            Ok(Next::Post(grant)) => grant.form().0,
            Err(error) => error.to_string(),
        }
    }

    fn answer(tokens: &mut Tokens, status: u16, body: Value, now: Duration) -> Result<Option<String>, Error> {
        let Ok(Next::Post(grant)) = tokens.next(&Need::Fresh, now) else { panic!("the endpoint is asked") };
        let response = Response { status, body: body.to_string(), ..Response::default() };
        Ok(tokens.answered(&grant, &response, now)?.map(|token| token.0))
    }

    fn pair(access: &str, refresh: &str) -> Value {
        json!({ "access_token": access, "expires_in": 300, "refresh_token": refresh, "refresh_expires_in": 1_800 })
    }

    const CLIENT: &str = "grant_type=client_credentials&client_id=c&client_secret=s&scope=openid";
    const REFRESH: &str = "grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r";

    #[test]
    fn a_fixed_token_is_used_whatever_happens() {
        let fixed = tokens(json!({ "accessToken": "a", "expiresIn": 1, "clientId": "c" }));
        assert!(!fixed.can_refresh() && !fixed.needs_endpoint());
        assert_eq!(next(&fixed, &Need::Good, later(9)), "use a");
        assert_eq!(next(&fixed, &Need::Fresh, NOW), "use a");
    }

    #[test]
    fn a_function_is_called_when_its_token_nears_its_end_or_does_not_tell_it() {
        let mut all = asks(json!(null));
        assert_eq!(next(&all, &Need::Good, NOW), "call");
        all.given(&json!({ "accessToken": "a", "expiresIn": 300, "refreshToken": "r" }), NOW).unwrap();
        assert_eq!(next(&all, &Need::Good, later(269)), "use a");
        assert_eq!(next(&all, &Need::Good, later(270)), "call");
        assert_eq!(next(&all, &Need::Fresh, NOW), "call");
        all.given(&json!("b"), later(270)).unwrap();
        assert_eq!(next(&all, &Need::Good, later(271)), "call");
    }

    #[test]
    fn a_given_token_is_used_before_the_function_is_called() {
        let all = asks(json!({ "accessToken": "a", "expiresIn": 300, "refreshToken": "r" }));
        assert_eq!(next(&all, &Need::Good, NOW), "use a");
        assert_eq!(next(&all, &Need::Good, later(280)), "call");
    }

    #[test]
    fn a_token_that_was_refused_is_replaced_once_for_all_who_held_it() {
        let mut all = asks(json!({ "accessToken": "a", "expiresIn": 300 }));
        assert_eq!(next(&all, &refused("a"), NOW), "call");
        all.given(&json!({ "accessToken": "b", "expiresIn": 300 }), NOW).unwrap();
        assert_eq!(next(&all, &refused("a"), NOW), "use b");
    }

    #[test]
    fn credentials_are_exchanged_then_refreshed_then_exchanged_again() {
        let mut all = tokens(json!({ "clientId": "c", "clientSecret": "s" }));
        assert_eq!(next(&all, &Need::Good, NOW), CLIENT);
        assert_eq!(answer(&mut all, 200, pair("a", "r"), NOW), Ok(Some("a".to_owned())));
        assert_eq!(next(&all, &Need::Good, later(269)), "use a");
        assert_eq!(next(&all, &Need::Good, later(270)), REFRESH);
        assert_eq!(next(&all, &Need::Fresh, later(1)), REFRESH);
        assert_eq!(next(&all, &refused("a"), later(1)), REFRESH);
        assert_eq!(next(&all, &Need::Good, later(1_800)), CLIENT, "the refresh token has ended");
    }

    #[test]
    fn a_refresh_token_that_is_refused_gives_way_to_the_credentials() {
        let mut all = tokens(json!({ "clientId": "c", "clientSecret": "s" }));
        answer(&mut all, 200, pair("a", "r"), NOW).unwrap();
        assert_eq!(answer(&mut all, 400, json!({ "error": "invalid_grant" }), later(280)), Ok(None));
        assert_eq!(next(&all, &Need::Good, later(280)), CLIENT);
    }

    #[test]
    fn an_endpoint_that_is_down_costs_nothing() {
        let mut all = tokens(json!({ "clientId": "c", "clientSecret": "s" }));
        answer(&mut all, 200, pair("a", "r"), NOW).unwrap();
        let error = answer(&mut all, 503, json!({}), later(280)).unwrap_err();
        assert_eq!((error.code, error.retryable), (Code::ServerError, true));
        assert_eq!(next(&all, &Need::Good, later(281)), REFRESH);
    }

    #[test]
    fn a_code_is_good_once_and_then_the_user_signs_in_again() {
        let value = json!({ "clientId": "c", "code": "x", "redirectUri": "https://a/?b", "codeVerifier": "v", "scopes": ["streams", "openid"] });
        let mut all = tokens(value);
        let first = "grant_type=authorization_code&client_id=c&code=x&redirect_uri=https%3A%2F%2Fa%2F%3Fb&code_verifier=v&scope=openid%20streams";
        assert_eq!(next(&all, &Need::Good, NOW), first);
        assert_eq!(answer(&mut all, 503, json!({}), NOW).map_err(|error| error.retryable), Err(true));
        assert_eq!(next(&all, &Need::Good, NOW), first, "it was not used");
        answer(&mut all, 200, pair("a", "r"), NOW).unwrap();
        let refresh = "grant_type=refresh_token&client_id=c&refresh_token=r&scope=openid%20streams";
        assert_eq!(next(&all, &Need::Good, later(280)), refresh);
        assert_eq!(answer(&mut all, 400, json!({ "error": "invalid_grant" }), later(280)), Ok(None));
        assert_eq!(next(&all, &Need::Good, later(290)), "use a", "to its very end");
        assert_eq!(next(&all, &Need::Fresh, later(290)), "use a");
        let over = "unauthorized: the sign-in is over (invalid_grant): sign in again";
        assert_eq!(next(&all, &Need::Good, later(300)), over);
        assert_eq!(next(&all, &refused("a"), later(290)), over);
    }

    #[test]
    fn a_code_that_is_refused_is_not_tried_again() {
        let mut all = tokens(json!({ "clientId": "c", "clientSecret": "s", "code": "x", "redirectUri": "https://a" }));
        let error = answer(&mut all, 400, json!({ "error": "invalid_grant" }), NOW).unwrap_err();
        assert!(error.message.contains("invalid_grant") && error.message.contains("sign in again"), "{error}");
        assert!(next(&all, &Need::Good, NOW).starts_with("unauthorized: the sign-in is over"));
    }

    #[test]
    fn a_token_with_a_refresh_token_and_a_client_is_refreshed_at_the_endpoint() {
        let all = tokens(json!({ "accessToken": "a", "refreshToken": "r", "clientId": "c", "scopes": ["streams"] }));
        assert_eq!(next(&all, &Need::Good, later(9_999)), "use a", "it does not say when it ends: until it is refused");
        let form = "grant_type=refresh_token&client_id=c&refresh_token=r&scope=openid%20streams";
        assert_eq!(next(&all, &refused("a"), NOW), form);
        assert!(!tokens(json!({ "accessToken": "a", "refreshToken": "r" })).can_refresh());
    }

    #[test]
    fn an_answer_without_a_lifetime_is_used_until_it_is_refused() {
        let mut all = tokens(json!({ "clientId": "c", "username": "u", "password": "p" }));
        let form = "grant_type=password&client_id=c&username=u&password=p&scope=openid";
        assert_eq!(next(&all, &Need::Good, NOW), form);
        answer(&mut all, 200, json!({ "access_token": "a" }), NOW).unwrap();
        assert_eq!(next(&all, &Need::Good, later(9_999)), "use a");
        assert_eq!(next(&all, &refused("a"), NOW), form);
    }

    #[test]
    fn what_nothing_can_be_made_of_is_refused_by_name() {
        for (value, named) in [
            (json!({}), "auth must be"),
            (json!("a token"), "auth must be"),
            (json!({ "accessToken": "" }), "auth.accessToken"),
            (json!({ "accessToken": 7 }), "auth.accessToken"),
            (json!({ "clientId": "c" }), "auth must be"),
        ] {
            let message = Tokens::from_value("auth", &value, false, NOW).unwrap_err().message.clone();
            assert!(message.starts_with(named), "{message}");
        }
    }

    #[test]
    fn it_prints_no_secret() {
        let mut all = tokens(json!({ "clientId": "c", "clientSecret": "canary", "scopes": [] }));
        answer(&mut all, 200, pair("canary", "canary"), NOW).unwrap();
        assert!(!format!("{all:?} {:?}", all.next(&Need::Fresh, NOW)).contains("canary"));
    }
}
