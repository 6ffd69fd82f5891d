/** What can be wrong with a package. */
export type FindingCode =
  | "package.hidden"
  | "manifest.missing"
  | "manifest.invalid"
  | "manifest.changed"
  | "manifest.field"
  | "signature.missing"
  | "signature.invalid"
  | "signer.other"
  | "file.missing"
  | "file.extra"
  | "file.duplicate"
  | "file.changed"
  | "file.shorter"
  | "file.longer"
  | "file.frames"
  | "file.unreadable"
  | "segment.camera"
  | "segment.frames"
  | "frame.damaged"
  | "keys.unusable"
  | "passphrase.wrong";

export interface Finding {
  readonly code: FindingCode;
  /** File of the package, where one is at fault. */
  readonly file?: string;
  /** What the sentence needs. */
  readonly values: Readonly<Record<string, string | number>>;
}

export type Sentences = Readonly<Record<FindingCode, string>>;

/** `{file}` and the names of `values` are put in. */
export const ENGLISH: Sentences = {
  "package.hidden":
    "The .zip holds something that its list of contents does not name, or names differently (at byte {at}): other programs may unpack it.",
  "manifest.missing": "manifest.json is missing: this is no export package, or the list of its contents was removed.",
  "manifest.invalid": "manifest.json cannot be read: {detail}.",
  "manifest.changed": "manifest.json was changed after it was signed.",
  "manifest.field": "Changed in the manifest: {what} (now: {now}).",
  "signature.missing": "manifest.sig is missing: nothing shows who made this package.",
  "signature.invalid": "manifest.sig is not valid: {detail}.",
  "signer.other": "Signed with another key: {found} instead of {expected}.",
  "file.missing": "{file} is missing.",
  "file.extra": "{file} does not belong to the package.",
  "file.duplicate": "{file} is in the package more than once.",
  "file.changed": "{file} was changed: its checksum is not the one that was signed.",
  "file.shorter": "{file} is {bytes} bytes shorter than it was: something was cut out.",
  "file.longer": "{file} is {bytes} bytes longer than it was: something was added.",
  "file.frames": "{file} holds {found} pictures instead of {expected} ({seconds} s are missing or added).",
  "file.unreadable": "{file} cannot be read: {detail}.",
  "segment.camera": "{file} belongs to camera {found}, not to {expected}.",
  "segment.frames": "{file} holds {found} frames, its signed list says {expected}.",
  "frame.damaged": "{file}: {count} of {frames} frames do not open: they were changed or belong to another camera.",
  "keys.unusable": "keys.json cannot be used: {detail}.",
  "passphrase.wrong": "The passphrase does not fit.",
};

export function sentence(finding: Finding, sentences: Sentences = ENGLISH): string {
  const values: Readonly<Record<string, string | number>> = { ...finding.values, file: finding.file ?? "" };
  return sentences[finding.code].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
