import { pbkdf2Sync } from "node:crypto";
import { expect, it } from "vitest";
import { PasswordHasher, PBKDF2_ITERATIONS } from "./password.ts";

it("makes PBKDF2-HMAC-SHA-256 hashes with a salt each", async () => {
  const hasher = new PasswordHasher(1000);
  const [one, two] = [await hasher.hash("secret"), await hasher.hash("secret")];
  expect(one).not.toBe(two);
  const [, iterations, salt = "", hash] = one.split("$");
  expect(iterations).toBe("1000");
  expect(pbkdf2Sync("secret", Buffer.from(salt, "base64"), 1000, 32, "sha256").toString("base64")).toBe(hash);
  expect(PBKDF2_ITERATIONS).toBe(600_000);
});

it("accepts the password however it is composed, and nothing else", async () => {
  const hasher = new PasswordHasher(1000);
  const stored = await hasher.hash("caf\u00e9 \ud55c\uad6d");
  expect(await hasher.verify("cafe\u0301 \u1112\u1161\u11ab\u1100\u116e\u11a8", stored)).toBe(true);
  expect(await hasher.verify("cafe 한국", stored)).toBe(false);
  expect(await hasher.verify("", stored)).toBe(false);
  expect(await hasher.verify("anything", undefined)).toBe(false);
});

it("asks for a new hash when the old one was made with fewer iterations", async () => {
  const stored = await new PasswordHasher(1000).hash("secret");
  expect(new PasswordHasher(1000).needsRehash(stored)).toBe(false);
  expect(new PasswordHasher(2000).needsRehash(stored)).toBe(true);
  expect(await new PasswordHasher(2000).verify("secret", stored)).toBe(true);
});

it("turns work away when too much waits, and recovers", async () => {
  const hasher = new PasswordHasher(1000);
  const results = await Promise.allSettled(Array.from({ length: 80 }, () => hasher.hash("secret")));
  const refused = results.filter((result) => result.status === "rejected");
  expect(refused).toHaveLength(28);
  expect(refused[0]).toMatchObject({ reason: { code: "auth.busy" } });
  expect(await hasher.verify("secret", await hasher.hash("secret"))).toBe(true);
});
