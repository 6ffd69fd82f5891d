// Just enough of a JavaScript/TypeScript scanner to tell code from comments, strings and regular expressions, so that
// rules neither miss code nor fire on prose. Line numbers are kept: blanked characters become spaces.

const beforeRegex = /(?:^|[([{=,;:!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|delete|await|yield))\s*$/;

function skipQuoted(text, start, quote) {
  let at = start + 1;
  while (at < text.length && text[at] !== quote && text[at] !== "\n") at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function skipRegex(text, start) {
  let at = start + 1;
  let inClass = false;
  while (at < text.length && text[at] !== "\n" && (inClass || text[at] !== "/")) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
    at += 1;
  }
  return at + 1;
}

/** End of the comment, string or regex that starts at `at`, or undefined when code starts there. */
function literalEnd(text, at, codeBefore) {
  const char = text[at];
  if (char === '"' || char === "'") return { end: skipQuoted(text, at, char), kind: "string" };
  if (char !== "/") return undefined;
  if (text[at + 1] === "/") {
    const end = text.indexOf("\n", at);
    return { end: end < 0 ? text.length : end, kind: "comment" };
  }
  if (text[at + 1] === "*") {
    const end = text.indexOf("*/", at + 2);
    return { end: end < 0 ? text.length : end + 2, kind: "comment" };
  }
  return beforeRegex.test(codeBefore) ? { end: skipRegex(text, at), kind: "regex" } : undefined;
}

/** Splits a source into spans of code, comment, string, regex and template text, in order and without gaps. */
export function spans(text) {
  const found = [];
  const push = (start, end, kind) => {
    if (end > start) found.push({ start, end: Math.min(end, text.length), kind });
  };
  // Each open `${` of a template, with the depth of braces inside it.
  const templates = [];
  let at = 0;
  let codeStart = 0;
  let inTemplate = false;
  while (at < text.length) {
    if (inTemplate) {
      const start = at;
      while (at < text.length && text[at] !== "`" && !text.startsWith("${", at)) at += text[at] === "\\" ? 2 : 1;
      push(start, at, "template");
      codeStart = at;
      if (text[at] === "`") at += 1;
      else {
        templates.push(0);
        at += 2;
      }
      inTemplate = false;
      continue;
    }
    const literal = literalEnd(text, at, text.slice(Math.max(codeStart, at - 40), at));
    if (literal) {
      push(codeStart, at, "code");
      push(at, literal.end, literal.kind);
      at = literal.end;
      codeStart = at;
      continue;
    }
    const char = text[at];
    at += 1;
    if (char === "`") {
      push(codeStart, at, "code");
      inTemplate = true;
    } else if (char === "{" && templates.length > 0) templates[templates.length - 1] += 1;
    else if (char === "}" && templates.length > 0) {
      if (templates[templates.length - 1] === 0) {
        templates.pop();
        push(codeStart, at, "code");
        inTemplate = true;
      } else templates[templates.length - 1] -= 1;
    }
  }
  push(codeStart, text.length, "code");
  return found;
}

/** The source with everything but code replaced by spaces; line breaks stay. */
export function blankLiterals(text) {
  return spans(text)
    .map(({ start, end, kind }) =>
      kind === "code" ? text.slice(start, end) : text.slice(start, end).replace(/[^\n]/g, " "),
    )
    .join("");
}

const importBefore = /(?:\bfrom|\bimport|\bimport\s*\(|\bnew\s+URL\s*\()\s*$/;
const typeStatement = /(?:^|[;}\n])\s*(?:import|export)\s+type\b[^;"']*$/;

/** Every module specifier: static, dynamic, re-exported, and `new URL("./worker.ts", ...)`. */
export function importsOf(text) {
  const found = [];
  let code = "";
  let line = 1;
  for (const { start, end, kind } of spans(text)) {
    const piece = text.slice(start, end);
    // `new URL` also names folders and data; only source files are imports.
    const isUrl = /\bURL\s*\(\s*$/.test(code);
    if (kind === "string" && importBefore.test(code) && !(isUrl && !/\.(?:ts|tsx|mjs|js)["']$/.test(piece))) {
      found.push({ specifier: piece.slice(1, -1), line, typeOnly: typeStatement.test(code) });
    }
    code = kind === "code" ? (code + piece).slice(-2000) : kind === "comment" ? `${code} ` : `${code}""`;
    line += piece.split("\n").length - 1;
  }
  return found;
}
