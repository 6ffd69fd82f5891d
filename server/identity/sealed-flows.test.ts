import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { SealedFlows } from "./sealed-flows.ts";

const EXPIRED = expect.objectContaining({ code: "auth.flow_expired" });

describe("what strangers begin", () => {
  const clock = new SimulatedClock();
  const flows = new SealedFlows(clock);

  it("comes back as it was, once", () => {
    const { token } = flows.begin("passwordless", { challenge: "abc" });
    const [first, second] = [flows.open("passwordless", token), flows.open("passwordless", token)];
    expect(first.data).toEqual({ challenge: "abc" });
    flows.finish(first);
    expect(() => flows.finish(second)).toThrow(EXPIRED);
    expect(() => flows.open("passwordless", token)).toThrow(EXPIRED);
  });

  it("ends after ten minutes, and what was finished is not answered again at any time", () => {
    const [late, used] = [flows.begin("passwordless", 1).token, flows.begin("passwordless", 2).token];
    clock.advance(millis(599_000));
    expect(flows.open("passwordless", late).data).toBe(1);
    flows.finish(flows.open("passwordless", used));
    clock.advance(millis(2000));
    for (const token of [late, used]) expect(() => flows.open("passwordless", token)).toThrow(EXPIRED);
  });

  it("hides what it holds, and opens only unchanged, for its own purpose, in the process that began it", () => {
    const { token } = flows.begin("oidc-start", { verifier: "not for the browser" });
    expect(Buffer.from(token, "base64url").toString("latin1")).not.toContain("verifier");
    expect(() => flows.open("passwordless", token)).toThrow(EXPIRED);
    expect(() => new SealedFlows(clock).open("oidc-start", token)).toThrow(EXPIRED);
    const changed = `${token.startsWith("A") ? "B" : "A"}${token.slice(1)}`;
    for (const wrong of ["", "x", "{}", changed, token.slice(1), token.repeat(50)]) {
      expect(() => flows.open("oidc-start", wrong), wrong.slice(0, 20)).toThrow(EXPIRED);
    }
    expect(flows.open("oidc-start", token).data).toEqual({ verifier: "not for the browser" });
  });
});
