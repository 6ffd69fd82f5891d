import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** One caller of the API, and one person who signs in again and again. Times in ms. */

const EVERY_MS = 50;

export interface Timed {
  /** Of what was answered with 200. */
  readonly latencies: readonly number[];
  /** How many were answered with another status, by status. */
  readonly refused: Readonly<Record<string, number>>;
}

/** `GET /cameras` every 50 ms, whatever the one before took. */
export async function timedCalls(url: string, token: string, forMs: number): Promise<Timed> {
  const agent = new Agent({ keepAlive: true });
  const pending: Promise<Answer>[] = [];
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    pending.push(send(agent, `${url}/api/v1/cameras`, "GET", { authorization: `Bearer ${token}` }));
    await pause(EVERY_MS);
  }
  const taken = await Promise.all(pending);
  agent.destroy();
  return timed(taken);
}

export interface SignIns extends Timed {
  readonly perSecond: number;
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
  const answers: Answer[] = [];
  let cookie = device;
  const begin = performance.now();
  while (performance.now() - begin < forMs) {
    const body = JSON.stringify({ username: "admin", password });
    const headers = { "content-type": "application/json", origin: url, ...(cookie === "" ? {} : { cookie }) };
    const answer = await send(agent, `${url}/api/v1/auth/login`, "POST", headers, body);
    answers.push(answer);
    cookie = answer.cookies.find((one) => /_devices=/.test(one)) ?? cookie;
    if (pauseMs > 0) await pause(pauseMs);
  }
  agent.destroy();
  const perSecond = Math.round((answers.length * 10_000) / (performance.now() - begin)) / 10;
  return { ...timed(answers), perSecond, device: cookie };
}

function timed(answers: readonly Answer[]): Timed {
  const refused: Record<string, number> = {};
  for (const { status } of answers) if (status !== 200) refused[status] = (refused[status] ?? 0) + 1;
  return { latencies: answers.filter(({ status }) => status === 200).map(({ ms }) => ms), refused };
}

interface Answer {
  readonly ms: number;
  readonly status: number;
  /** Name and value of each. */
  readonly cookies: readonly string[];
}

/** Status 0: no answer. */
function send(agent: Agent, url: string, method: string, headers: object, body?: string): Promise<Answer> {
  const begin = performance.now();
  return new Promise((resolve) => {
    const sent = request(url, { agent, method, headers: { ...headers } }, (answer) => {
      answer.resume();
      answer.on("end", () => {
        const cookies = (answer.headers["set-cookie"] ?? []).map((one) => one.split(";")[0] ?? "");
        resolve({ ms: performance.now() - begin, status: answer.statusCode ?? 0, cookies });
      });
    });
    sent.on("error", () => resolve({ ms: performance.now() - begin, status: 0, cookies: [] }));
    sent.end(body);
  });
}
