import type { WallEngine } from "./engine.ts";
import type { WallStats } from "./worker-protocol.ts";

/** What programs read of the page (README, contract for scripts). */
export interface FluxVisionHook {
  stats(): Promise<WallStats>;
}

/** Installs `globalThis.fluxvision.stats()` for support and for tests. A later engine takes the place of an earlier one. */
export function installStatsHook(engine: WallEngine): void {
  const hook: FluxVisionHook = { stats: () => engine.stats() };
  Object.defineProperty(globalThis, "fluxvision", { value: hook, configurable: true, enumerable: false });
}
