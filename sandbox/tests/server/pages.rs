//! What a page finds: files, settings, a token, and leave to call from another origin.

use ossicle_sandbox::{Options, Region, Service};
use serde_json::json;

use crate::support::Sandbox;

#[test]
fn the_settings_point_to_this_very_server_and_say_that_it_is_a_sandbox() {
    let sandbox = Sandbox::start();
    let host = sandbox.url.trim_start_matches("http://");
    let settings = sandbox.send("GET", "/settings.json", &[], None).body;
    let expected = json!({
        "environment": {
            "base": format!("http://{host}/v2"),
            "wss": format!("ws://{host}/audio-bridge/v2"),
            "login": format!("http://{host}"),
        },
        "tenantName": "base",
        "sandbox": true,
        "pace": 0.02,
    });
    assert_eq!(settings, expected);
    let token = sandbox.send("POST", "/token", &[], None).body;
    assert_eq!(token["expiresIn"], 300);
    assert!(token["accessToken"].is_string());
}

#[test]
fn with_an_environment_there_are_pages_and_a_token_and_no_sandbox() {
    let service = |access_token| Service { region: Region::Eu, tenant: "clinic".into(), access_token };
    let options = |access_token| Options { service: Some(service(access_token)), ..Options::default() };
    let server = Sandbox::with(options(Some("given".into())));
    let settings = server.send("GET", "/settings.json", &[], None).body;
    assert_eq!(settings, json!({ "environment": "eu", "tenantName": "clinic", "sandbox": false }));
    let token = server.send("POST", "/token", &[], None).body;
    assert_eq!(token, json!({ "accessToken": "given", "expiresIn": 300 }));
    for path in ["/v2/interactions/", "/sandbox/streams/x"] {
        assert_eq!(server.send("GET", path, &[], None).status, 404);
    }
    let without = Sandbox::with(options(None));
    assert_eq!(without.send("POST", "/token", &[], None).status, 503);
}

#[test]
fn pages_and_the_package_are_served_fresh_and_nothing_beside_them() {
    let folder = std::env::temp_dir().join(format!("ossicle-sandbox-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("www")).unwrap();
    std::fs::create_dir_all(folder.join("pkg")).unwrap();
    std::fs::write(folder.join("www/index.html"), "<!doctype html>").unwrap();
    std::fs::write(folder.join("pkg/ossicle_bg.wasm"), "wasm").unwrap();
    std::fs::write(folder.join("secret"), "no").unwrap();
    let (www, pkg) = (Some(folder.join("www")), Some(folder.join("pkg")));
    let sandbox = Sandbox::with(Options { www, pkg, ..Options::default() });
    let page = sandbox.send("GET", "/", &[], None);
    assert_eq!(
        (page.status, page.header("content-type"), page.header("cache-control")),
        (200, "text/html", "no-store")
    );
    let wasm = sandbox.send("GET", "/pkg/ossicle_bg.wasm", &[], None);
    assert_eq!((wasm.status, wasm.header("content-type")), (200, "application/wasm"));
    assert_eq!(sandbox.send("GET", "/%2e%2e/secret", &[], None).status, 404);
    assert_eq!(sandbox.send("GET", "/missing.html", &[], None).status, 404);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_page_of_another_origin_may_call_with_a_token() {
    let sandbox = Sandbox::start();
    let headers = [
        ("origin", "http://elsewhere.test"),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "authorization,tenant-name,content-type"),
    ];
    let answer = sandbox.send("OPTIONS", "/v2/interactions/", &headers, None);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-allow-headers").contains("authorization"));
}
