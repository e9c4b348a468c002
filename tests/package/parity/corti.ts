// The official client, under the names that the visit imports.

export { CortiClient as Client, CortiError as ClientError } from "@corti/sdk";
