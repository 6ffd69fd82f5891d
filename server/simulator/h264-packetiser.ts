// RTP payloads for H.264, packetisation mode 1 (RFC 6184).
const stapAType = 24;
const fuAType = 28;

/**
 * The payloads of one picture, in order, each at most `maxPayloadBytes`: neighbouring small NAL units share a
 * STAP-A (5.7.1), one alone travels as it is (5.6), a large one is cut into FU-A fragments (5.8).
 */
export function packetisePicture(nals: readonly Uint8Array[], maxPayloadBytes: number): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let groupBytes = 1;
  const flush = (): void => {
    const [only] = group;
    if (group.length === 1 && only) payloads.push(only);
    else if (group.length > 1) payloads.push(aggregate(group, groupBytes));
    group = [];
    groupBytes = 1;
  };
  for (const nal of nals) {
    if (nal.length > maxPayloadBytes) {
      flush();
      payloads.push(...fragment(nal, maxPayloadBytes));
      continue;
    }
    if (groupBytes + 2 + nal.length > maxPayloadBytes) flush();
    group.push(nal);
    groupBytes += 2 + nal.length;
  }
  flush();
  return payloads;
}

/** STAP-A: its header carries the highest importance (NRI) of the units in it. */
function aggregate(nals: readonly Uint8Array[], totalBytes: number): Uint8Array {
  const payload = new Uint8Array(totalBytes);
  let importance = 0;
  let at = 1;
  for (const nal of nals) {
    importance = Math.max(importance, (nal[0] ?? 0) & 0x60);
    payload[at] = nal.length >> 8;
    payload[at + 1] = nal.length & 0xff;
    payload.set(nal, at + 2);
    at += 2 + nal.length;
  }
  payload[0] = importance | stapAType;
  return payload;
}

function fragment(nal: Uint8Array, maxPayloadBytes: number): Uint8Array[] {
  const header = nal[0] ?? 0;
  const room = maxPayloadBytes - 2;
  const fragments: Uint8Array[] = [];
  for (let at = 1; at < nal.length; at += room) {
    const part = nal.subarray(at, at + room);
    const payload = new Uint8Array(2 + part.length);
    const start = at === 1 ? 0x80 : 0;
    const end = at + room >= nal.length ? 0x40 : 0;
    payload[0] = (header & 0xe0) | fuAType;
    payload[1] = start | end | (header & 0x1f);
    payload.set(part, 2);
    fragments.push(payload);
  }
  return fragments;
}
