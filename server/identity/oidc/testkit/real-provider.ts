import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
  readonly preferredUsername?: string;
}

export interface RealProvider {
  readonly issuer: string;
  readonly port: number;
  /** By subject; who is not listed does not exist. May change between sign-ins. */
  readonly people: Map<string, Person>;
  /**
   * What a person's browser does from the authorization address on: signs in as `subject`, agrees, and ends at our
   * callback, whose address is the answer.
   */
  visit(authorizationUrl: string, subject: string): Promise<URL>;
  close(): Promise<void>;
}

export const CLIENT = { id: "fluxvision", secret: "a client secret of the test, long enough" } as const;

/** A certified OpenID provider (the package oidc-provider), on loopback. */
export async function startRealProvider(redirectUri: string): Promise<RealProvider> {
  const people = new Map<string, Person>();
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirectUri],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    cookies: { keys: ["of the test"] },
    claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"] },
    pkce: { required: () => true },
    findAccount: (_context: unknown, subject: string) => {
      const person = people.get(subject);
      if (!person) return undefined;
      const { name, groups, preferredUsername } = person;
      const claims = { sub: subject, name, groups, preferred_username: preferredUsername ?? subject };
      return { accountId: subject, claims: async () => claims };
    },
  });
  server.on("request", provider.callback());
  return {
    issuer,
    port,
    people,
    visit: (url, subject) => visit(url, subject, issuer),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function visit(start: string, subject: string, issuer: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let hops = 0; hops < 20; hops++) {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: form }),
    });
    form = undefined;
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location !== null) {
      const next = new URL(location, url);
      if (next.origin !== issuer) return next;
      url = next.href;
      continue;
    }
    const page = await response.text();
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
    if (prompt === undefined) throw new Error(`the provider answered ${response.status}: ${page.slice(0, 400)}`);
    form = new URLSearchParams({ prompt, ...(prompt === "login" ? { login: subject, password: "any" } : {}) });
  }
  throw new Error("the provider goes round in circles");
}
