//! The sandbox as a client meets it: over HTTP and WebSocket, on a free port.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod auth;
mod control;
mod faults;
mod golden;
mod guided;
mod oauth;
mod pages;
mod recordings;
mod requests;
mod rest;
mod shapes;
mod socket;
mod support;
mod tools;
