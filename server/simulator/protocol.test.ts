import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { errorCode } from "../../shared/lib/errors.ts";
import { challenges, isAuthorised } from "./authentication.ts";
import { RequestReader } from "./rtsp-request.ts";
import { chooseTransport } from "./transport-header.ts";

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    return errorCode(error);
  }
  return undefined;
};

describe("requests", () => {
  const text = "OPTIONS rtsp://h/cam01/main RTSP/1.0\r\nCSeq: 1\r\n\r\n";
  test("cut anywhere, with the client's own interleaved packets between them", () => {
    const bytes = Buffer.concat([
      Buffer.from(text),
      Buffer.from([0x24, 1, 0, 3, 9, 9, 9]),
      Buffer.from("SET_PARAMETER * RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 4\r\n\r\nabcd"),
      Buffer.from(text),
    ]);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const reader = new RequestReader();
      const requests = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))];
      expect(requests.map(({ method }) => method)).toEqual(["OPTIONS", "SET_PARAMETER", "OPTIONS"]);
    }
  });

  test.each([
    ["no RTSP", "GET / HTTP/1.1\r\n\r\n"],
    ["a head without end", "A".repeat(20_000)],
    ["a body beyond the limit", "OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n"],
    ["a negative body", "OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n"],
  ])("%s: refused", (_name, bytes) => {
    expect(codeOf(() => new RequestReader().push(Buffer.from(bytes)))).toBe("simulator.bad_request");
  });
});

test.each([
  ["RTP/AVP/TCP;unicast;interleaved=2-3", "any", { kind: "tcp", rtpChannel: 2, rtcpChannel: 3 }],
  ["RTP/AVP/TCP;unicast", "any", { kind: "tcp", rtpChannel: 0, rtcpChannel: 1 }],
  ["RTP/AVP;unicast;client_port=5000-5001", "any", { kind: "udp", rtpPort: 5000, rtcpPort: 5001 }],
  ["RTP/AVP/UDP;unicast;client_port=5000", "udp", { kind: "udp", rtpPort: 5000, rtcpPort: 5001 }],
  [
    "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;interleaved=0-1",
    "tcp",
    { kind: "tcp", rtpChannel: 0, rtcpChannel: 1 },
  ],
  ["RTP/AVP;multicast", "any", undefined],
  ["RTP/AVP;unicast;client_port=70000-70001", "any", undefined],
  ["RTP/AVP/TCP;interleaved=300-301", "any", undefined],
  ["RTP/AVP/TCP", "udp", undefined],
  [undefined, "any", undefined],
] as const)("transport %s (%s allowed)", (header, allowed, expected) => {
  expect(chooseTransport(header, allowed)).toEqual(expected);
});

describe("passwords", () => {
  const credentials = { user: "admin", password: "p:w", schemes: ["basic", "digest-md5", "digest-sha-256"] } as const;
  const realm = /realm="([^"]*)"/.exec(challenges(["basic"], "")[0] ?? "")?.[1] ?? "";
  const digest = (algorithm: "md5" | "sha256", password: string, nonce = "n1"): string => {
    const hash = (value: string): string => createHash(algorithm).update(value).digest("hex");
    const response = hash(`${hash(`admin:${realm}:${password}`)}:n1:00000001:c:auth:${hash("DESCRIBE:rtsp://h/x")}`);
    const name = algorithm === "md5" ? "MD5" : "SHA-256";
    return `Digest username="admin", realm="${realm}", nonce="${nonce}", uri="rtsp://h/x", algorithm=${name}, qop=auth, nc=00000001, cnonce="c", response="${response}"`;
  };
  const allowed = (header: string | undefined): boolean => isAuthorised(header, "DESCRIBE", "n1", credentials);

  test.each([
    ["basic", `Basic ${Buffer.from("admin:p:w").toString("base64")}`, true],
    ["basic, wrong password", `Basic ${Buffer.from("admin:nope").toString("base64")}`, false],
    ["MD5", digest("md5", "p:w"), true],
    ["SHA-256", digest("sha256", "p:w"), true],
    ["SHA-256, wrong password", digest("sha256", "nope"), false],
    ["another connection's nonce", digest("md5", "p:w", "n2"), false],
    ["nothing", undefined, false],
    ["nonsense", "Digest ====", false],
  ])("%s", (_name, header, expected) => {
    expect(allowed(header)).toBe(expected);
  });

  test("a scheme that is not offered does not count", () => {
    const onlySha = { ...credentials, schemes: ["digest-sha-256"] } as const;
    expect(isAuthorised(digest("md5", "p:w"), "DESCRIBE", "n1", onlySha)).toBe(false);
    expect(isAuthorised(`Basic ${Buffer.from("admin:p:w").toString("base64")}`, "DESCRIBE", "n1", onlySha)).toBe(false);
  });
});
