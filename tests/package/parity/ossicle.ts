// This package, under the names that the visit imports: what an app has to change when it moves.

export { OssicleClient as Client, OssicleError as ClientError } from "ossicle";
