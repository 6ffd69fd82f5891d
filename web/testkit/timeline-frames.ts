// Browser entry of `fluxvision bench timeline`: the timeline's own painter, zoomed and panned as a wheel does it.
import type { Timeline } from "../../shared/api/recording.ts";
import { cameraRow, wallRow } from "../features/playback/bars.ts";
import { createTimeText } from "../features/playback/time-text.ts";
import { LAYOUT, TimelinePainter } from "../features/playback/timeline-painter.ts";
import { centredOn, panBy, SECOND, type Viewport, zoomAbout } from "../features/playback/viewport.ts";
import { Zone } from "../features/playback/zone.ts";

interface Task {
  readonly timeline: Timeline;
  readonly width: number;
  readonly steps: number;
}

/** ms, one a frame. `draw`: the painter alone. `raster`: until its pixels are there. `apart`: between two frames. */
export interface Frames {
  readonly draw: number[];
  readonly raster: number[];
  readonly apart: number[];
}

/** From the month to a second and back, going sideways between, as fast as frames come. */
async function zoom({ timeline, width, steps }: Task): Promise<Frames> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = LAYOUT.height;
  document.body.append(canvas);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("no canvas");
  const painter = new TimelinePainter(context, "11px sans-serif");
  const zone = new Zone("Asia/Seoul");
  const rows = { camera: cameraRow(timeline.cameras[0]), wall: wallRow(timeline) };
  const span = timeline.endMicros - timeline.startMicros;
  const factor = (span / SECOND) ** (2 / steps);
  const frames: Frames = { draw: [], raster: [], apart: [] };
  let view: Viewport = centredOn(timeline.startMicros + span / 2, span);
  let before = Number.NaN;
  for (let step = 0; step < steps; step++) {
    view = panBy(zoomAbout(view, step < steps / 2 ? factor : 1 / factor, 0.4), step % 2 === 0 ? 0.02 : -0.02);
    const now = await new Promise<number>(requestAnimationFrame);
    if (step > 0) frames.apart.push(now - before);
    before = now;
    const startedAt = performance.now();
    painter.paint({
      ...{ view, width, ratio: 1, zone, text: createText(zone), ...rows, live: false, others: [] },
      ...{ nowMicros: timeline.endMicros, playheadMicros: view.startMicros + view.spanMicros / 2 },
      ...{ selection: undefined, markedMicros: undefined, loop: undefined, hoverMicros: view.startMicros },
    });
    const drawnAt = performance.now();
    context.getImageData(0, 0, 1, 1);
    frames.draw.push(drawnAt - startedAt);
    frames.raster.push(performance.now() - startedAt);
  }
  canvas.remove();
  return frames;
}

const texts = new Map<Zone, ReturnType<typeof createTimeText>>();

/** Made once, as the page does. */
function createText(zone: Zone): ReturnType<typeof createTimeText> {
  const made = texts.get(zone) ?? createTimeText("ko", zone);
  texts.set(zone, made);
  return made;
}

Object.assign(globalThis, { zoom });
