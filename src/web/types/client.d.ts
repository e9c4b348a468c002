/**
 * ossicle: real-time ambient clinical documentation in the browser.
 *
 * Names of resources, methods, parameters and results follow `@corti/sdk` 1.0. Timestamps are ISO 8601 texts; ids are
 * UUIDs; fields of a response that are not listed here stay on the object. Every promise settles: with a result, or with
 * an {@link OssicleError}.
 */

declare global {
  interface SymbolConstructor {
    /** For `using`. TypeScript's own libraries have it from `esnext.disposable` on. */
    readonly dispose: unique symbol;
  }
}

/** What kind of failure an {@link OssicleError} is. */
export type OssicleErrorCode =
  | "invalid_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "rate_limited"
  | "server_error"
  | "timeout"
  | "aborted"
  | "network"
  | "config_rejected"
  | "connection_lost"
  | "protocol"
  | "audio_unsupported"
  | "microphone_denied"
  | "microphone_missing"
  | "microphone_busy"
  | "not_initialised";

/** What every failure of the package is. Its message holds no token and no clinical text. */
export class OssicleError extends Error {
  private constructor();
  /** Always `OssicleError`. */
  readonly name: "OssicleError";
  /** For programs to match on. */
  readonly code: OssicleErrorCode;
  /** What happened and what to do, for people. */
  readonly message: string;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** HTTP status, where there was one. */
  readonly statusCode?: number;
  /** The service's id of the request, for its support. */
  readonly requestId?: string;
  /** What the service answered. It may quote the request; it is not enumerable, so logs leave it out. */
  readonly body?: unknown;
  /** The exception behind this one, where there was one. */
  readonly cause?: unknown;
  /** The interaction of the visit that failed. */
  readonly interactionId?: string;
  /** Where a visit failed. */
  readonly step?: VisitStep;
}

/** What {@link preflight} found. */
export interface Preflight {
  /** Whether nothing is missing. */
  ok: boolean;
  /** What is missing. */
  missing: (
    | "secure-context"
    | "webassembly"
    | "websocket"
    | "audio-worklet"
    | "get-user-media"
    | "microphone"
    | "microphone-permission"
  )[];
  /** What is known of the microphone without asking the user. */
  microphone: "granted" | "denied" | "prompt" | "missing" | "unknown";
}

/** Tells what this browser lacks for a visit. It needs no `init`, and asks the user nothing. */
export function preflight(): Promise<Preflight>;

/** Options of {@link OssicleClient}: where the service is and whose, and how its requests are made. */
export type OssicleClientOptions = OssicleClientSettings & OssicleClientPlace;

/** Where the service is, whose it is, and where tokens come from. What a token names may be left out; a proxy may bring the rest. */
export type OssicleClientPlace =
  | {
      /** Where the service is. */
      environment: Environment;
      /** Base of a proxy's REST API, in place of the environment's; that of its sockets is the same with `wss`. */
      baseUrl?: string;
      /** The tenant, sent as `Tenant-Name` and on the socket. */
      tenantName: string;
      /** Where tokens come from. */
      auth: Auth;
    }
  | {
      /**
       * Left out, it is the one that the token names in its `iss`: at once with `auth.accessToken`, else when the function has been
       * asked for one.
       */
      environment?: Environment;
      /** As above. */
      baseUrl?: string;
      /** Left out, it is the one that the token names. */
      tenantName?: string;
      /** Where tokens come from. */
      auth: TokenProvider | TokenAuth | RefreshAuth;
    }
  | {
      /** The addresses of a proxy that brings tenant and token. */
      environment: Exclude<Environment, string>;
      /** As above. */
      baseUrl?: string;
      tenantName?: undefined;
      auth?: undefined;
    }
  | {
      /** Where its sign-in is, if that is needed. */
      environment?: Environment;
      /** Base of the REST API of a proxy that brings tenant and token. */
      baseUrl: string;
      tenantName?: undefined;
      auth?: undefined;
    };

/** How a client's requests are made. */
export interface OssicleClientSettings {
  /** Another source of tokens for the socket, for tokens of the limited scope `streams`. Default: `auth`. */
  streamAuth?: Auth;
  /** Tries after the first one. Default 2. */
  maxRetries?: number;
  /** Seconds for each attempt of a request. Default 60. */
  timeoutInSeconds?: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Whether cookies go with requests to another origin, such as a proxy's. Default `false`. */
  withCredentials?: boolean;
  /** Used in place of the global `fetch`, for tokens as well. */
  fetch?: (request: Request) => Promise<Response>;
  /** Told of retries, tokens and the states of streams. Default: nobody. */
  logger?: Logger;
}

/** Options of a single call. */
export interface RequestOptions {
  /** Aborts the call and its fetch; it rejects with the code `aborted`. */
  abortSignal?: AbortSignal;
  /** Seconds for each attempt. */
  timeoutInSeconds?: number;
  /** Tries after the first one. */
  maxRetries?: number;
  /** Sent with this call, beside the client's; of the same name this one counts. */
  headers?: Record<string, string>;
  /** Added to the address. */
  queryParams?: Record<string, string>;
}

/** The entry to everything. Await `init()` before creating one. */
export class OssicleClient {
  constructor(options: OssicleClientOptions);
  /** Visits, as the service keeps them. */
  readonly interactions: Interactions;
  /** The clinical facts of an interaction. */
  readonly facts: Facts;
  /** Documents written from facts, transcripts or texts, and what guided ones are written by. */
  readonly documents: Documents;
  /** The forms that classic documents take. */
  readonly templates: Templates;
  /** Audio files that belong to an interaction. */
  readonly recordings: Recordings;
  /** Transcripts of recordings. */
  readonly transcripts: Transcripts;
  /** The languages that the service knows. */
  readonly languages: Languages;
  /** Live audio to transcripts and facts. */
  readonly stream: Streams;
  /** Whole visits, from start to finish. */
  readonly visits: Visits;
  /** The microphones of this device. */
  readonly microphones: Microphones;
  /** The headers that a request of your own to the service is to have: `Authorization` with a good token, and `Tenant-Name`. */
  getAuthHeaders(): Promise<Headers>;
  /** There is nothing to free: what the client has handed out outlives it. */
  free(): void;
  /** The same as `free`. */
  [Symbol.dispose](): void;
}
