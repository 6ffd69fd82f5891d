import { describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { Mutator } from "../rtp/testkit/mutator.ts";
import { Authenticator, parseChallenges } from "./auth.ts";
import { parseSession, parseTransport } from "./headers.ts";
import { InterleavedReader } from "./interleaved.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { chooseAudio, chooseVideo } from "./media-track.ts";
import { parseHead } from "./message.ts";
import { parseSdp } from "./sdp.ts";
import { parseRtspUrl } from "./url.ts";

const ROUNDS = 1000;
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function fuzz(run: (mutator: Mutator) => void, rounds = ROUNDS): void {
  for (let seed = 1; seed <= rounds; seed++) {
    try {
      run(new Mutator(seed));
    } catch (error) {
      if (!(error instanceof FluxError)) throw new Error(`seed ${seed}`, { cause: error });
    }
  }
}

const SDP = bytesOf(
  "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z01A,aOs=\r\na=control:t0\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000/2\r\na=fmtp:97 mode=AAC-hbr;config=1410;sizelength=13;indexlength=3;indexdeltalength=3\r\n",
);
const HEAD = bytesOf(
  'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nSession: 12;timeout=60\r\nWWW-Authenticate: Digest realm="a", nonce="b"\r\n',
);

describe("abuse case 14: hostile text", () => {
  it("in SDP", () => {
    fuzz((mutator) => {
      const sdp = parseSdp(textOf(mutator.mutate(SDP)), 16);
      expect(sdp.media.length).toBeLessThanOrEqual(16);
      chooseAudio(sdp);
      const { media, format } = chooseVideo(sdp);
      expect(format.clockRate).toBeGreaterThan(0);
      for (const control of [sdp.control, media.control]) expect(control ?? "").toMatch(/^[\x21-\x7e]*$/);
    });
  });

  it("in messages and headers", () => {
    fuzz((mutator) => {
      const head = parseHead(textOf(mutator.mutate(HEAD)));
      expect(head.headers.size).toBeLessThanOrEqual(128);
      const session = parseSession(head.headers.get("session")?.[0]);
      if (session) expect(session.id).toMatch(/^[\x21-\x7e]+$/);
    });
    fuzz((mutator) => {
      const transport = parseTransport(
        textOf(mutator.mutate(bytesOf("RTP/AVP/TCP;unicast;interleaved=0-1;server_port=5000-5001;source=10.0.0.1"))),
      );
      for (const channel of transport?.interleaved ?? []) expect(channel).toBeLessThan(256);
      for (const port of transport?.serverPorts ?? []) expect(port).toBeLessThan(65_536);
    });
  });

  it("in challenges never breaks the answer's line", () => {
    const challenge = bytesOf(
      'Digest realm="a\\"b", qop="auth,auth-int", nonce="n", algorithm=SHA-256, opaque="o", Basic realm="x"',
    );
    fuzz((mutator) => {
      const value = textOf(mutator.mutate(challenge));
      expect(parseChallenges([value]).length).toBeLessThan(2000);
      const authenticator = new Authenticator("u", "p", true, "c");
      authenticator.accept([value]);
      expect(authenticator.authorization("PLAY", "rtsp://c/") ?? "").not.toMatch(/[\r\n]/);
    });
  });

  it("in addresses", () => {
    fuzz((mutator) => {
      const url = parseRtspUrl(textOf(mutator.mutate(bytesOf("rtsp://user:pa%20ss@[fe80::1]:8554/cam?channel=1"))));
      expect(url.href).toMatch(/^rtsps?:\/\/[\x21-\x7e]+$/);
      expect(url.port).toBeLessThan(65_536);
    });
  });

  it("between interleaved packets: all is handed over, skipped or refused, whatever the reads", () => {
    const frame = Uint8Array.from([0x24, 0, 0, 6, 0x80, 0x60, 1, 2, 3, 4]);
    const message = bytesOf("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc");
    const corpus = Uint8Array.from([...message, ...frame, ...frame, ...message, ...frame, ...frame]);
    let frames = 0;
    fuzz((mutator) => {
      const bytes = mutator.mutate(mutator.mutate(corpus));
      const results = [bytes.length, 1, mutator.int(16) + 1].map((size) => {
        const seen: string[] = [];
        const reader = new InterleavedReader(
          { ...DEFAULT_LIMITS, headerBytes: 512, bodyBytes: 512, garbageBytes: 512 },
          {
            onFrame: (channel, data, start, end) =>
              seen.push(`${channel}:${Buffer.from(data.subarray(start, end)).toString("hex")}`),
            onMessage: ({ body }) => seen.push(textOf(body)),
          },
        );
        reader.openChannel(0);
        reader.openChannel(1);
        for (let at = 0; at < bytes.length; at += size) {
          const piece = bytes.slice(at, at + size);
          reader.push(piece, piece.length);
        }
        return seen;
      });
      frames += results[0]?.length ?? 0;
      expect(results[0]?.join("").length).toBeLessThanOrEqual(bytes.length * 4 + 64);
    });
    expect(frames).toBeGreaterThan(300);
  });
});
