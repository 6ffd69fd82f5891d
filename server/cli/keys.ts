import { readFile, writeFile } from "node:fs/promises";
import { MessageChannel } from "node:worker_threads";
import type { ExportedKey, KeyInventory } from "../../shared/api/keys.ts";
import { type PublicJwk, publicJwk } from "../../shared/evidence/signature.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { delay } from "../../shared/lib/delay.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { printable } from "../core/printable.ts";
import { type ApiClient, findCamera, signIn } from "./api-client.ts";
import { UsageError } from "./cli.ts";
import { type FlagValues, parseFlags } from "./flags.ts";
import type { CliIo } from "./io.ts";
import { readLine } from "./read-line.ts";

const POLL_MS = millis(500);

/**
 * `keys list`, `keys rotate`, `keys export --camera ID|NAME --day YYYY-MM-DD --reason TEXT --out FILE [--recipient JWK_FILE]`, on a
 * running server, with the rights of who signs in. Standard input, a line each: the password, the code of the authenticator app
 * where the account has one, and the passphrase of an export without `--recipient`.
 */
export async function runKeys(
  args: string[],
  io: CliIo,
  stdin: AsyncIterable<Buffer> = process.stdin,
): Promise<number> {
  const { values, positionals } = parseFlags(args, {
    server: { kind: "string" },
    user: { kind: "string" },
    json: { kind: "boolean" },
    camera: { kind: "string" },
    day: { kind: "string" },
    reason: { kind: "string" },
    recipient: { kind: "string" },
    out: { kind: "string" },
  });
  const [what = "", ...more] = positionals;
  const run = Object.hasOwn(COMMANDS, what) && more.length === 0 ? COMMANDS[what as keyof typeof COMMANDS] : undefined;
  if (!run) throw new UsageError("say what to do: keys list, keys rotate or keys export");
  const prepared = what === "export" ? await exportOrder(values) : undefined;
  const lines = readLine(stdin);
  // The clock's timers let a process end while it waits.
  const alive = new MessageChannel();
  alive.port1.on("message", () => undefined);
  try {
    const server = new URL(String(values.server ?? "http://localhost:8080"));
    const client = await signIn(server, String(values.user ?? "admin"), () => lines.next());
    await run({ client, io, json: values.json === true, order: prepared, nextLine: () => lines.next() });
    return 0;
  } catch (error) {
    io.err(`fluxvision keys: ${describeError(error)}\n`);
    return 1;
  } finally {
    alive.port1.close();
  }
}

interface Order {
  readonly camera: string;
  readonly utcDay: string;
  readonly reason: string;
  readonly out: string;
  readonly recipient: PublicJwk | undefined;
}

interface Run {
  readonly client: ApiClient & { readonly password: string };
  readonly io: CliIo;
  readonly json: boolean;
  readonly order: Order | undefined;
  readonly nextLine: () => Promise<string>;
}

const COMMANDS = { list, rotate, export: exportKey } as const;

async function list({ client, io, json }: Run): Promise<void> {
  const inventory = await client.call<KeyInventory>("GET", "/keys");
  io.out(json ? `${JSON.stringify(inventory)}\n` : inWords(inventory));
}

async function rotate({ client, io, json }: Run): Promise<void> {
  const clock = systemClock();
  let inventory = await client.call<KeyInventory>("POST", "/keys/rotate", {});
  let said = "";
  while (inventory.rotation.running) {
    const { done, total } = inventory.rotation;
    const now = `${done} of ${total} wrapped anew\n`;
    if (now !== said && !json) io.err(now);
    said = now;
    await delay(clock, POLL_MS);
    inventory = await client.call<KeyInventory>("GET", "/keys");
  }
  if (inventory.rotation.failed !== null) throw new FluxError("keys.rotation_failed", inventory.rotation.failed);
  const { rotation, masterKeys } = inventory;
  const id = masterKeys.find(({ current }) => current)?.id;
  if (json) io.out(`${JSON.stringify({ masterKey: id, rotation })}\n`);
  else io.out(`Master key ${id} is in use; ${rotation.done} keys and fields are wrapped with it.\n`);
}

async function exportKey({ client, io, json, order, nextLine }: Run): Promise<void> {
  if (!order) throw new UsageError("nothing to export");
  const { camera, utcDay, reason, out, recipient } = order;
  const cameraId = await findCamera(client, camera);
  const to =
    recipient === undefined
      ? { kind: "passphrase", passphrase: await nextLine() }
      : { kind: "public-key", publicKey: recipient };
  const body = { cameraId, utcDay, reason, recipient: to, password: client.password };
  const file = await client.call<ExportedKey>("POST", "/keys/export", body);
  await writeFile(out, `${JSON.stringify(file, undefined, 2)}\n`, { flag: "wx", mode: 0o600 });
  if (json) io.out(`${JSON.stringify({ out, keyIds: file.keyIds, recipient: file.recipient })}\n`);
  else io.out(`${out}: keys ${file.keyIds.join(", ")}, for ${file.recipient ?? "whoever has the passphrase"}\n`);
}

async function exportOrder(values: FlagValues): Promise<Order> {
  const text = (name: string): string => {
    const value = values[name];
    if (typeof value !== "string" || value === "") throw new UsageError(`--${name} is missing`);
    return value;
  };
  const utcDay = text("day");
  if (!/^\d{4}-\d\d-\d\d$/.test(utcDay)) throw new UsageError("--day must be a UTC day such as 2026-11-20");
  const recipient = values.recipient === undefined ? undefined : await publicKeyIn(String(values.recipient));
  return { camera: text("camera"), utcDay, reason: text("reason"), out: text("out"), recipient };
}

async function publicKeyIn(path: string): Promise<PublicJwk> {
  try {
    return publicJwk.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    throw new UsageError("--recipient must name a file with a P-256 public key (JWK)");
  }
}

function inWords({ rootKey, masterKeys, videoKeys, signingKeys, rotation, revoked, suite }: KeyInventory): string {
  const { origin, fingerprint } = rootKey;
  const lines = [`Root key      ${fingerprint}  (${origin})`];
  for (const { id, current, createdAt, retiredAt, videoKeys: wraps, fields } of masterKeys) {
    const state = current ? "in use" : retiredAt === null ? "being replaced" : `retired ${retiredAt}`;
    lines.push(`Master key ${id}  made ${createdAt}, ${state}: wraps ${wraps} video keys, seals ${fields} fields`);
  }
  const days = videoKeys.firstDay === null ? "" : `, ${videoKeys.firstDay} to ${videoKeys.lastDay}`;
  lines.push(`Video keys    ${videoKeys.total} of ${videoKeys.cameras} cameras${days} (${suite})`);
  for (const { use, fingerprint: of, createdAt } of signingKeys) {
    lines.push(`Signing key   ${use}, made ${createdAt}: ${of}`);
  }
  lines.push(`Renewal       every ${rotation.days} days, next ${rotation.nextAt}`);
  if (rotation.running) lines.push(`Running       ${rotation.done} of ${rotation.total} wrapped anew`);
  if (rotation.failed !== null) lines.push(`FAILED        ${printable(rotation.failed)}`);
  if (revoked.length > 0)
    lines.push(`Destroyed     ${revoked.length} video keys (the newest are listed in the console)`);
  return `${lines.join("\n")}\n`;
}
