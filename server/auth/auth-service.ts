import { FluxError } from "../../shared/lib/errors.ts";
import type { Micros } from "../../shared/lib/time.ts";
import { isAdmitted } from "../tokens/networks.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { Principal } from "./policy.ts";
import type { Principals } from "./principals.ts";
import type { Device, OpenSession, Sessions } from "./sessions.ts";

export interface SignedIn {
  readonly accessToken: string;
  readonly accessExpiresAt: Micros;
  readonly session: OpenSession;
}

/** A principal and when its token ends. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly expiresAt: Micros;
}

/** Checks tokens of another kind. */
export interface TokenVerifier {
  accepts(text: string): boolean;
  verify(text: string, ip: string): Promise<VerifiedToken>;
}

export interface AuthServiceParts {
  readonly tokens: AccessTokens;
  readonly sessions: Sessions;
  readonly principals: Principals;
}

/** Sessions, from opening to signing out, and what a token stands for. How people prove who they are: identity/. */
export class AuthService {
  readonly #parts: AuthServiceParts;

  readonly #verifiers: TokenVerifier[] = [];

  constructor(parts: AuthServiceParts) {
    this.#parts = parts;
  }

  /** Tokens that are no session's: `fvt_...`. */
  addVerifier(verifier: TokenVerifier): void {
    this.#verifiers.push(verifier);
  }

  /** Opens a session for somebody who has proved who they are, by `methods`. */
  async signIn(userId: string, device: Device, methods?: readonly string[]): Promise<SignedIn> {
    return this.#signedIn(await this.#parts.sessions.open(userId, device, methods));
  }

  /** Throws `auth.invalid_refresh`, `auth.session_ended`. */
  async refresh(refreshToken: string, device: Device): Promise<SignedIn> {
    const session = await this.#parts.sessions.rotate(refreshToken, device);
    // A disabled user has no principal, hence gets no access token either.
    await this.#parts.principals.ofSession(session.id);
    return this.#signedIn(session);
  }

  async logout(sessionId: string): Promise<void> {
    await this.#parts.sessions.revoke(sessionId, "logout");
  }

  /** The session named by a refresh cookie. */
  sessionOfRefreshToken(refreshToken: string): string | undefined {
    return this.#parts.sessions.sessionOf(refreshToken);
  }

  /**
   * `ip`: where the token was presented; one that is bound to networks is refused where nobody knows. Throws
   * `auth.expired`, `auth.invalid_token`, `auth.session_ended`, `auth.network_refused`, `auth.rate_limited`.
   */
  async verify(accessToken: string, ip = "unknown"): Promise<VerifiedToken> {
    const verifier = this.#verifiers.find((one) => one.accepts(accessToken));
    if (verifier) return verifier.verify(accessToken, ip);
    const { userId, sessionId, expiresAt } = await this.#parts.tokens.verify(accessToken);
    const principal = await this.#parts.principals.ofSession(sessionId);
    if (principal.userId !== userId) throw new FluxError("auth.invalid_token", "the access token is not valid");
    if (!isAdmitted(ip, principal.limit?.networks ?? [])) {
      throw new FluxError("auth.network_refused", "the display may not be used from this address");
    }
    void this.#parts.sessions.seen(sessionId);
    return { principal, expiresAt };
  }

  async #signedIn(session: OpenSession): Promise<SignedIn> {
    const { token, expiresAt } = await this.#parts.tokens.issue(session.userId, session.id);
    return { accessToken: token, accessExpiresAt: expiresAt, session };
  }
}
