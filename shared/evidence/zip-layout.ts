import type { ByteFile } from "./byte-file.ts";

/** An entry as the .zip's directory has it. */
interface Listed {
  readonly offset: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  /** Stored: packed is unpacked. */
  readonly bytes: number;
  readonly unpacked: number;
  readonly name: Uint8Array;
}

const LOCAL = 0x04034b50;
const LISTED = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const DESCRIPTOR = 0x08074b50;
const LOCAL_BYTES = 30;
const LISTED_BYTES = 46;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR64_BYTES = 20;
/** Of 200 000 files with long names. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const MAX_NAMED = 20;
const ELSEWHERE_16 = 0xffff;
const ELSEWHERE_32 = 0xffffffff;
const EXTRA_ZIP64 = 0x0001;
/** Another name than the one in the header, which some readers prefer. */
const EXTRA_UNICODE_PATH = 0x7075;
const FLAG_DESCRIPTOR = 8;

/**
 * Where a .zip (APPNOTE 6.3) holds what its directory does not list, or lists otherwise: readers that go from header to
 * header would unpack it. Entries must lie end to end from the first byte to the directory, headers must say what the
 * directory says, and the end record must be the last. Byte positions; empty: there is no such thing.
 */
export async function hiddenIn(whole: ByteFile): Promise<number[]> {
  const directory = await findDirectory(whole);
  if (typeof directory === "number") return [directory];
  const listed = parseDirectory(await view(whole, directory.start, directory.bytes), directory.entries);
  if (!listed) return [directory.start];
  const hidden: number[] = [];
  let at = 0;
  const sorted = listed.sort((a, b) => a.offset - b.offset);
  for (const [index, entry] of sorted.entries()) {
    if (hidden.length >= MAX_NAMED) return hidden;
    const next = sorted[index + 1]?.offset ?? directory.start;
    if (entry.offset !== at || !(await isAsListed(whole, entry, next))) hidden.push(at);
    at = next;
  }
  if (sorted.length === 0 && directory.start > 0) hidden.push(0);
  return hidden;
}

interface Directory {
  readonly start: number;
  readonly bytes: number;
  readonly entries: number;
}

/** A number: from there on the file is not as it should be. */
async function findDirectory(whole: ByteFile): Promise<Directory | number> {
  const endAt = whole.bytes - END_BYTES;
  const end = endAt < 0 ? undefined : await view(whole, endAt, END_BYTES);
  // Something follows it, be it only a comment.
  if (!end || end.getUint32(0, true) !== END || end.getUint16(20, true) !== 0) return Math.max(0, endAt);
  const short: Directory = {
    entries: end.getUint16(10, true),
    bytes: end.getUint32(12, true),
    start: end.getUint32(16, true),
  };
  const locatorAt = endAt - LOCATOR64_BYTES;
  const locator = locatorAt < 0 ? undefined : await view(whole, locatorAt, LOCATOR64_BYTES);
  let found = short;
  let recordsAt = endAt;
  if (locator?.getUint32(0, true) === LOCATOR64) {
    recordsAt = locatorAt - END64_BYTES;
    if (recordsAt < 0 || large(locator, 8) !== recordsAt) return Math.max(0, recordsAt);
    const record = await view(whole, recordsAt, END64_BYTES);
    if (record.getUint32(0, true) !== END64 || large(record, 4) !== END64_BYTES - 12) return recordsAt;
    found = { entries: large(record, 32), bytes: large(record, 40), start: large(record, 48) };
    const same =
      fits(short.entries, found.entries, ELSEWHERE_16) &&
      fits(short.bytes, found.bytes, ELSEWHERE_32) &&
      fits(short.start, found.start, ELSEWHERE_32);
    if (!same) return recordsAt;
  }
  if (found.start + found.bytes !== recordsAt || found.bytes > MAX_DIRECTORY_BYTES) {
    return Math.min(found.start, recordsAt);
  }
  return found;
}

function parseDirectory(from: DataView, entries: number): Listed[] | undefined {
  const listed: Listed[] = [];
  let at = 0;
  while (at < from.byteLength) {
    if (at + LISTED_BYTES > from.byteLength || from.getUint32(at, true) !== LISTED) return undefined;
    const nameBytes = from.getUint16(at + 28, true);
    const extraBytes = from.getUint16(at + 30, true);
    const next = at + LISTED_BYTES + nameBytes + extraBytes + from.getUint16(at + 32, true);
    if (next > from.byteLength) return undefined;
    const extras = parseExtras(part(from, at + LISTED_BYTES + nameBytes, extraBytes));
    if (!extras || extras.has(EXTRA_UNICODE_PATH)) return undefined;
    const zip64 = extras.get(EXTRA_ZIP64);
    let used = 0;
    // Those that do not fit stand in the extra field, in this order.
    const size = (where: number): number => {
      const value = from.getUint32(at + where, true);
      if (value !== ELSEWHERE_32 || !zip64 || used + 8 > zip64.byteLength) return value;
      used += 8;
      return large(zip64, used - 8);
    };
    const unpacked = size(24);
    const bytes = size(20);
    const offset = size(42);
    const [flags, method, crc] = [from.getUint16(at + 8, true), from.getUint16(at + 10, true), from.getUint32(at + 16)];
    const { buffer, byteOffset } = from;
    const name = new Uint8Array(buffer, byteOffset + at + LISTED_BYTES, nameBytes);
    listed.push({ offset, flags, method, crc, bytes, unpacked, name });
    at = next;
  }
  return listed.length === entries ? listed : undefined;
}

/** The header says what the directory says, and what follows the data up to `next` is its descriptor or nothing. */
async function isAsListed(whole: ByteFile, entry: Listed, next: number): Promise<boolean> {
  const { offset, flags, method, crc, bytes, unpacked, name } = entry;
  const header = await view(whole, offset, LOCAL_BYTES);
  if (header.byteLength < LOCAL_BYTES || header.getUint32(0, true) !== LOCAL) return false;
  if (header.getUint16(6, true) !== flags || header.getUint16(8, true) !== method) return false;
  const [nameBytes, extraBytes] = [header.getUint16(26, true), header.getUint16(28, true)];
  if (nameBytes !== name.byteLength) return false;
  const rest = await view(whole, offset + LOCAL_BYTES, nameBytes + extraBytes);
  if (rest.byteLength !== nameBytes + extraBytes) return false;
  if (name.some((byte, at) => rest.getUint8(at) !== byte)) return false;
  const extras = parseExtras(part(rest, nameBytes, extraBytes));
  if (!extras || extras.has(EXTRA_UNICODE_PATH)) return false;
  const later = (flags & FLAG_DESCRIPTOR) !== 0;
  const zip64 = extras.get(EXTRA_ZIP64);
  const [packedNow, unpackedNow] = [header.getUint32(18, true), header.getUint32(22, true)];
  const wide = zip64 && zip64.byteLength >= 16;
  const packedSaid = packedNow === ELSEWHERE_32 && wide ? large(zip64, 8) : packedNow;
  const unpackedSaid = unpackedNow === ELSEWHERE_32 && wide ? large(zip64, 0) : unpackedNow;
  const says = (said: number, is: number): boolean => said === is || (later && said === 0);
  if (!says(packedSaid, bytes) || !says(unpackedSaid, unpacked) || !says(header.getUint32(14), crc)) return false;
  const end = offset + LOCAL_BYTES + nameBytes + extraBytes + bytes;
  return later ? isDescriptor(whole, end, next, entry) : end === next;
}

/** With or without its signature, and with sizes of 4 or 8 bytes. */
async function isDescriptor(whole: ByteFile, at: number, next: number, entry: Listed): Promise<boolean> {
  const length = next - at;
  if (length !== 12 && length !== 16 && length !== 20 && length !== 24) return false;
  const found = await view(whole, at, length);
  const signed = length === 16 || length === 24;
  if (found.byteLength !== length || (signed && found.getUint32(0, true) !== DESCRIPTOR)) return false;
  const crcAt = signed ? 4 : 0;
  const [packed, unpacked] =
    length < 20
      ? [found.getUint32(crcAt + 4, true), found.getUint32(crcAt + 8, true)]
      : [large(found, crcAt + 4), large(found, crcAt + 12)];
  return found.getUint32(crcAt) === entry.crc && packed === entry.bytes && unpacked === entry.unpacked;
}

/** Undefined: they do not fill their place. */
function parseExtras(from: DataView): ReadonlyMap<number, DataView> | undefined {
  const extras = new Map<number, DataView>();
  let at = 0;
  while (at + 4 <= from.byteLength) {
    const id = from.getUint16(at, true);
    const bytes = from.getUint16(at + 2, true);
    if (at + 4 + bytes > from.byteLength || extras.has(id)) return undefined;
    extras.set(id, part(from, at + 4, bytes));
    at += 4 + bytes;
  }
  return at === from.byteLength ? extras : undefined;
}

function fits(short: number, full: number, elsewhere: number): boolean {
  return short === full || short === elsewhere;
}

function large(from: DataView, at: number): number {
  return Number(from.getBigUint64(at, true));
}

function part(from: DataView, at: number, bytes: number): DataView {
  return new DataView(from.buffer, from.byteOffset + at, bytes);
}

async function view(whole: ByteFile, at: number, bytes: number): Promise<DataView> {
  const read = await whole.readAt(at, Math.max(0, Math.min(bytes, whole.bytes - at)));
  return new DataView(read.buffer, read.byteOffset, read.byteLength);
}
