import { isIP } from "node:net";
import { can, canEverywhere, type Principal } from "../auth/policy.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";
import { type CameraUrl, parseCameraUrl } from "./camera-url.ts";

interface Known {
  readonly id: string;
  readonly streams: readonly { readonly url: string }[];
}

/**
 * Whether the picture that a connection test takes may be shown: managing cameras is not seeing them. Where the address is
 * a stored camera's, it takes the right to see that one live; any other address of its host (a recorder with many cameras)
 * that of all cameras there. `named`: the stored camera that the test is about.
 */
export async function mayShowPicture(
  by: Principal,
  target: CameraUrl,
  named: string | undefined,
  cameras: Iterable<Known>,
  outbound: OutboundGuard,
): Promise<boolean> {
  if (canEverywhere(by, "live.view")) return true;
  if (named !== undefined && !can(by, "live.view", named)) return false;
  const hosts = new Set([target.host, ...(await addressesOf(target, outbound))]);
  const there = [...cameras].filter(({ streams }) => streams.some(({ url }) => hosts.has(hostOf(url))));
  const exact = there.filter(({ streams }) => streams.some(({ url }) => url === target.url));
  return (exact.length > 0 ? exact : there).every(({ id }) => can(by, "live.view", id));
}

/** Another name for a stored camera's address is that camera. */
function addressesOf({ host, port }: CameraUrl, outbound: OutboundGuard): Promise<string[]> {
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) return Promise.resolve([]);
  return new Promise((resolve) => {
    outbound.lookup("camera", port)(host, { all: true }, (error, found) => {
      // Nothing is shown of what cannot be reached.
      if (error || typeof found === "string") return resolve([]);
      resolve(found.map(({ address, family }) => (family === 6 ? `[${address}]` : address)));
    });
  });
}

function hostOf(url: string): string {
  return parseCameraUrl(url, "url").host;
}
