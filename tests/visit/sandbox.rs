//! The simulated service against the sandbox: what the storms prove, they prove of that.

use std::io::{Read, Write};
use std::net::TcpStream;

use ossicle::rest::{Method, calls};
use ossicle_sandbox::{Options, Server, serve};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::service::Service;

/// A sandbox and an interaction in it.
struct Sandbox {
    server: Server,
    _runtime: Runtime,
    token: String,
    interaction: String,
}

impl Sandbox {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            serve(listener, Options::default()).unwrap()
        });
        let mut sandbox = Self { server, _runtime: runtime, token: String::new(), interaction: String::new() };
        let (_, token) = sandbox.send("POST", "/token", "");
        sandbox.token = token["accessToken"].as_str().unwrap().to_owned();
        let encounter = json!({ "identifier": "x", "status": "planned", "type": "emergency" });
        let made = sandbox.call("interactions.create", &mut [json!({ "encounter": encounter })]);
        sandbox.interaction = made.1["interactionId"].as_str().unwrap().to_owned();
        sandbox
    }

    /// Status and body of the answer to a method of the REST API.
    fn call(&self, method: &str, arguments: &mut [Value]) -> (u16, Value) {
        let request = calls::call(method, arguments).unwrap();
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        let body = request.body.as_ref().map(Value::to_string).unwrap_or_default();
        self.send(method, &format!("/v2{}", request.target()), &body)
    }

    fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut socket = TcpStream::connect(self.server.address()).unwrap();
        write!(
            socket,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Tenant-Name: base\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }
}

#[test]
fn the_simulated_service_answers_as_the_sandbox_does() {
    let sandbox = Sandbox::start();
    let mut service = Service { stamps_new: true, hides_creation: true, ..Service::default() };
    let mut ids: Vec<[Value; 2]> = Vec::new();
    let nobody = json!("11111111-1111-4111-8111-111111111111");
    // A number stands for the id of the fact that was made as that one.
    let script = [
        ("facts.list", vec![]),
        ("facts.create", vec![json!({ "facts": [{ "text": "Cough", "group": "plan" }] })]),
        ("facts.create", vec![json!({ "facts": [{ "text": "Fever", "group": "allergies", "source": "core" }] })]),
        ("facts.create", vec![json!({ "facts": [{ "text": "Fever", "group": "nonsense" }] })]),
        ("facts.update", vec![json!(1), json!({ "text": "No fever", "source": "user" })]),
        ("facts.update", vec![json!(1), json!({ "group": "nonsense" })]),
        ("facts.update", vec![nobody.clone(), json!({ "text": "x" })]),
        ("facts.update", vec![json!(0), json!({ "group": "other", "isDiscarded": true })]),
        ("facts.create", vec![json!({ "facts": [{ "text": "Asthma", "group": "plan", "source": "core" }] })]),
        (
            "facts.batchUpdate",
            vec![json!({ "facts": [
                { "factId": 2, "text": "No asthma", "source": "user" }, { "factId": 0, "isDiscarded": false },
            ] })],
        ),
        (
            "facts.batchUpdate",
            vec![json!({ "facts": [{ "factId": 2, "text": "x" }, { "factId": nobody, "text": "x" }] })],
        ),
        ("facts.list", vec![]),
    ];
    for (method, arguments) in script {
        let [mut theirs, ours] = [0, 1].map(|side| {
            let named = |value: &Value| match value.as_u64() {
                Some(index) => ids[index as usize][side].clone(),
                None => value.clone(),
            };
            let mut arguments: Vec<Value> = arguments.iter().map(named).collect();
            for change in
                arguments.first_mut().and_then(|body| body.get_mut("facts")?.as_array_mut()).into_iter().flatten()
            {
                if !change["factId"].is_null() {
                    change["factId"] = named(&change["factId"]);
                }
            }
            arguments
        });
        theirs.insert(0, sandbox.interaction.clone().into());
        let (status, theirs) = sandbox.call(method, &mut theirs);
        match service.call(method, &ours) {
            Ok(ours) => {
                assert!((200..300).contains(&status), "{method} {arguments:?} is {status}");
                if method == "facts.create" {
                    ids.push([theirs["facts"][0]["id"].clone(), ours["facts"][0]["id"].clone()]);
                }
                assert_eq!(shape(&theirs, 0, &ids), shape(&ours, 1, &ids), "{method} {arguments:?}");
            }
            Err(error) => assert_eq!(Some(status), error.status, "{method} {arguments:?}"),
        }
    }
}

/// An answer without what is each service's own: ids by their numbers, and of the times whether there are any.
fn shape(answer: &Value, side: usize, ids: &[[Value; 2]]) -> Value {
    match answer {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let value = match key.as_str() {
                    "id" => json!(ids.iter().position(|both| both[side] == *value)),
                    "createdAt" | "updatedAt" | "groupId" => json!(value.is_string()),
                    _ => shape(value, side, ids),
                };
                (key.clone(), value)
            })
            .collect(),
        Value::Array(list) => list.iter().map(|value| shape(value, side, ids)).collect(),
        other => other.clone(),
    }
}
