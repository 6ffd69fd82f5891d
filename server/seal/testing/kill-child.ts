import { writeSync } from "node:fs";
import { SUITE_IDS } from "../../../shared/crypto/types.ts";
import { micros } from "../../../shared/lib/time.ts";
import type { AccessUnit } from "../../../shared/media/types.ts";
import { readHeader, sealedFrameBytes } from "../../../shared/wire/sealed-frame.ts";
import { createGenerationStore } from "../generation.ts";
import { NonceCounters, StreamSealer } from "../sealer.ts";

/** Child of generation.test.ts: allocates generations and seals until it is killed, telling each nonce first. */
const path = process.argv[2] ?? "";
const store = createGenerationStore({ path });
const unit: AccessUnit = {
  codec: "h264",
  keyframe: true,
  disposable: false,
  discontinuity: false,
  codecChange: false,
  pts: micros(0),
  dts: micros(0),
  cameraTime: undefined,
  arrivalTime: micros(0),
  data: [new Uint8Array(8)],
};
const key = {
  suiteId: SUITE_IDS["LEA-256-GCM"],
  keyId: 1,
  epoch: 1,
  aead: { suite: "LEA-256-GCM" as const, sealInto: () => 24, open: () => new Uint8Array(), dispose: () => undefined },
};
const out = new Uint8Array(sealedFrameBytes(8));
writeSync(1, "started\n");
for (;;) {
  const counters = new NonceCounters(await store.allocate());
  for (const streamId of [1, 2]) {
    const sealer = new StreamSealer(counters, streamId);
    for (let i = 0; i < 5; i++) {
      sealer.seal(unit, { captureTime: micros(0), cameraClock: false }, key, out, 0);
      writeSync(1, `${Buffer.from(readHeader(out).nonce).toString("hex")}\n`);
    }
  }
}
