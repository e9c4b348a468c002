//! `logger`: what an app may want to write down of a client's doings. It is told what is done and how it went, never what
//! was sent or said: no token, no id, no text.

use wasm_bindgen::prelude::*;

use super::client::Client;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method)]
    fn log(this: &Client, level: &str, line: &str);
}

/// The way to the app's logger, if it gave one.
pub(super) struct Logger(Client);

impl Logger {
    /// The logger of a client.
    pub(super) fn new(client: &Client) -> Self {
        Self(client.clone())
    }

    /// Tells it something, if it has a function for that level.
    pub(super) fn tell(&self, level: &str, line: &str) {
        self.0.log(level, line);
    }
}
