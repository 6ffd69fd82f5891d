import { createHash, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { Sha256, sha256Hex } from "./sha256.ts";

it("agrees with OpenSSL for every length around the block, however the message is cut", () => {
  for (let length = 0; length < 200; length++) {
    const data = randomBytes(length);
    const expected = createHash("sha256").update(data).digest("hex");
    expect(sha256Hex(data)).toBe(expected);
    const cut = length >> 1;
    expect(new Sha256().update(data.subarray(0, cut)).update(data.subarray(cut)).digestHex()).toBe(expected);
  }
});

it("agrees with OpenSSL for a long message in uneven pieces", () => {
  const data = randomBytes(3_000_001);
  const hash = new Sha256();
  for (let at = 0; at < data.length; at += 65_537) hash.update(data.subarray(at, at + 65_537));
  expect(hash.digestHex()).toBe(createHash("sha256").update(data).digest("hex"));
});
