import { type CipherGCMTypes, createCipheriv, createDecipheriv } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { BENCH_AAD_BYTES, type CryptoBenchStep, timeCrypto } from "../../shared/crypto/bench-loop.ts";
import { loadFluxCrypto, readCryptoBinary } from "../../shared/crypto/load-node.ts";
import { cryptoBinaryName } from "../../shared/crypto/relaxed-simd.ts";
import { describeError } from "../../shared/lib/errors.ts";
import { openChromiumPage, ROOT } from "./chromium-page.ts";
import { startCryptoPp } from "./peers/cryptopp.ts";

const SIZES_BYTES = [1024, 8192, 65_536];
const OPERATIONS = ["seal", "open", "openInto"] as const;
const DEFAULT_ROUNDS = 41;
/** One measurement handles about this much data: long against the clock, shorter than a scheduler's time slice. */
const BYTES_PER_STEP = 1024 * 1024;
const REST_MS = 3;

/** Times one step and resolves to nanoseconds. */
type Contender = (step: CryptoBenchStep) => number | Promise<number>;

function openssl(name: string): Contender {
  const algorithm = name as CipherGCMTypes;
  const key = new Uint8Array(32).fill(7);
  const nonce = new Uint8Array(12).fill(9);
  const aad = new Uint8Array(BENCH_AAD_BYTES).fill(3);
  return ({ operation, bytes, times }) => {
    const plaintext = new Uint8Array(bytes).fill(1);
    const seal = (): [Buffer, Buffer] => {
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: 16 });
      cipher.setAAD(aad, { plaintextLength: bytes });
      const ciphertext = cipher.update(plaintext);
      cipher.final();
      return [ciphertext, cipher.getAuthTag()];
    };
    const [ciphertext, tag] = seal();
    const start = performance.now();
    for (let i = 0; i < times; i++) {
      if (operation === "seal") {
        seal();
      } else {
        const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: 16 });
        decipher.setAAD(aad, { plaintextLength: bytes });
        decipher.setAuthTag(tag);
        decipher.update(ciphertext);
        decipher.final();
      }
    }
    return (performance.now() - start) * 1e6;
  };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

type Speeds = Map<string, number[]>;

/** Every contender once per round, in turn, so that other load on the machine meets all of them alike. */
async function measureSize(contenders: Map<string, Contender>, bytes: number, rounds: number): Promise<Speeds> {
  const speeds: Speeds = new Map();
  const times = Math.max(1, Math.round(BYTES_PER_STEP / bytes));
  // Round -1 warms up: compilation tiers, caches, clocks.
  for (let round = -1; round < rounds; round++) {
    for (const [name, measure] of contenders) {
      for (const operation of OPERATIONS) {
        // Peers know one way to open: Crypto++ into a given buffer, OpenSSL into a new one.
        if (operation === "openInto" && !name.startsWith("lea")) continue;
        // A process that has just rested is not the next one to be interrupted.
        await setTimeout(REST_MS);
        const nanoseconds = await measure({ operation, bytes, times });
        if (round < 0) continue;
        const series = `${name} ${operation}`;
        speeds.set(series, [...(speeds.get(series) ?? []), (bytes * times * 1000) / nanoseconds]);
      }
    }
  }
  return speeds;
}

function figures(speeds: Speeds): Record<string, unknown> {
  const mbPerS: Record<string, number> = {};
  const bestMbPerS: Record<string, number> = {};
  for (const [series, values] of speeds) {
    mbPerS[series] = rounded(median(values), 1);
    bestMbPerS[series] = rounded(Math.max(...values), 1);
  }
  const ratios: Record<string, number> = {};
  for (const ours of ["lea node", "lea chromium"]) {
    for (const peer of ["cryptopp lea", "openssl aria-256-gcm", "openssl aes-256-gcm"]) {
      for (const operation of OPERATIONS) {
        const [a, b] = [
          speeds.get(`${ours} ${operation}`),
          speeds.get(`${peer} ${operation === "openInto" ? "open" : operation}`),
        ];
        if (a === undefined || b === undefined) continue;
        // The ratio of each round, then its median: slow spells of the machine cancel out.
        const perRound = a.map((speed, i) => speed / (b[i] ?? Number.NaN));
        ratios[`${ours} / ${peer} ${operation}`] = rounded(median(perRound), 3);
      }
    }
  }
  return { mbPerS, bestMbPerS, ratios };
}

/**
 * `bench crypto [--rounds N]`: LEA-256-GCM of our binary in Node and in Chromium beside Crypto++ (where its headers and
 * g++ are installed) and OpenSSL's ARIA and AES, in MB/s of plaintext with 48 bytes of additional data.
 */
export async function benchCrypto(args: string[] = []): Promise<object> {
  const at = args.indexOf("--rounds");
  const rounds = at >= 0 ? Math.max(1, Number(args[at + 1]) || DEFAULT_ROUNDS) : DEFAULT_ROUNDS;
  const notes: string[] = [];
  const contenders = new Map<string, Contender>();

  const key = (await loadFluxCrypto()).importKey("LEA-256-GCM", new Uint8Array(32).fill(7));
  contenders.set("lea node", (step) => timeCrypto(key, step, () => performance.now()));

  const files = {
    "/flux-crypto.wasm": await readCryptoBinary("flux-crypto.wasm"),
    "/flux-crypto-relaxed.wasm": await readCryptoBinary("flux-crypto-relaxed.wasm"),
  };
  const page = await openChromiumPage("server/bench/crypto-page.ts", files).catch((error: unknown) => {
    notes.push(`chromium unavailable: ${describeError(error)}`);
    return undefined;
  });
  if (page !== undefined) contenders.set("lea chromium", async (step) => Number(await page.call("measure", step)));

  const peer = await startCryptoPp(ROOT);
  if ("unavailable" in peer) notes.push(peer.unavailable);
  else
    contenders.set("cryptopp lea", ({ operation, bytes, times }) =>
      peer.measure(operation === "seal" ? "seal" : "open", bytes, times),
    );
  contenders.set("openssl aria-256-gcm", openssl("aria-256-gcm"));
  contenders.set("openssl aes-256-gcm", openssl("aes-256-gcm"));

  try {
    const sizes: Record<string, unknown> = {};
    for (const bytes of SIZES_BYTES) sizes[String(bytes)] = figures(await measureSize(contenders, bytes, rounds));
    return {
      rounds,
      aadBytes: BENCH_AAD_BYTES,
      nodeBinary: cryptoBinaryName(),
      chromium: page?.version ?? null,
      chromiumBinary: (await page?.call("binary")) ?? null,
      peer: "version" in peer ? peer.version : null,
      frameBytes: sizes,
      notes,
    };
  } finally {
    key.dispose();
    await page?.close();
    if ("close" in peer) await peer.close();
  }
}
