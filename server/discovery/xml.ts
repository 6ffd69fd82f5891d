import { FluxError } from "../../shared/lib/errors.ts";

/** An element; names are local ones, without their prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, trimmed. */
  readonly text: string;
}

export interface XmlLimits {
  readonly characters: number;
  readonly elements: number;
  readonly depth: number;
}

export const XML_LIMITS: XmlLimits = { characters: 64 * 1024, elements: 1000, depth: 32 };

interface Open {
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  text: string;
}

const NAME = "[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?";
const TAG = new RegExp(`^<(/?)(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`);
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, "g");
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const MAX_TAG = 4096;

/**
 * Reads what a device in the network has sent: elements, attributes, text and CDATA. No document types, so that there are
 * no entities to expand and nothing to fetch; bounded in size, number and depth. Throws `xml.malformed`, `xml.limit`.
 */
export function parseXml(source: string, limits: XmlLimits = XML_LIMITS): XmlElement {
  if (source.length > limits.characters) throw over(`longer than ${limits.characters} characters`);
  const root: Open = { name: "", attributes: new Map(), children: [], text: "" };
  const stack: Open[] = [root];
  let elements = 0;
  for (let at = 0; at < source.length; ) {
    const top = stack[stack.length - 1] ?? root;
    const next = source.indexOf("<", at);
    if (next !== at) {
      const end = next < 0 ? source.length : next;
      top.text += decode(source.slice(at, end));
      at = end;
      continue;
    }
    const skipped = skip(source, at, top);
    if (skipped > at) {
      at = skipped;
      continue;
    }
    const [whole, closing, fullName = "", attributes = "", empty] = TAG.exec(source.slice(at, at + MAX_TAG)) ?? [];
    if (whole === undefined) throw malformed("a tag that is none");
    at += whole.length;
    const name = localName(fullName);
    if (closing === "/") {
      if (stack.length === 1 || top.name !== name) throw malformed("an element that ends without having begun");
      stack.pop();
      stack[stack.length - 1]?.children.push(closed(top));
      continue;
    }
    if (++elements > limits.elements) throw over(`more than ${limits.elements} elements`);
    if (stack.length > limits.depth) throw over(`deeper than ${limits.depth}`);
    const element: Open = { name, attributes: readAttributes(attributes), children: [], text: "" };
    if (empty === "/") top.children.push(closed(element));
    else stack.push(element);
  }
  const [only] = root.children;
  if (stack.length > 1 || root.children.length !== 1 || !only || root.text.trim() !== "") {
    throw malformed("not one whole element");
  }
  return only;
}

/** All elements of that name below, in the order of the document. */
export function findAll(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => (child.name === name ? [child] : []).concat(findAll(child, name)));
}

/** The text of the first element of that name below. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return findAll(element, name)[0]?.text;
}

/** Where the comment, declaration or CDATA section at `at` ends; `at` when there is none. */
function skip(source: string, at: number, top: Open): number {
  if (source.startsWith("<!--", at)) return past(source, "-->", at + 4);
  if (source.startsWith("<?", at)) return past(source, "?>", at + 2);
  if (source.startsWith("<![CDATA[", at)) {
    const end = past(source, "]]>", at);
    top.text += source.slice(at + 9, end - 3);
    return end;
  }
  if (source.startsWith("<!", at)) throw malformed("a document type");
  return at;
}

function past(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  if (found < 0) throw malformed(`no ${mark}`);
  return found + mark.length;
}

function closed({ name, attributes, children, text }: Open): XmlElement {
  return { name, attributes, children, text: text.trim() };
}

function readAttributes(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", double, single] of text.matchAll(ATTRIBUTE)) {
    found.set(localName(name), decode(double ?? single ?? ""));
  }
  return found;
}

function decode(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w{1,8});/g, (whole, entity: string) => {
    if (!entity.startsWith("#")) return ENTITIES[entity] ?? whole;
    const code = entity.startsWith("#x") ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : "";
  });
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function malformed(reason: string): FluxError {
  return new FluxError("xml.malformed", `not well-formed: ${reason}`);
}

function over(reason: string): FluxError {
  return new FluxError("xml.limit", `too large: ${reason}`);
}
