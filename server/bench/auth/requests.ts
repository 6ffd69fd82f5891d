import { Agent, request } from "node:http";

/** One caller of the API, and one person who signs in again and again. Times in ms. */

const EVERY_MS = 50;

/** `GET /cameras` every 50 ms, whatever the one before took. */
export async function timedCalls(url: string, token: string, forMs: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const pending: Promise<number>[] = [];
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    pending.push(
      send(agent, `${url}/api/v1/cameras`, "GET", { authorization: `Bearer ${token}` }).then(({ ms, status }) => {
        if (status !== 200) throw new Error(`GET /cameras answered ${status}`);
        return ms;
      }),
    );
    await pause(EVERY_MS);
  }
  const taken = await Promise.all(pending);
  agent.destroy();
  return taken;
}

export interface SignIns {
  readonly perSecond: number;
  readonly latencies: readonly number[];
  /** Cookie of a device that is known from then on. */
  readonly device: string;
}

/** The right password, one sign-in after the other; `device`: from a browser that was here before. */
export async function signInRepeatedly(
  url: string,
  password: string,
  forMs: number,
  { pauseMs = 0, device = "" } = {},
): Promise<SignIns> {
  const agent = new Agent({ keepAlive: true });
  const latencies: number[] = [];
  let cookie = device;
  const begin = performance.now();
  while (performance.now() - begin < forMs) {
    const body = JSON.stringify({ username: "admin", password });
    const headers = { "content-type": "application/json", origin: url, ...(cookie === "" ? {} : { cookie }) };
    const { ms, status, cookies } = await send(agent, `${url}/api/v1/auth/login`, "POST", headers, body);
    if (status !== 200) throw new Error(`signing in was answered with ${status}`);
    latencies.push(ms);
    cookie = cookies.find((one) => /device=/.test(one)) ?? cookie;
    if (pauseMs > 0) await pause(pauseMs);
  }
  agent.destroy();
  const perSecond = Math.round((latencies.length * 10_000) / (performance.now() - begin)) / 10;
  return { perSecond, latencies, device: cookie };
}

interface Answer {
  readonly ms: number;
  readonly status: number;
  /** Name and value of each. */
  readonly cookies: readonly string[];
}

function send(agent: Agent, url: string, method: string, headers: object, body?: string): Promise<Answer> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers: { ...headers } }, (answer) => {
      answer.resume();
      answer.on("end", () => {
        const cookies = (answer.headers["set-cookie"] ?? []).map((one) => one.split(";")[0] ?? "");
        resolve({ ms: performance.now() - begin, status: answer.statusCode ?? 0, cookies });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
