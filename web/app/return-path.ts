/** Where to go after signing in: a path of this console and nothing else, so that a crafted link cannot lead away. */
export function safeReturnPath(from: string | undefined): string {
  if (from === undefined || !/^\/(?![/\\])/.test(from)) return "/";
  const url = new URL(from, "http://console.invalid");
  if (url.host !== "console.invalid" || url.pathname === "/sign-in" || url.pathname === "/setup") return "/";
  return `${url.pathname}${url.search}`;
}
