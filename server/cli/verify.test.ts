import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestBytes, fieldDigests } from "../../shared/evidence/fields.ts";
import type { Manifest } from "../../shared/evidence/manifest.ts";
import { fingerprint, sign } from "../../shared/evidence/signature.ts";
import { HEADER_BYTES, readHeader, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import { openPackage } from "../export/package-source.ts";
import { newSigningKey } from "../export/signing-key.ts";
import { ExportKit, PASSPHRASE } from "../export/testkit/export-kit.ts";
import { findFfmpeg } from "../testkit/tools.ts";
import { runVerify } from "./verify.ts";

const ffmpeg = findFfmpeg();
if (ffmpeg === undefined) process.stderr.write("Skipped: tampering with packages (FFmpeg is not installed).\n");

interface Answer {
  readonly code: number;
  readonly ok: boolean;
  readonly findings: readonly { code: string; file?: string; message: string; values: Record<string, unknown> }[];
  readonly openedFrames: number;
  readonly signerExpected?: boolean;
}

describe.skipIf(ffmpeg === undefined)("abuse case 20: fluxvision verify", () => {
  let kit: ExportKit;
  let folder: string;
  /** Unpacked packages as they were made. */
  const made: Record<string, string> = {};
  let copies = 0;

  beforeAll(async () => {
    kit = await ExportKit.open();
    folder = await mkdtemp(join(tmpdir(), "fluxvision-verify-"));
    const clip = await kit.clip(ffmpeg ?? "", 8);
    const item = kit.item(await kit.footage(clip));
    for (const format of ["mp4", "mkv", "sealed"] as const) {
      const path = await kit.export([item], { format });
      made[`${format}.zip`] = path;
      made[format] = join(folder, format);
      const { files } = await openPackage(path);
      for (const file of files) {
        const to = join(folder, format, file.name);
        await mkdir(dirname(to), { recursive: true });
        await writeFile(to, await file.readAt(0, file.bytes));
      }
    }
  });
  afterAll(async () => {
    await kit.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function verify(path: string, ...flags: string[]): Promise<Answer> {
    const pieces: string[] = [];
    const io = { out: (piece: string) => void pieces.push(piece), err: (piece: string) => void pieces.push(piece) };
    const code = await runVerify([path, "--json", ...flags], io);
    return { code, ...(JSON.parse(pieces.join("")) as Omit<Answer, "code">) };
  }

  /** A copy of a package that a test may spoil. */
  async function copy(format: string): Promise<{ root: string; media: string; name: string }> {
    const root = join(folder, `copy-${copies++}`);
    await cp(made[format] ?? "", root, { recursive: true });
    const manifest = JSON.parse(await readFile(join(root, "manifest.json"), "utf8")) as Manifest;
    const name = manifest.items[0]?.files[0] ?? "";
    return { root, media: join(root, name), name };
  }

  const codes = ({ findings }: Answer) => findings.map(({ code }) => code);
  const flip = async (path: string, at: (length: number) => number): Promise<void> => {
    const bytes = await readFile(path);
    const place = at(bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await writeFile(path, bytes);
  };

  it.each(["mp4", "mkv", "sealed", "mp4.zip", "mkv.zip", "sealed.zip"])("finds nothing wrong with %s", async (kind) => {
    const answer = await verify(made[kind] ?? "");
    expect(answer).toMatchObject({ code: 0, ok: true, findings: [] });
  });

  it("says all of it in words", async () => {
    const pieces: string[] = [];
    const io = { out: (piece: string) => void pieces.push(piece), err: () => undefined };
    expect(await runVerify([made.mp4 ?? ""], io)).toBe(0);
    const text = pieces.join("");
    expect(text).toContain("Yard / gate (main): asked for 2026-11-20T10:09:57.000Z");
    expect(text).toContain(`Signed with the key ${fingerprint(kit.signing.publicJwk)}`);
    expect(text.endsWith("INTACT\n")).toBe(true);
  });

  it("opens the seal of every frame with the passphrase", async () => {
    const answer = await verify(made.sealed ?? "", "--passphrase", PASSPHRASE);
    expect(answer).toMatchObject({ code: 0, findings: [] });
    expect(answer.openedFrames).toBeGreaterThan(200);
    expect(codes(await verify(made.sealed ?? "", "--passphrase", "not the passphrase"))).toEqual(["passphrase.wrong"]);
  });

  it.each(["mp4", "mkv", "sealed"])("names a file of which one bit was changed: %s", async (format) => {
    for (const part of [0.1, 0.5, 0.9]) {
      const { root, media, name } = await copy(format);
      await flip(media, (length) => Math.floor(length * part));
      const answer = await verify(root);
      expect(answer.code).toBe(1);
      expect(answer.findings[0]).toMatchObject({ code: "file.changed", file: name });
    }
  });

  it("names documents that were changed: the page and the note count too", async () => {
    const { root } = await copy("mp4");
    await flip(join(root, "README.txt"), () => 20);
    expect((await verify(root)).findings).toMatchObject([{ code: "file.changed", file: "README.txt" }]);
  });

  it.each(["mp4", "mkv"])(
    "says how much was cut out of a file that was made anew without a second: %s",
    async (format) => {
      const { root, media, name } = await copy(format);
      const cut = `${media}.cut.${format}`;
      execFileSync(ffmpeg ?? "", ["-v", "error", "-i", media, "-t", "7", "-c", "copy", cut]);
      await rename(cut, media);
      const { findings } = await verify(root);
      expect(findings[0]).toMatchObject({ code: "file.shorter", file: name });
      const frames = findings.find(({ code }) => code === "file.frames");
      expect(frames).toMatchObject({ file: name, values: { expected: 200 } });
      expect(Number(frames?.values.seconds)).toBeCloseTo(1, 0);
    },
  );

  it("names a file whose end is missing", async () => {
    const { root, media, name } = await copy("mp4");
    await writeFile(media, (await readFile(media)).subarray(0, -5000));
    const { findings } = await verify(root);
    expect(findings[0]).toMatchObject({ code: "file.shorter", file: name, values: { bytes: 5000 } });
    expect(findings.map(({ code }) => code)).toContain("file.frames");
  });

  it("names a renamed camera, though everything else fits", async () => {
    const { root } = await copy("mp4");
    const path = join(root, "manifest.json");
    await writeFile(
      path,
      (await readFile(path, "utf8")).replace('"cameraName": "Yard / gate"', '"cameraName": "Back door"'),
    );
    const { findings } = await verify(root);
    expect(findings.map(({ code }) => code)).toEqual(["manifest.changed", "manifest.field"]);
    expect(findings[1]?.values).toEqual({ what: "items.0.cameraName", now: '"Back door"' });
  });

  it("names times, exporters and gaps that were changed", async () => {
    for (const [what, change] of [
      ["exporter.name", (manifest: Manifest) => Object.assign(manifest.exporter, { name: "Lee" })],
      [
        "items.0.requested.startMicros",
        (manifest: Manifest) => Object.assign(manifest.items[0]?.requested ?? {}, { startMicros: 1 }),
      ],
      ["files.0.media.frames", (manifest: Manifest) => Object.assign(manifest.files[0]?.media ?? {}, { frames: 1 })],
    ] as const) {
      const { root } = await copy("mp4");
      const path = join(root, "manifest.json");
      const manifest = JSON.parse(await readFile(path, "utf8")) as Manifest;
      change(manifest);
      await writeFile(path, JSON.stringify(manifest, undefined, 2));
      const { findings } = await verify(root);
      expect(findings.find(({ code }) => code === "manifest.field")?.values.what).toBe(what);
    }
  });

  it("names files that are missing and files that were added", async () => {
    const { root, media, name } = await copy("mp4");
    await rm(media);
    await writeFile(join(root, "extra.mp4"), "x");
    expect((await verify(root)).findings).toMatchObject([
      { code: "file.extra", file: "extra.mp4" },
      { code: "file.missing", file: name },
    ]);
  });

  it.each([
    ["manifest.json", "manifest.missing"],
    ["manifest.sig", "signature.missing"],
  ])("is not intact without %s", async (name, code) => {
    const { root } = await copy("mp4");
    await rm(join(root, name));
    expect(codes(await verify(root))).toContain(code);
  });

  it("tells a package that somebody else signed anew", async () => {
    const { root } = await copy("mp4");
    const manifest = JSON.parse(await readFile(join(root, "manifest.json"), "utf8")) as Manifest;
    const forged = { ...manifest, exporter: { name: "Lee" } };
    const bytes = new TextEncoder().encode(JSON.stringify(forged));
    const other = await newSigningKey();
    const fields = fieldDigests(forged);
    const signature = {
      version: 1,
      algorithm: "ECDSA-P256-SHA256",
      key: other.publicJwk,
      signature: await sign(other.privateJwk, bytes),
      fields,
      fieldsSignature: await sign(other.privateJwk, digestBytes(fields)),
    };
    await writeFile(join(root, "manifest.json"), bytes);
    await writeFile(join(root, "manifest.sig"), JSON.stringify(signature));
    const key = fingerprint(kit.signing.publicJwk);
    const answer = await verify(root, "--key", key.toLowerCase());
    expect(codes(answer)).toEqual(["signer.other"]);
    expect(answer.code).toBe(1);
    expect(answer.signerExpected).toBe(false);
    expect((await verify(made.mp4 ?? "", "--key", key)).signerExpected).toBe(true);
  });

  it("finds the sealed frame that was changed, and the one that was taken out", async () => {
    const { root, media, name } = await copy("sealed");
    const bytes = await readFile(media);
    const { length } = readHeader(bytes, 256);
    // One bit of the first frame's payload: its tag does not fit any more.
    bytes[256 + HEADER_BYTES + (length >> 1)] = (bytes[256 + HEADER_BYTES + (length >> 1)] ?? 0) ^ 1;
    await writeFile(media, bytes);
    const answer = await verify(root, "--passphrase", PASSPHRASE);
    const damaged = answer.findings.find(({ code }) => code === "frame.damaged");
    expect(damaged).toMatchObject({ file: name, values: { count: 1 } });
    expect(answer.openedFrames).toBeGreaterThan(200);
    // A frame taken out: sizes, and the count of frames.
    const whole = await readFile(join(made.sealed ?? "", name));
    const frame = sealedFrameBytes(length);
    await writeFile(media, Buffer.concat([whole.subarray(0, 256), whole.subarray(256 + frame)]));
    expect(codes(await verify(root))).toEqual(expect.arrayContaining(["file.shorter", "file.unreadable"]));
  });

  it("survives rubbish", async () => {
    const rubbish = join(folder, "rubbish.zip");
    await writeFile(rubbish, "PK nothing of the kind");
    expect((await verify(rubbish)).code).toBe(3);
    expect((await verify(join(folder, "nowhere"))).code).toBe(3);
    const whole = await readFile(made["mp4.zip"] ?? "");
    await writeFile(rubbish, whole.subarray(0, whole.length - 300));
    expect((await verify(rubbish)).code).toBe(3);
    const { root } = await copy("mp4");
    for (const text of ["", "{", "[]", "null", '{"kind":"fluxvision-export"}', '{"__proto__":1}']) {
      await writeFile(join(root, "manifest.json"), text);
      expect((await verify(root)).code).toBe(1);
      await writeFile(join(root, "manifest.sig"), text);
      expect((await verify(root)).code).toBe(1);
    }
    expect((await readdir(root)).length).toBeGreaterThan(2);
  });
});
