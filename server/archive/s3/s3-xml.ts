/**
 * The few answers of S3 that are XML, read without a parser: elements without attributes that hold text only. What is not
 * found is left out; nothing is expanded beyond the five named entities and character references.
 */

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Undefined: this was the last page. */
  readonly next: string | undefined;
}

export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
}

export function textOf(xml: string, element: string): string | undefined {
  const found = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return found === undefined ? undefined : unescapeXml(found);
}

/** ListObjectsV2, asked for with `encoding-type=url`. */
export function readObjectPage(xml: string): ObjectPage {
  const encoded = textOf(xml, "EncodingType") === "url";
  const objects = blocks(xml, "Contents").flatMap((block) => {
    const key = textOf(block, "Key");
    const bytes = Number(textOf(block, "Size"));
    if (key === undefined || !Number.isSafeInteger(bytes) || bytes < 0) return [];
    return [{ key: encoded ? decode(key) : key, bytes }];
  });
  const more = textOf(xml, "IsTruncated") === "true";
  return { objects, next: more ? textOf(xml, "NextContinuationToken") : undefined };
}

/** ListMultipartUploads. */
export function readUploads(xml: string): UnfinishedUpload[] {
  const encoded = textOf(xml, "EncodingType") === "url";
  return blocks(xml, "Upload").flatMap((block) => {
    const key = textOf(block, "Key");
    const uploadId = textOf(block, "UploadId");
    return key === undefined || uploadId === undefined ? [] : [{ key: encoded ? decode(key) : key, uploadId }];
  });
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function blocks(xml: string, element: string): string[] {
  return xml
    .split(`<${element}>`)
    .slice(1)
    .flatMap((rest) => {
      const end = rest.indexOf(`</${element}>`);
      return end < 0 ? [] : [rest.slice(0, end)];
    });
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal, hex, name) => {
    if (typeof name === "string") return NAMED[name] ?? whole;
    const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Of `encoding-type=url`, where a space may be `+`. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    return text;
  }
}
