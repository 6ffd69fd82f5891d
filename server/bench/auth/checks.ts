import { createHash, pbkdf2, randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { type CryptoKey, importJWK, jwtVerify } from "jose";
import type { CreatedToken } from "../../../shared/api/tokens.ts";
import { PBKDF2_ITERATIONS } from "../../auth/password.ts";
import { startTestServer } from "../../testkit/test-server.ts";
import { median } from "../statistics.ts";

const BATCH = 500;

/**
 * Token checks, in this process and on a real database: who it is and what may be done, as every request asks. Beside
 * jose's verification of the same token alone, and beside one SHA-256 of the same API token. Alternating.
 */
export async function tokenChecks(rounds: number): Promise<object> {
  const server = await startTestServer();
  try {
    const { accessToken } = await server.login("admin");
    const body = { name: "bench", permissions: ["live.view"], days: 1, ratePerMinute: 60_000 };
    const answer = await server.call("POST", "/api/v1/tokens", { token: accessToken, body });
    const { secret } = (await answer.json()) as CreatedToken;
    const { auth, tokens } = server.control;
    const [jwk] = tokens.jwks.keys;
    if (jwk === undefined) throw new Error("the server has no key");
    const key = (await importJWK(jwk, "ES256")) as CryptoKey;
    const kinds = {
      sessionToken: () => auth.verify(accessToken, "127.0.0.1"),
      bareJose: () => jwtVerify(accessToken, key, { algorithms: ["ES256"] }),
      apiToken: () => auth.verify(secret, "127.0.0.1"),
      bareSha256: () => Promise.resolve(createHash("sha256").update(secret).digest()),
    };
    const rates = new Map<string, number[]>(Object.keys(kinds).map((kind) => [kind, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [kind, check] of Object.entries(kinds)) {
        const begin = performance.now();
        for (let each = 0; each < BATCH; each += 1) await check();
        // The first rounds are the compiler's.
        if (round > 1) rates.get(kind)?.push((BATCH * 1000) / (performance.now() - begin));
        // A token's rate is limited: 1,000 a second.
        if (kind === "apiToken") await pause(BATCH);
      }
    }
    const perSecond = (kind: keyof typeof kinds): number => Math.round(median(rates.get(kind) ?? []));
    return {
      sessionTokensPerSecond: perSecond("sessionToken"),
      bareJosePerSecond: perSecond("bareJose"),
      sessionTokenTimesBareJose: ratio(perSecond("bareJose"), perSecond("sessionToken")),
      apiTokensPerSecond: perSecond("apiToken"),
      bareSha256PerSecond: perSecond("bareSha256"),
      apiTokenMicros: Math.round(1e7 / perSecond("apiToken")) / 10,
    };
  } finally {
    await server.close();
  }
}

/** Seconds that one password hash takes where nothing else waits: node:crypto alone, in this process. */
export async function bareHashMs(times: number): Promise<number> {
  const derive = promisify(pbkdf2);
  const taken: number[] = [];
  for (let each = 0; each < times; each += 1) {
    const begin = performance.now();
    await derive("copper-lantern-orbit-19", randomBytes(16), PBKDF2_ITERATIONS, 32, "sha256");
    taken.push(performance.now() - begin);
  }
  return median(taken);
}

const ratio = (slower: number, faster: number): number => Math.round((slower / faster) * 100) / 100;
