
/** The name of the service's region, such as `eu` or `us`, or full URLs: a proxy of your own, or the sandbox. */
export type Environment =
  | string
  | {
      /** Base of the REST API, such as `https://api.eu.corti.app/v2`. */
      base: string;
      /** Base of the sockets, such as `wss://api.eu.corti.app/audio-bridge/v2`. */
      wss: string;
      /**
       * Base of the sign-in, such as `https://auth.eu.corti.app/realms`: the tenant's name is appended. A host alone stands for its
       * `/realms`. Only the forms of {@link Auth} that ask the token endpoint need it.
       */
      login?: string;
    };

/** A token as text, or with what is known of it. */
export type Token =
  | string
  | {
      accessToken: string;
      /** Seconds that it is good for. Without them a function is asked for each request. */
      expiresIn?: number;
      /** Handed to the next call of the function that answered it. */
      refreshToken?: string;
      /** Seconds that the refresh token is good for. */
      refreshExpiresIn?: number;
    };

/** A function of the app that gets tokens, usually from its own back end. Its argument is the last refresh token, if any. */
export type TokenProvider = (refreshToken?: string) => Token | Promise<Token>;

/** What every form of {@link Auth} that asks the token endpoint has in common. */
export interface OAuthClient {
  /** The client's id, as it is registered with the tenant. */
  clientId: string;
  /** Scopes to ask for beside `openid`, such as `["streams"]` for a token that opens the socket and nothing else. */
  scopes?: string[];
}

/** A token that is there already. */
export interface TokenAuth extends Partial<OAuthClient> {
  /** The token, without `Bearer`. */
  accessToken: string;
  /** Seconds that it is good for, from now. Without them it is used until it is refused. */
  expiresIn?: number;
  /** With `clientId` it is exchanged for the next token; `refreshAccessToken` gets it as its argument. */
  refreshToken?: string;
  /** Seconds that the refresh token is good for, from now. */
  refreshExpiresIn?: number;
  /** Asked for the next token; it goes before `refreshToken` and `clientId`. */
  refreshAccessToken?: TokenProvider;
}

/** A function for every token, the first one included. */
export type RefreshAuth = Omit<TokenAuth, "accessToken"> & { refreshAccessToken: TokenProvider };

/**
 * A client's own credentials (OAuth's `client_credentials`).
 *
 * **Not for a page that others open**: who has the page has the secret. It is here for tests and for servers; in a page use a
 * {@link TokenProvider} that asks an endpoint of your own.
 */
export interface ClientCredentialsAuth extends OAuthClient {
  /** The client's secret. */
  clientSecret: string;
}

/**
 * A user's name and password (OAuth's `password`).
 *
 * **Not for a page that others open**: a password belongs in the identity provider's own sign-in and nowhere else. Use
 * {@link PkceAuth}, or a {@link TokenProvider} that asks an endpoint of your own.
 */
export interface PasswordAuth extends OAuthClient {
  /** The user's name at the sign-in service. */
  username: string;
  /** The user's password there. */
  password: string;
  /** The client's secret, if it has one. */
  clientSecret?: string;
}

/**
 * A code of a sign-in, and the client's secret (OAuth's `authorization_code`).
 *
 * **Not for a page that others open**: who has the page has the secret. Use {@link PkceAuth} there.
 */
export interface CodeAuth extends OAuthClient {
  /** The client's secret. */
  clientSecret: string;
  /** What the sign-in gave: good once, for a minute or so. */
  code: string;
  /** The very one that the sign-in was asked with. */
  redirectUri: string;
  /** The verifier, if the sign-in was asked with a challenge. */
  codeVerifier?: string;
}

/**
 * A code of a sign-in with PKCE: the way for a page to have its user sign in. See {@link createCodeVerifier} and
 * {@link authorizeUrl}. When its refresh tokens end, calls are `unauthorized` and say to sign in again.
 */
export interface PkceAuth extends OAuthClient {
  /** What the sign-in gave: good once, for a minute or so. */
  code: string;
  /** The very one that the sign-in was asked with. */
  redirectUri: string;
  /** Of {@link createCodeVerifier}, kept since the user was sent to sign in. */
  codeVerifier: string;
}

/**
 * Where tokens come from. A function, or the token endpoint, is asked before every request whose token is within 30 seconds
 * of its end, before every (re)connection of a stream, and once more when the service refuses a token: one question, however
 * many calls wait for it. Visits outlast tokens.
 *
 * Client secrets and passwords do not belong in a page: prefer a function that asks an endpoint of your own, behind your own
 * sign-in, or {@link PkceAuth}. What is given here is in no error, no log and no storage.
 */
export type Auth =
  | TokenProvider
  | TokenAuth
  | RefreshAuth
  | ClientCredentialsAuth
  | PasswordAuth
  | CodeAuth
  | PkceAuth;

/** Told what a client does and how that went, in a sentence: `console` is one. It is told no token, no id, no text. */
export interface Logger {
  /** New tokens. */
  debug?(message: string): void;
  /** The states of streams. */
  info?(message: string): void;
  /** Requests that are tried again, and tokens that could not be got. What fails in the end rejects its promise. */
  warn?(message: string): void;
}

/** A verifier for one sign-in (RFC 7636): random, 43 characters. Keep it until the user is back, in `sessionStorage` say. */
export function createCodeVerifier(): string;

/** The challenge for a verifier, by the method `S256`. It needs a secure context: HTTPS, or localhost. */
export function createCodeChallenge(verifier: string): Promise<string>;

/** What {@link authorizeUrl} needs. */
export interface AuthorizeOptions extends OAuthClient {
  /** The region, or an object with `login`; that of the client will do. */
  environment: string | { login?: string };
  /** The tenant, whose realm the user signs in to. */
  tenantName: string;
  /** Where the user comes back to, with `?code=…` or `?error=…`: one that is registered for the client. */
  redirectUri: string;
  /** Of {@link createCodeChallenge}. */
  codeChallenge?: string;
  /** Comes back with the user. Make it random, keep it, and refuse an answer with another one. */
  state?: string;
  /** Comes back in the id token. */
  nonce?: string;
  /** The user's name, filled in at the sign-in. */
  loginHint?: string;
  /** `none` to ask without a sign-in, `login` to have the user sign in again. */
  prompt?: string;
}

/**
 * The address to send the user to for a sign-in. Nothing is stored, and nobody is sent anywhere: that is the page's to do.
 * It needs no `init`.
 *
 * ```js
 * const verifier = createCodeVerifier();
 * const state = crypto.randomUUID();
 * sessionStorage.setItem("sign-in", JSON.stringify({ verifier, state }));
 * const codeChallenge = await createCodeChallenge(verifier);
 * location.href = authorizeUrl({ environment: "eu", tenantName, clientId, redirectUri, codeChallenge, state });
 * ```
 */
export function authorizeUrl(options: AuthorizeOptions): string;
