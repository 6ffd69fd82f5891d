interface LibcScript {
  systemGlibcSuffices(): boolean;
  nodeCommand(): string[];
}

/**
 * Can Node be started here so that WebTransport's native module loads? False only on a system with an old C library for
 * which no newer one could be fetched; whatever else keeps the module from loading is a failure of the tests.
 */
export async function webTransportHere(): Promise<boolean> {
  const url = new URL("../scripts/webtransport-libc.mjs", import.meta.url);
  const script = (await import(url.href)) as LibcScript;
  return script.systemGlibcSuffices() || script.nodeCommand().length > 1;
}

export const WITHOUT_WEBTRANSPORT = "skipped: WebTransport needs glibc 2.38, and none could be fetched here";
