// The JSON Schemas of all that a client sends (tests/wire/schemas), and which of them is for a request.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";

const wire = fileURLToPath(new URL("../wire/", import.meta.url));

/** A file of fixtures. */
export const fixtures = (name) => JSON.parse(readFileSync(`${wire}${name}.json`, "utf8"));

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });
for (const file of readdirSync(`${wire}schemas`)) ajv.addSchema(JSON.parse(readFileSync(`${wire}schemas/${file}`, "utf8")));

/** What is wrong with a body, by the schema of a method (`facts.create`) or of `stream`: a list of sentences, empty if nothing is. */
export function faults(name, body) {
  const validate = ajv.getSchema(`${name}.json`);
  if (!validate) return [`${name} has no schema`];
  return validate(body) ? [] : validate.errors.map(({ instancePath, message }) => `${name}${instancePath} ${message}`);
}

/** The names that have a schema. */
export const schemas = readdirSync(`${wire}schemas`).map((file) => file.replace(/\.json$/, "")).filter((name) => name !== "shared");

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
const shape = (request) => request.replace(/\?.*/, "").replace(UUID, "{id}").replace(/(?<=^\w+ \/templates\/).+/, "{key}");
const methods = new Map(fixtures("rest").map(({ call, request }) => [shape(request), call]));

/** The method whose request this is; `path` is relative to the REST base. */
export const methodOf = (verb, path) => methods.get(shape(`${verb} ${path}`));
