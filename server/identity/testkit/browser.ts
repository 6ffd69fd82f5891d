import type { SignedInSession, SignInStep } from "../../../shared/api/identity.ts";
import { ADMIN_PASSWORD, type TestServer } from "../../testkit/test-server.ts";

/** A browser as far as sign-in sees it: an address and a cookie jar. */
export class TestBrowser {
  readonly #server: TestServer;
  readonly #cookies = new Map<string, string>();
  readonly ip: string;
  token: string | undefined;

  constructor(server: TestServer, ip = "192.0.2.1") {
    this.#server = server;
    this.ip = ip;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await this.#server.call(method, `/api/v1${path}`, {
      token: this.token,
      ...(body === undefined ? {} : { body }),
      headers: {
        host: "vms.example",
        "x-forwarded-for": this.ip,
        "x-forwarded-proto": "https",
        ...(cookie === "" ? {} : { cookie }),
        ...headers,
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split("; ");
      const at = pair.indexOf("=");
      const gone = attributes.some((attribute) => attribute === "Max-Age=0");
      if (gone) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), decodeURIComponent(pair.slice(at + 1)));
    }
    return response;
  }

  /** The body of an answer that must have this status. */
  async json<T>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.call(method, path, body);
    const text = await response.text();
    if (response.status !== status) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Status and error code. */
  async refusal(method: string, path: string, body?: unknown): Promise<{ status: number; code: string }> {
    const response = await this.call(method, path, body);
    const { error } = (await response.json()) as { error?: { code: string } };
    return { status: response.status, code: error?.code ?? "" };
  }

  login(username: string, password = ADMIN_PASSWORD): Promise<Response> {
    return this.call("POST", "/auth/login", { username, password });
  }

  /** Signs in where nothing more is asked. */
  async signIn(username: string, password = ADMIN_PASSWORD): Promise<SignedInSession> {
    return this.accept(await this.json<SignedInSession>(200, "POST", "/auth/login", { username, password }));
  }

  async step(username: string, password = ADMIN_PASSWORD): Promise<SignInStep> {
    return this.json<SignInStep>(202, "POST", "/auth/login", { username, password });
  }

  accept(session: SignedInSession): SignedInSession {
    this.token = session.accessToken;
    return session;
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  forgetCookies(): void {
    this.#cookies.clear();
  }
}
