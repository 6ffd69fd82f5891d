import postgres from "postgres";
import { expect, it } from "vitest";
import { isDatabaseUnavailable, isUniqueViolation, sqlState } from "./errors.ts";

const wrapped = (code: string): Error =>
  new Error("failed query", { cause: Object.assign(new Error("inner"), { code }) });

it.each([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "ECONNREFUSED",
  "ENOENT",
  "57P01",
  "57P03",
  "08006",
  "53300",
])("%s means that the database is not there", (code) => {
  expect(isDatabaseUnavailable(wrapped(code))).toBe(true);
});

it.each(["23505", "42P01", "22P02"])("%s is a fault of the statement", (code) => {
  expect(isDatabaseUnavailable(wrapped(code))).toBe(false);
  expect(sqlState(wrapped(code))).toBe(code);
  expect(isUniqueViolation(wrapped(code))).toBe(code === "23505");
});

it("recognises what the driver really throws when nothing listens", async () => {
  const sql = postgres({ path: "/nonexistent/.s.PGSQL.5432", username: "x", max: 1, connect_timeout: 1 });
  const error = await sql`select 1`.catch((cause: unknown) => cause);
  expect(isDatabaseUnavailable(error)).toBe(true);
  await sql.end({ timeout: 0 });
});
