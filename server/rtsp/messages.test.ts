import { describe, expect, it } from "vitest";
import { errorCode } from "../../shared/lib/errors.ts";
import { Authenticator, parseChallenges } from "./auth.ts";
import { parsePublic, parseSession, parseTransport } from "./headers.ts";
import { contentLength, encodeRequest, header, parseHead, printable } from "./message.ts";
import { parseSdp } from "./sdp.ts";
import { parseRtspUrl, resolveControl } from "./url.ts";

const thrown = (run: () => unknown): string | undefined => {
  try {
    run();
    return "nothing";
  } catch (error) {
    return errorCode(error);
  }
};

describe("addresses", () => {
  it.each([
    {
      text: "rtsp://10.0.0.5/stream",
      expected: { host: "10.0.0.5", port: 554, secure: false, href: "rtsp://10.0.0.5/stream" },
    },
    { text: "RTSP://cam:8554", expected: { host: "cam", port: 8554, href: "rtsp://cam:8554/" } },
    { text: "rtsps://cam/x", expected: { secure: true, port: 322 } },
    { text: "rtsp://[fe80::1]:554/x", expected: { host: "fe80::1", href: "rtsp://[fe80::1]:554/x" } },
    {
      text: "rtsp://admin:p%40ss@cam/cam/realmonitor?channel=1&subtype=0",
      expected: { username: "admin", password: "p@ss", href: "rtsp://cam/cam/realmonitor?channel=1&subtype=0" },
    },
    { text: "rtsp://admin:p@ss:word@cam/x", expected: { username: "admin", password: "p@ss:word", host: "cam" } },
    { text: "rtsp://cam/h264?a=[1]|{x}", expected: { href: "rtsp://cam/h264?a=[1]|{x}" } },
    { text: "rtsp://cam/카메라", expected: { href: `rtsp://cam/${encodeURIComponent("카메라")}` } },
  ])("$text", ({ text, expected }) => {
    expect(parseRtspUrl(text)).toMatchObject(expected);
  });

  it.each([
    "http://cam/x",
    "rtsp://",
    "rtsp:///x",
    "rtsp://cam:0/",
    "rtsp://cam:99999/",
    "rtsp://cam/a b",
    "rtsp://cam/a\r\nX: y",
    "cam/x",
    `rtsp://cam/${"x".repeat(3000)}`,
  ])("refused: %j", (text) => {
    expect(thrown(() => parseRtspUrl(text))).toBe("rtsp.address");
  });

  it.each([
    { base: "rtsp://c/s", control: undefined, url: "rtsp://c/s" },
    { base: "rtsp://c/s", control: "*", url: "rtsp://c/s" },
    { base: "rtsp://c/s", control: "trackID=1", url: "rtsp://c/s/trackID=1" },
    { base: "rtsp://c/s/", control: "trackID=1", url: "rtsp://c/s/trackID=1" },
    { base: "rtsp://c/s?ch=1", control: "trackID=1", url: "rtsp://c/s?ch=1/trackID=1" },
    { base: "rtsp://c:99/s", control: "/t/1", url: "rtsp://c:99/t/1" },
    { base: "rtsp://c/s", control: "?t=1", url: "rtsp://c/s?t=1" },
    { base: "rtsp://c/s", control: "rtsp://10.0.0.1/t", url: "rtsp://10.0.0.1/t" },
  ])("control $control on $base", ({ base, control, url }) => {
    expect(resolveControl(base, control)).toBe(url);
  });
});

describe("messages", () => {
  it("are read as they are written", () => {
    const text = encodeRequest("SETUP", "rtsp://c/s", [
      ["CSeq", "3"],
      ["Transport", "RTP/AVP/TCP"],
    ]);
    const head = parseHead(text.trimEnd());
    expect(head).toMatchObject({ kind: "request", method: "SETUP", uri: "rtsp://c/s" });
    expect(header(head, "cseq")).toBe("3");
    expect(header(head, "transport")).toBe("RTP/AVP/TCP");
  });

  it("are read as cameras write them", () => {
    const head = parseHead(
      'RTSP/1.0 401 Unauthorized\ncseq:2\r\nWWW-Authenticate: Basic realm="a"\r\nwww-authenticate: Digest realm="a",\r\n nonce="n"\r\nnonsense\r\n: x\r\n\u0001bad: y',
    );
    expect(head).toMatchObject({ kind: "response", status: 401, reason: "Unauthorized" });
    expect(head.headers.get("www-authenticate")).toEqual(['Basic realm="a"', 'Digest realm="a", nonce="n"']);
    expect([...head.headers.keys()]).toEqual(["cseq", "www-authenticate"]);
  });

  it.each(["HTTP/1.1 200 OK", "", "RTSP/1.0 abc", "\u0000\u0001"])("refused: %j", (text) => {
    expect(thrown(() => parseHead(text))).toBe("rtsp.protocol");
  });

  it.each([
    { value: "12", result: 12 },
    { value: "-1", result: "rtsp.protocol" },
    { value: "1e3", result: "rtsp.protocol" },
    { value: "99999999", result: "rtsp.limit" },
  ])("Content-Length $value", ({ value, result }) => {
    const head = parseHead(`RTSP/1.0 200 OK\r\nContent-Length: ${value}`);
    const read = (): number => contentLength(head, 1000);
    expect(typeof result === "number" ? read() : thrown(read)).toBe(result);
  });

  it("never carry a camera's control characters into a log", () => {
    expect(printable("a\u001b[31m\r\nb")).toBe("a?[31m??b");
    expect(printable("x".repeat(500)).length).toBeLessThan(130);
  });
});

describe("headers", () => {
  it.each([
    { value: "12345678", expected: { id: "12345678", timeoutSeconds: 60 } },
    { value: "ab; timeout=30", expected: { id: "ab", timeoutSeconds: 30 } },
    { value: "ab;timeout=0", expected: { id: "ab", timeoutSeconds: 5 } },
    { value: "ab;timeout=999999", expected: { id: "ab", timeoutSeconds: 3600 } },
    { value: "a b", expected: undefined },
    { value: "", expected: undefined },
    { value: undefined, expected: undefined },
  ])("Session: $value", ({ value, expected }) => {
    expect(parseSession(value)).toEqual(expected);
  });

  it.each([
    { value: "RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1", expected: { tcp: true, interleaved: [2, 3] } },
    { value: "RTP/AVP/TCP;interleaved=4", expected: { tcp: true, interleaved: [4, 5] } },
    { value: "RTP/AVP/TCP;interleaved=300-301", expected: { tcp: true, interleaved: undefined } },
    {
      value: "RTP/AVP;unicast;client_port=1-2;server_port=5000-5001;source=10.0.0.1",
      expected: { tcp: false, serverPorts: [5000, 5001], source: "10.0.0.1" },
    },
    { value: "RTP/AVP/UDP;unicast;server_port=99999-1", expected: { tcp: false, serverPorts: undefined } },
  ])("Transport: $value", ({ value, expected }) => {
    expect(parseTransport(value)).toMatchObject(expected);
  });

  it("refuses a transport that is none", () => {
    expect(parseTransport("MP2T/H2221/UDP")).toBeUndefined();
    expect(parseTransport(undefined)).toBeUndefined();
  });

  it("Public", () => {
    expect([...parsePublic("OPTIONS, describe,GET_PARAMETER")]).toEqual(["OPTIONS", "DESCRIBE", "GET_PARAMETER"]);
  });
});

describe("session descriptions", () => {
  const sdp = [
    "v=0",
    "o=- 1 1 IN IP4 0.0.0.0",
    "a=control:*",
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H264/90000",
    "a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z01A,aOs=;profile-level-id=4D4016",
    "a=control:trackID=0",
    "m=audio 0 RTP/AVP 0",
    "a=control:trackID=1",
    "m=audio 0 RTP/AVP 97",
    "a=rtpmap:97 mpeg4-generic/16000/2",
    "a=sendonly",
    "m=application 0 RTP/AVP 107",
    "a=rtpmap:107 vnd.onvif.metadata/90000",
  ].join("\r\n");

  it("are read with their static payload types and parameters", () => {
    const { control, media } = parseSdp(sdp, 16);
    expect(control).toBe("*");
    expect(media.map(({ type, control: own, backChannel }) => [type, own, backChannel])).toEqual([
      ["video", "trackID=0", false],
      ["audio", "trackID=1", false],
      ["audio", undefined, true],
      ["application", undefined, false],
    ]);
    expect(media[0]?.formats[0]).toMatchObject({ payloadType: 96, encoding: "H264", clockRate: 90_000 });
    expect(media[0]?.formats[0]?.parameters.get("sprop-parameter-sets")).toBe("Z01A,aOs=");
    expect(media[1]?.formats[0]).toMatchObject({ payloadType: 0, encoding: "PCMU", clockRate: 8000, channels: 1 });
    expect(media[2]?.formats[0]).toMatchObject({ encoding: "MPEG4-GENERIC", clockRate: 16_000, channels: 2 });
  });

  it("are bounded", () => {
    expect(thrown(() => parseSdp("v=0\n".repeat(2000), 16))).toBe("rtsp.limit");
    expect(thrown(() => parseSdp(`m=video 0 RTP/AVP 96\na=${"x".repeat(20_000)}`, 16))).toBe("rtsp.limit");
    expect(parseSdp("m=video 0 RTP/AVP 96\n".repeat(100), 16).media.length).toBe(16);
  });

  it.each(["", "<html>", "v=0"])("without media are refused: %j", (text) => {
    expect(thrown(() => parseSdp(text, 16))).toBe("rtsp.protocol");
  });

  it("pass over lines that are broken, and controls that could break a request", () => {
    const { media } = parseSdp(
      "m=video 0 RTP/AVP 96 999 x\na=rtpmap:96\na=rtpmap:96 H264/90000\na=control:a\u0001b\na=fmtp:200 x",
      16,
    );
    expect(media[0]).toMatchObject({ control: undefined });
    expect(media[0]?.formats.length).toBe(1);
  });
});

describe("authentication", () => {
  it("reads several challenges in one header and in several", () => {
    const challenges = parseChallenges([
      'Basic realm="a", Digest realm="b, c", nonce="n\\"1", qop="auth,auth-int", stale=TRUE',
      "Bearer x=1",
      'Digest realm="d",nonce=e',
    ]);
    expect(
      challenges.map(({ scheme, parameters }) => [scheme, parameters.get("realm"), parameters.get("nonce")]),
    ).toEqual([
      ["basic", "a", undefined],
      ["digest", "b, c", 'n"1'],
      ["digest", "d", "e"],
    ]);
  });

  it("answers as in RFC 2617, 3.5 and RFC 7616, 3.9.1", () => {
    const md5 = new Authenticator("Mufasa", "Circle Of Life", true, "0a4f113b");
    md5.accept([
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    ]);
    const first = md5.authorization("GET", "/dir/index.html");
    expect(first).toContain('response="6629fae49393a05397450978507c4ef1"');
    expect(first).toContain('opaque="5ccc069c403ebaf9f0171e9517f40e41", qop=auth, nc=00000001, cnonce="0a4f113b"');
    expect(md5.authorization("GET", "/dir/index.html")).toContain("nc=00000002");

    const sha = new Authenticator("Mufasa", "Circle of Life", true, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
    sha.accept([
      'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
      'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    ]);
    const second = sha.authorization("GET", "/dir/index.html");
    expect(second).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"');
    expect(second).toContain("algorithm=SHA-256");
  });

  it("answers a challenge without qop as RFC 2069 did", () => {
    const authenticator = new Authenticator("Mufasa", "CircleOfLife", true);
    authenticator.accept(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"']);
    const value = authenticator.authorization("GET", "/dir/index.html");
    expect(value).toContain('response="1949323746fe6a43ef61f9606e7febea"');
    expect(value).not.toContain("nc=");
  });

  it("gives Basic only where it is all that is asked for, and never after Digest", () => {
    const authenticator = new Authenticator("Aladdin", "open sesame", true);
    expect(authenticator.authorization("GET", "/")).toBeUndefined();
    expect(authenticator.accept(['Basic realm="x"'])).toBe("answer");
    expect(authenticator.authorization("GET", "/")).toBe("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    expect(authenticator.accept(['Basic realm="x"', 'Digest realm="x", nonce="n", stale=true'])).toBe("stale");
    expect(authenticator.authorization("GET", "/")).toContain("Digest ");
    expect(authenticator.accept(['Basic realm="x"'])).toBe("unsupported");
    expect(new Authenticator("a", "b", false).accept(['Basic realm="x"'])).toBe("unsupported");
    expect(new Authenticator("a", "b", true).accept(['Digest realm="x", nonce="n", algorithm=MD4'])).toBe(
      "unsupported",
    );
  });

  it("keeps quotes and line breaks inside their place", () => {
    expect(thrown(() => new Authenticator("a\r\nX: y", "b", true))).toBe("rtsp.address");
    const authenticator = new Authenticator('a"b\\c', "x", true);
    authenticator.accept(['Digest realm="r\\"s", nonce="n"']);
    const value = authenticator.authorization("GET", 'rtsp://c/"') ?? "";
    expect(value).toContain('username="a\\"b\\\\c", realm="r\\"s"');
  });
});
