import { randomBytes } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../../shared/lib/time.ts";
import { CREDENTIALS, startBucketServer } from "../testkit/bucket-server.ts";
import { type MotoServer, motoInstalled, startMoto } from "../testkit/moto-server.ts";
import { md5, S3Client } from "./s3-client.ts";
import { parseS3Location, urlOf } from "./s3-location.ts";
import { readObjectPage, readUploads } from "./s3-xml.ts";

const PATH = "00000000-0000-4000-8000-000000000001/20261120/1795132800-1";
const clock = systemClock();

function client(location: string, change: Partial<ConstructorParameters<typeof S3Client>[0]> = {}): S3Client {
  const parts = { credentials: CREDENTIALS, clock, random: Math.random, fetch: globalThis.fetch };
  return new S3Client({ location: parseS3Location(location, null, true), ...parts, ...change });
}

/** Two servers of others' making; the second verifies signatures, and can page. */
const servers = [
  {
    name: "s3rver",
    start: async () => ({ credentials: CREDENTIALS, ...(await startBucketServer()) }),
    thorough: false,
  },
  ...(motoInstalled ? [{ name: "moto", start: startMoto, thorough: true }] : []),
];

describe.each(servers)("a bucket, $name", ({ start, thorough }) => {
  let server: MotoServer;
  beforeAll(async () => {
    server = await start();
  }, 90_000);
  afterAll(() => server.close());
  const open = (prefix = "", credentials = server.credentials): S3Client =>
    client(`${server.location}${prefix}`, { credentials });

  it("takes an object, tells its size and ETag, gives any part of it, and removes it", async () => {
    const s3 = open("/site-a");
    const bytes = new Uint8Array(randomBytes(300_000));
    expect(await s3.put(PATH, bytes)).toBe(md5(bytes));
    expect(await s3.size(PATH)).toEqual({ bytes: 300_000, etag: md5(bytes) });
    expect(Buffer.from(await s3.read(PATH, 0, 256))).toEqual(Buffer.from(bytes.subarray(0, 256)));
    expect(Buffer.from(await s3.read(PATH, 299_000, 5000))).toEqual(Buffer.from(bytes.subarray(299_000)));
    await s3.remove(PATH);
    await s3.remove(PATH);
    expect(await s3.size(PATH)).toBeUndefined();
    await expect(s3.read(PATH, 0, 10)).rejects.toMatchObject({ code: "storage.no_object" });
  });

  it("puts an object together from parts", async () => {
    const s3 = open();
    const bytes = new Uint8Array(randomBytes(6 * 1024 * 1024));
    const half = 5 * 1024 * 1024;
    const uploadId = await s3.beginUpload(PATH);
    const parts = [
      await s3.putPart(PATH, uploadId, 1, bytes.subarray(0, half)),
      await s3.putPart(PATH, uploadId, 2, bytes.subarray(half)),
    ];
    expect(parts[0]?.etag).toBe(md5(bytes.subarray(0, half)));
    await s3.completeUpload(PATH, uploadId, parts);
    expect((await s3.size(PATH))?.bytes).toBe(bytes.byteLength);
    expect(Buffer.compare(await s3.read(PATH, half - 10, 20), bytes.subarray(half - 10, half + 10))).toBe(0);
    await s3.remove(PATH);
  });

  it("lists what is below its prefix, and nothing of its neighbours", async () => {
    // More than one page holds, where the server knows pages; it does not verify a signature over a prefix's slash rightly.
    const s3 = open(thorough ? "" : "/listed");
    const paths = Array.from({ length: thorough ? 1003 : 20 }, (_, n) => `a/${String(n).padStart(4, "0")}`);
    for (const path of paths) await s3.put(path, new Uint8Array(1));
    if (!thorough) await open("/listed-too").put("b", new Uint8Array(2));
    const pages = [];
    for await (const page of s3.list(thorough ? "a" : "")) pages.push(page);
    expect(pages).toHaveLength(thorough ? 2 : 1);
    expect(pages.flat().map(({ key }) => key)).toEqual(paths);
    expect(pages.flat().every(({ bytes }) => bytes === 1)).toBe(true);
  }, 30_000);

  it("refuses a key that it does not know", async () => {
    const stranger = open("", { accessKeyId: "nobody", secretAccessKey: "x" });
    await expect(stranger.put("x", new Uint8Array(1))).rejects.toMatchObject({ code: "storage.denied" });
    await expect(stranger.size("x")).rejects.toMatchObject({ code: "storage.denied" });
  });

  it.runIf(thorough)("refuses who signs with another secret", async () => {
    const wrong = open("", { ...server.credentials, secretAccessKey: "guessed" });
    await expect(wrong.put("x", new Uint8Array(1))).rejects.toMatchObject({
      code: "storage.denied",
      message: expect.stringContaining("SignatureDoesNotMatch"),
    });
    await expect(wrong.read("x", 0, 1)).rejects.toMatchObject({ code: "storage.denied" });
  });

  it.runIf(thorough)("tells of uploads that nobody completed, and drops them", async () => {
    const s3 = open();
    const uploadId = await s3.beginUpload(PATH);
    await s3.putPart(PATH, uploadId, 1, new Uint8Array(1000));
    expect(await s3.uploads("")).toEqual([{ key: PATH, uploadId }]);
    await s3.abortUpload(PATH, uploadId);
    await s3.abortUpload(PATH, uploadId);
    expect(await s3.uploads("")).toEqual([]);
  });
});

/** The example "GET Object" of Amazon's documentation on Signature Version 4 for S3. */
it("signs as Amazon's example does, range included", async () => {
  let signed: RequestInit | undefined;
  const keep = async (_: unknown, init?: RequestInit): Promise<Response> => {
    signed = init;
    return new Response(new Uint8Array(10), { status: 206 });
  };
  const s3 = new S3Client({
    location: parseS3Location("https://s3.amazonaws.com/examplebucket", null, false),
    credentials: {
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    },
    clock: new SimulatedClock(micros(Date.UTC(2013, 4, 24) * 1000)),
    random: Math.random,
    fetch: keep,
  });
  await s3.read("test.txt", 0, 10);
  expect(new Headers(signed?.headers).get("authorization")).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, " +
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
});

describe("a bucket that does not answer as it should", () => {
  let stop: (() => void) | undefined;
  afterEach(() => stop?.());

  async function serve(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stop = () => {
      server.closeAllConnections();
      server.close();
    };
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/footage`;
  }
  /** Waits between tries pass at once. */
  const impatient = {
    ...clock,
    after: (delay: number, run: () => void) => clock.after(millis(delay < 9000 ? 0 : delay), run),
  };

  it("is tried again after 5xx, up to four times", async () => {
    let asked = 0;
    const location = await serve((_, response) => {
      asked++;
      response.writeHead(asked < 4 ? 503 : 200).end("x");
    });
    expect(await client(location, { clock: impatient }).read("a", 0, 1)).toHaveLength(1);
    expect(asked).toBe(4);
    asked = -10;
    await expect(client(location, { clock: impatient }).read("a", 0, 1)).rejects.toMatchObject({
      code: "storage.unreachable",
      message: expect.stringContaining("503"),
    });
    expect(asked).toBe(-6);
  });

  it("is not asked again where that cannot help", async () => {
    let asked = 0;
    const location = await serve((_, response) => {
      asked++;
      response.writeHead(400).end("<Error><Code>InvalidRequest</Code><Message>secret &amp; more</Message></Error>");
    });
    const refused = client(location).read("a", 0, 1);
    await expect(refused).rejects.toMatchObject({
      code: "storage.refused",
      message: expect.stringMatching(/400, InvalidRequest\)$/),
    });
    expect(asked).toBe(1);
  });

  it("that hangs is given up after its time, and at once when nobody waits any more", async () => {
    const simulated = new SimulatedClock();
    let arrived: () => void = () => undefined;
    const location = await serve(() => arrived());
    const request = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const hanging = client(location, { clock: simulated }).read("a", 0, 1000, { attempts: 1 });
    const outcome = expect(hanging).rejects.toMatchObject({ code: "storage.unreachable" });
    await request;
    simulated.advance(millis(60_000));
    await outcome;

    const abort = new AbortController();
    const again = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const unwanted = client(location).read("a", 0, 1000, { signal: abort.signal });
    const ended = expect(unwanted).rejects.toThrow("not needed");
    await again;
    abort.abort(new Error("not needed"));
    await ended;
  });

  it("that says more than was asked for, or ignores the range, is not believed", async () => {
    const location = await serve((_, response) => response.writeHead(206).end("12345"));
    await expect(client(location).read("a", 0, 4)).rejects.toMatchObject({ code: "storage.refused" });
    stop?.();
    const whole = await serve((_, response) => response.writeHead(200).end("1234"));
    await expect(client(whole).read("a", 8, 4)).rejects.toMatchObject({ code: "storage.refused" });
  });

  it("reports an error that comes with 200 when parts are put together", async () => {
    const location = await serve((_, response) => response.end("<Error><Code>InternalError</Code></Error>"));
    await expect(client(location).completeUpload("a", "1", [])).rejects.toThrow("InternalError");
  });

  it("is left alone where the address is not permitted", async () => {
    const refuse = async (): Promise<Response> => {
      throw new FluxError("net.refused", "an address of this machine itself");
    };
    await expect(client("http://127.0.0.1:1/footage", { fetch: refuse }).read("a", 0, 1)).rejects.toMatchObject({
      code: "net.refused",
    });
  });
});

describe("a location", () => {
  it.each([
    ["https://s3.example/footage", true, "https://s3.example/footage/k"],
    ["https://s3.example:9000/footage/site/a/", true, "https://s3.example:9000/footage/site/a/k"],
    ["https://s3.example/footage/site", false, "https://footage.s3.example/site/k"],
  ])("%s, path style %s", (text, pathStyle, url) => {
    const location = parseS3Location(text, "eu-west-1", pathStyle);
    expect(urlOf(location, `${location.prefix}k`, new URLSearchParams()).href).toBe(url);
  });

  it.each([
    "footage",
    "ftp://s3.example/footage",
    "https://s3.example/",
    "https://s3.example/UPPER",
    "https://user:secret@s3.example/footage",
    "https://s3.example/footage?x=1",
    "https://s3.example/footage/a/%2e%2e/b",
    "https://s3.example/footage/a b",
  ])("%s is refused", (text) => {
    expect(() => parseS3Location(text, null, true)).toThrow(expect.objectContaining({ code: "storage.bad_location" }));
  });

  it("an address cannot carry a bucket's name", () => {
    expect(() => parseS3Location("https://10.0.0.5/footage", null, false)).toThrow("a name, not an address");
  });
});

describe("what a bucket says", () => {
  it("is read with what is escaped, and without what is incomplete", () => {
    const page = readObjectPage(
      "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b" +
        "</NextContinuationToken><Contents><Key>a%2Fb+c</Key><Size>12</Size></Contents><Contents><Key>x</Key>" +
        "<Size>-1</Size></Contents><Contents><Key>torn</Key></ListBucketResult>",
    );
    expect(page).toEqual({ objects: [{ key: "a/b c", bytes: 12 }], next: "a&b" });
    expect(readUploads("<Upload><Key>k</Key><UploadId>&#x41;&lt;1</UploadId></Upload>")).toEqual([
      { key: "k", uploadId: "A<1" },
    ]);
    expect(readObjectPage("<html>not found</html>")).toEqual({ objects: [], next: undefined });
  });
});
