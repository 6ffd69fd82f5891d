export interface Slot {
  readonly layer: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Shelf {
  readonly layer: number;
  readonly y: number;
  readonly height: number;
  /** Free stretches, by x, never touching one another. */
  free: { x: number; width: number }[];
}

/** A shelf may be this much taller than what is put on it: cameras of nearly equal height share shelves. */
const MAX_WASTE = 1.25;

/**
 * Places rectangles on shelves in the layers of a square texture array. Pictures of a wall have few different
 * heights, so shelves fill well; an emptied shelf at the end of its layer gives its height back.
 */
export class ShelfAllocator {
  #side: number;
  #layers: number;
  readonly #shelves: Shelf[] = [];

  constructor(side: number, layers: number) {
    this.#side = side;
    this.#layers = layers;
  }

  get side(): number {
    return this.#side;
  }
  get layers(): number {
    return this.#layers;
  }

  /** Undefined when there is no room: `grow` first. */
  allocate(width: number, height: number): Slot | undefined {
    const shelf = this.#bestShelf(width, height) ?? this.#newShelf(width, height);
    if (!shelf) return undefined;
    const index = shelf.free.findIndex((stretch) => stretch.width >= width);
    const stretch = shelf.free[index];
    if (!stretch) return undefined;
    const slot = { layer: shelf.layer, x: stretch.x, y: shelf.y, width, height };
    if (stretch.width === width) shelf.free.splice(index, 1);
    else shelf.free[index] = { x: stretch.x + width, width: stretch.width - width };
    return slot;
  }

  free(slot: Slot): void {
    const shelf = this.#shelves.find(({ layer, y }) => layer === slot.layer && y === slot.y);
    if (!shelf) return;
    const stretches = [...shelf.free, { x: slot.x, width: slot.width }].sort((a, b) => a.x - b.x);
    shelf.free = [];
    for (const stretch of stretches) {
      const last = shelf.free.at(-1);
      if (last && last.x + last.width === stretch.x) last.width += stretch.width;
      else shelf.free.push({ ...stretch });
    }
    this.#dropEmptyShelves(shelf.layer);
  }

  /** The smallest growth after which the rectangle fits; undefined beyond `maxSide` or `maxLayers`. */
  growthFor(
    width: number,
    height: number,
    maxSide: number,
    maxLayers: number,
  ): { side: number; layers: number } | undefined {
    const needed = Math.max(width, height);
    if (needed > maxSide) return undefined;
    // A bigger square is cheaper than another layer until it is big; a layer always holds several pictures.
    if (this.#side * 2 <= Math.min(maxSide, PREFERRED_SIDE) || this.#side < needed) {
      let side = this.#side * 2;
      while (side < needed) side *= 2;
      return { side: Math.min(side, maxSide), layers: this.#layers };
    }
    return this.#layers < maxLayers ? { side: this.#side, layers: this.#layers + 1 } : undefined;
  }

  /** Existing slots keep their places. */
  grow(side: number, layers: number): void {
    for (const shelf of this.#shelves) addStretch(shelf, this.#side, side - this.#side);
    this.#side = side;
    this.#layers = layers;
  }

  #bestShelf(width: number, height: number): Shelf | undefined {
    let best: Shelf | undefined;
    for (const shelf of this.#shelves) {
      if (shelf.height < height || shelf.height > height * MAX_WASTE) continue;
      if (best && best.height <= shelf.height) continue;
      if (shelf.free.some((stretch) => stretch.width >= width)) best = shelf;
    }
    return best;
  }

  #newShelf(width: number, height: number): Shelf | undefined {
    if (width > this.#side || height > this.#side) return undefined;
    for (let layer = 0; layer < this.#layers; layer++) {
      const y = this.#gapFor(layer, height);
      if (y === undefined) continue;
      const shelf: Shelf = { layer, y, height, free: [{ x: 0, width: this.#side }] };
      this.#shelves.push(shelf);
      return shelf;
    }
    return undefined;
  }

  /** The lowest y of a gap between shelves that is high enough. */
  #gapFor(layer: number, height: number): number | undefined {
    const shelves = this.#shelves.filter((shelf) => shelf.layer === layer).sort((a, b) => a.y - b.y);
    let y = 0;
    for (const shelf of shelves) {
      if (shelf.y - y >= height) return y;
      y = shelf.y + shelf.height;
    }
    return this.#side - y >= height ? y : undefined;
  }

  #dropEmptyShelves(layer: number): void {
    for (let i = this.#shelves.length - 1; i >= 0; i--) {
      const shelf = this.#shelves[i];
      if (shelf?.layer !== layer) continue;
      if (shelf.free.length === 1 && shelf.free[0]?.width === this.#side) this.#shelves.splice(i, 1);
    }
  }
}

/** 4096 x 4096: sixteen 1080p pictures or 72 of 640x360 in one layer, on every device that has WebGPU. */
const PREFERRED_SIDE = 4096;

function addStretch(shelf: Shelf, x: number, width: number): void {
  if (width <= 0) return;
  const last = shelf.free.at(-1);
  if (last && last.x + last.width === x) last.width += width;
  else shelf.free.push({ x, width });
}
