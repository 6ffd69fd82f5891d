import { randomBytes, randomInt } from "node:crypto";
import { Agent, request } from "node:http";
import { constants, setPriority } from "node:os";

/** A process of clients that guess passwords as fast as they are answered. IPC: a mode, or "stop" for what came of it. */
export type GuessMode =
  /** All from this machine's address: what limits by address see. */
  | "oneAddress"
  /** Each guess from an address of its own, for a name of its own: no limit by address or name is of use. */
  | "manyAddresses";

export interface GuesserOrder {
  readonly host: string;
  readonly port: number;
  readonly clients: number;
}

export interface Guesses {
  readonly answered: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

const order = JSON.parse(process.argv[2] ?? "{}") as GuesserOrder;
// They stand for other machines: what they take of this one's processors is not the server's.
setPriority(constants.priority.PRIORITY_LOW);
const agent = new Agent({ keepAlive: true, maxSockets: order.clients });
let round = 0;
let byStatus: Record<string, number> = {};

function guess(mode: GuessMode): Promise<number> {
  const body = JSON.stringify({
    username: `u${randomBytes(5).toString("hex")}`,
    password: randomBytes(9).toString("hex"),
  });
  const from = `${randomInt(11, 100)}.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...(mode === "manyAddresses" ? { "x-forwarded-for": from } : {}),
  };
  return new Promise((resolve) => {
    const sent = request(
      { agent, host: order.host, port: order.port, method: "POST", path: "/api/v1/auth/login", headers },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on("error", () => resolve(0));
    sent.end(body);
  });
}

async function client(mode: GuessMode, mine: number): Promise<void> {
  while (round === mine) {
    const status = await guess(mode);
    if (round === mine) byStatus[status] = (byStatus[status] ?? 0) + 1;
  }
}

process.on("message", (message: GuessMode | "stop") => {
  round++;
  if (message === "stop") {
    const answered = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
    process.send?.({ answered, byStatus } satisfies Guesses);
    return;
  }
  byStatus = {};
  for (let each = 0; each < order.clients; each += 1) void client(message, round);
});
process.send?.("open");
process.on("disconnect", () => process.exit(0));
