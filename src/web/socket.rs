//! One WebSocket: its news go to a handler; dropping it takes the listeners off and closes it.

use gloo_events::EventListener;
use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::engine::wire::Address;
use crate::error::Error;

/// What a socket has to tell.
pub(super) enum News {
    Opened,
    Text(String),
    Closed(u16),
}

pub(super) struct Socket {
    socket: WebSocket,
    _listeners: [EventListener; 3],
}

impl Socket {
    /// Starts to open a socket. Its news come later, never from within this call.
    pub(super) fn open(address: &Address, handler: impl Fn(News) + Clone + 'static) -> Result<Self, Error> {
        let protocols: Array = address.protocols.iter().map(JsValue::from).collect();
        let socket = WebSocket::new_with_str_sequence(&address.url.0, &protocols).map_err(|exception| {
            // The exception quotes the URL, which holds the token: it is not passed on as the cause.
            let name = super::convert::name_of(&exception);
            Error::invalid(format!("the socket's address or subprotocols are not valid ({name})"))
        })?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let opened = {
            let handler = handler.clone();
            EventListener::new(&socket, "open", move |_| handler(News::Opened))
        };
        let message = {
            let handler = handler.clone();
            EventListener::new(&socket, "message", move |event| {
                let data = event.unchecked_ref::<MessageEvent>().data();
                // The service sends text only; binary is not of this protocol and means nothing here.
                if let Some(text) = data.dyn_ref::<JsString>() {
                    handler(News::Text(text.into()));
                }
            })
        };
        let closed = EventListener::new(&socket, "close", move |event| {
            handler(News::Closed(event.unchecked_ref::<CloseEvent>().code()));
        });
        Ok(Self { socket, _listeners: [opened, message, closed] })
    }

    /// Hands over a text frame. On a closing socket the browser discards it without a word; the session notices by
    /// the close that follows, and keeps what is unacknowledged.
    pub(super) fn send_text(&self, text: &str) {
        let _ = self.socket.send_with_str(text);
    }

    /// Hands over a binary frame.
    pub(super) fn send_bytes(&self, bytes: &[u8]) {
        let _ = self.socket.send_with_u8_array(bytes);
    }

    /// Bytes handed over that have not left.
    pub(super) fn buffered_bytes(&self) -> usize {
        self.socket.buffered_amount() as usize
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.socket.close_with_code(1000);
    }
}
