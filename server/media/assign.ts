/** The one with the fewest streams; among equals the first. Throws on an empty list. */
export function leastLoaded<T extends { readonly streams: number }>(slots: readonly T[]): T {
  let best: T | undefined;
  for (const slot of slots) if (!best || slot.streams < best.streams) best = slot;
  if (!best) throw new RangeError("no slot to choose from");
  return best;
}
