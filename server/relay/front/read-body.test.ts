import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { BodyBudget, readBody } from "./read-body.ts";

const LIMIT = 8;

function begin(budget: BodyBudget, text: string, headers: Record<string, string> = {}) {
  const stream = new PassThrough();
  const read = readBody(
    Object.assign(stream, { headers, complete: false }) as unknown as IncomingMessage,
    LIMIT,
    budget,
  );
  if (text !== "") stream.write(text);
  return { stream, read };
}
/** Everything that was written has been read. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("readBody", () => {
  it("gives the whole body, which counts until it is released", async () => {
    const budget = new BodyBudget(10);
    const { stream, read } = begin(budget, "abc");
    stream.end("de");
    const { body, release } = await read;
    expect(String(body)).toBe("abcde");
    expect(budget.left).toBe(5);
    release();
    release();
    expect(budget.left).toBe(10);
  });

  it("refuses what is or becomes too large, and holds nothing of it", async () => {
    const budget = new BodyBudget(100);
    expect((await begin(budget, "", { "content-length": "9" }).read).body).toBe("too-large");
    expect((await begin(budget, "123456789").read).body).toBe("too-large");
    expect(budget.left).toBe(100);
  });

  it("says when the client hung up", async () => {
    const budget = new BodyBudget(10);
    const { stream, read } = begin(budget, "abc");
    await settled();
    expect(budget.left).toBe(7);
    stream.destroy();
    expect((await read).body).toBe("cut");
    expect(budget.left).toBe(10);
  });

  it("lets the unfinished body that began first make way, and never one that is whole", async () => {
    const budget = new BodyBudget(10);
    const whole = begin(budget, "w");
    whole.stream.end();
    expect(String((await whole.read).body)).toBe("w");
    const first = begin(budget, "1111");
    await settled();
    const second = begin(budget, "2222");
    await settled();
    const third = begin(budget, "3333");
    third.stream.end();
    expect(String((await third.read).body)).toBe("3333");
    expect((await first.read).body).toBe("busy");
    expect(budget.left).toBe(1);
    // The one that began first is itself in the way.
    second.stream.write("22");
    expect((await second.read).body).toBe("busy");
    expect(budget.left).toBe(5);
  });
});
