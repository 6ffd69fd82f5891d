/** Colours and hatchings of the timeline: every kind of bar differs in both, for those who do not tell the colours apart. */

export const PALETTE = {
  ground: "#0b0d11",
  row: "#151922",
  tick: "#1d232d",
  tickMajor: "#343d4b",
  label: "#b4bcc9",
  labelDay: "#e7eaf0",
  recorded: "#2c7d4f",
  gapGround: "#3a1518",
  gap: "#f2555a",
  eventGround: "#6b4a10",
  event: "#f0b84a",
  bookmark: "#6aa3ff",
  lockedGround: "#3b2260",
  locked: "#c79bff",
  future: "rgb(7 9 12 / 0.55)",
  selection: "rgb(79 140 255 / 0.28)",
  selectionEdge: "#9cc0ff",
  loop: "#ffd166",
  hover: "rgb(255 255 255 / 0.45)",
  now: "#8d97a6",
  other: "#4fd1c5",
  playhead: "#ffffff",
  live: "#ff4d4f",
} as const;

export interface Patterns {
  readonly ratio: number;
  readonly gap: CanvasPattern | string;
  readonly event: CanvasPattern | string;
  readonly locked: CanvasPattern | string;
}

type Draw = (context: CanvasRenderingContext2D, size: number) => void;

/** Diagonals of a tile that meet those of the next one. */
const diagonals: Draw = (context, size) => {
  context.lineWidth = size / 4;
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift, size);
    context.lineTo(shift + size, 0);
  }
  context.stroke();
};
const stripes: Draw = (context, size) => context.fillRect(0, 0, size / 2, size);
const dots: Draw = (context, size) => {
  context.beginPath();
  context.arc(size / 2, size / 2, size / 4, 0, Math.PI * 2);
  context.fill();
};

const HATCHES = {
  gap: { draw: diagonals, colour: PALETTE.gap, size: 8 },
  event: { draw: stripes, colour: PALETTE.event, size: 4 },
  locked: { draw: dots, colour: PALETTE.locked, size: 5 },
} as const;

function patternOf(
  context: CanvasRenderingContext2D,
  ratio: number,
  kind: keyof typeof HATCHES,
): CanvasPattern | string {
  const { draw, colour, size } = HATCHES[kind];
  const tile = document.createElement("canvas");
  tile.width = Math.max(1, Math.round(size * ratio));
  tile.height = tile.width;
  const inner = tile.getContext("2d");
  if (inner === null) return colour;
  inner.fillStyle = colour;
  inner.strokeStyle = colour;
  draw(inner, tile.width);
  const pattern = context.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern ?? colour;
}

export function createPatterns(context: CanvasRenderingContext2D, ratio: number): Patterns {
  return {
    ratio,
    gap: patternOf(context, ratio, "gap"),
    event: patternOf(context, ratio, "event"),
    locked: patternOf(context, ratio, "locked"),
  };
}

const bookmarkColours: Readonly<Record<string, string>> = {
  blue: "#6aa3ff",
  green: "#3fb96b",
  yellow: "#e8d44d",
  orange: "#e0873a",
  red: "#f2555a",
  purple: "#a97bff",
};

export function bookmarkColour(name: string): string {
  return bookmarkColours[name] ?? PALETTE.bookmark;
}
