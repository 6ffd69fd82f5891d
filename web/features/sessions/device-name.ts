const browsers: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdgA?\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\bSamsungBrowser\/(\d+)/, "Samsung Internet"],
  [/\bWhale\/(\d+)/, "Whale"],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/\bHeadlessChrome\/(\d+)/, "Chrome"],
  [/\b(?:Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//, "Safari"],
];
const systems: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\biPad\b/, "iPad"],
  [/\biPhone\b/, "iPhone"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** "Chrome 142, Windows" from a User-Agent header; undefined when it says neither. Whoever sends it may say anything. */
export function deviceName(userAgent: string): string | undefined {
  const browser = browsers
    .map(([pattern, name]) => ({ name, match: pattern.exec(userAgent) }))
    .find(({ match }) => match !== null);
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1];
  const program = /^[\w.-]{2,40}(?:\/[\w.]+|$)/.exec(userAgent)?.[0];
  const named = browser === undefined ? undefined : `${browser.name} ${browser.match?.[1] ?? ""}`.trim();
  // A program that is no browser: curl/8.5, python-httpx/0.27, node.
  const what = named ?? (program?.startsWith("Mozilla/") ? undefined : program);
  return [what, system].filter((part) => part !== undefined).join(", ") || undefined;
}
