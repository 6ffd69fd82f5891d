import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { parseCameraUrl } from "./camera-url.ts";

const guard = new OutboundGuard({ ownPorts: () => new Set([8080, 8443]), loopback: "any" });
const parse = (text: string) => parseCameraUrl(text, "url", guard);

describe("parseCameraUrl", () => {
  it.each([
    ["rtsp://10.0.0.9", "rtsp://10.0.0.9", "10.0.0.9", 554, undefined, undefined],
    ["RTSPS://Cam.Example/ch1", "rtsps://cam.example/ch1", "cam.example", 322, undefined, undefined],
    ["rtsp://a:b@10.0.0.9:8554/x?y=1&z=2#f", "rtsp://10.0.0.9:8554/x?y=1&z=2", "10.0.0.9", 8554, "a", "b"],
    ["rtsp://a:p@ss:w@10.0.0.9/x", "rtsp://10.0.0.9/x", "10.0.0.9", 554, "a", "p@ss:w"],
    ["rtsp://a:50%25%40@10.0.0.9/x", "rtsp://10.0.0.9/x", "10.0.0.9", 554, "a", "50%@"],
    ["rtsp://a:50%@10.0.0.9/x", "rtsp://10.0.0.9/x", "10.0.0.9", 554, "a", "50%"],
    ["rtsp://a@10.0.0.9/x", "rtsp://10.0.0.9/x", "10.0.0.9", 554, "a", undefined],
    ["rtsp://10.0.0.9/x@y", "rtsp://10.0.0.9/x@y", "10.0.0.9", 554, undefined, undefined],
    ["rtsp://[2001:DB8::5]:554/x", "rtsp://[2001:db8::5]:554/x", "[2001:db8::5]", 554, undefined, undefined],
    ["rtsp://127.0.0.1:8554/demo", "rtsp://127.0.0.1:8554/demo", "127.0.0.1", 8554, undefined, undefined],
    ["rtsp://10.0.0.9?ch=1", "rtsp://10.0.0.9?ch=1", "10.0.0.9", 554, undefined, undefined],
  ])("takes %s apart", (text, url, host, port, username, password) => {
    expect(parse(text)).toEqual({ url, host, port, username, password });
  });

  it.each([
    "http://10.0.0.9/",
    "exec:rm -rf /",
    "file:///etc/passwd",
    "rtsp:/10.0.0.9",
    "rtsp://",
    "rtsp:///x",
    "rtsp://10.0.0.9:0/",
    "rtsp://10.0.0.9:65536/",
    "rtsp://10.0.0.9/a b",
    "rtsp://10.0.0.9/a\r\nTEARDOWN",
    "rtsp://10.0.0.9/`id`",
    "rtsp://10.0.0.9/a|b",
    'rtsp://10.0.0.9/"',
    "rtsp://10.0.0.9/%zz",
    "rtsp://a:b%0d%0a@10.0.0.9/",
    "rtsp://a\n:b@10.0.0.9/",
    "rtsp://10.0.0.9\\@evil/",
    "rtsp://ex ample/",
    "rtsp://$(id)/",
    "rtsp://169.254.169.254/latest",
    "rtsp://0xa9fea9fe/",
    "rtsp://2852039166/",
    "rtsp://[::ffff:169.254.169.254]/",
    "rtsp://[fe80::1]/",
    "rtsp://0.0.0.0/",
    "rtsp://0/",
    "rtsp://239.1.1.1/",
    "rtsp://127.0.0.1:8080/",
    "rtsp://127.1:8443/",
    "rtsp://2130706433:8080/",
    "rtsp://localhost:8080/",
    "rtsp://[::1]:8080/",
    "rtsp://[::ffff:127.0.0.1]:8080/",
    "rtsp://[::1%25lo]/",
  ])("refuses %j and names the field", (text) => {
    const failure = (() => {
      try {
        return parse(text);
      } catch (error) {
        return error as FluxError;
      }
    })();
    expect(failure).toBeInstanceOf(FluxError);
    expect(failure).toMatchObject({ code: "camera.bad_url", field: "url" });
  });

  it("gives plain addresses or a clear refusal, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl({ validSchemes: ["rtsp"], withQueryParameters: true }),
          fc.string().map((text) => `rtsp://${text}`),
        ),
        (text) => {
          try {
            const { url } = parse(text);
            expect(url).toMatch(/^rtsps?:\/\/[^\s@/?]+([/?]|$)/);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
            expect(url).not.toMatch(/[\x00-\x20"`<>\\^{|}#]/);
            expect(parse(url).url).toBe(url);
          } catch (error) {
            if (!(error instanceof FluxError)) throw error;
            expect(error.code).toBe("camera.bad_url");
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
