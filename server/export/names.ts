/** Longest part of a name that comes from people: leaves room for times within 255 bytes of three-byte characters. */
const MAX_CHARACTERS = 48;
/** Not allowed, or not wise, in names of files on any of the systems where a package may be unpacked. */
const UNSAFE = /[^\p{L}\p{N}._-]+/gu;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/** A part of a file name from what people wrote. Never empty, never dotted, no separators. */
export function safeName(text: string): string {
  const characters = Array.from(text.normalize("NFC").replace(UNSAFE, "_"));
  const name = characters
    .slice(0, MAX_CHARACTERS)
    .join("")
    .replace(/^[._-]+|[._-]+$/g, "");
  return name === "" || RESERVED.test(name) ? "camera" : name;
}

/** UTC, sorts by name: `20261120-100000Z`. */
export function stamp(micros: number): string {
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-")}Z`;
}

/** Gives each file of a package a name of its own, also where systems ignore case. */
export class Names {
  readonly #taken = new Set<string>();

  unique(stem: string, extension: string): string {
    for (let n = 1; ; n++) {
      const name = `${stem}${n === 1 ? "" : `-${n}`}${extension}`;
      if (this.#taken.has(name.toLowerCase())) continue;
      this.#taken.add(name.toLowerCase());
      return name;
    }
  }
}
