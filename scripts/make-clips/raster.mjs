// Fills triangles: moving things with depth at twice the resolution, their shadows as a plain mask.

/** Grows as things are drawn, so that later steps look at no more than what was touched. */
export class Box {
  clear() {
    [this.left, this.top, this.right, this.bottom] = [2 ** 30, 2 ** 30, -1, -1];
  }
  add(left, top, right, bottom) {
    this.left = Math.min(this.left, left);
    this.top = Math.min(this.top, top);
    this.right = Math.max(this.right, right);
    this.bottom = Math.max(this.bottom, bottom);
  }
}

/** Calls `plot(cell, a, b, c)` for every cell centre inside a triangle, with its weights; clipped to the area. */
function fill([p, q, r], columns, rows, box, plot) {
  const area = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  if (Math.abs(area) < 1e-6) return;
  const left = Math.max(0, Math.floor(Math.min(p[0], q[0], r[0])));
  const right = Math.min(columns - 1, Math.ceil(Math.max(p[0], q[0], r[0])));
  const top = Math.max(0, Math.floor(Math.min(p[1], q[1], r[1])));
  const bottom = Math.min(rows - 1, Math.ceil(Math.max(p[1], q[1], r[1])));
  if (right < left || bottom < top) return;
  box.add(left, top, right, bottom);
  const scale = 1 / area;
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const [cx, cy] = [x + 0.5, y + 0.5];
      const a = ((q[0] - cx) * (r[1] - cy) - (q[1] - cy) * (r[0] - cx)) * scale;
      const b = ((r[0] - cx) * (p[1] - cy) - (r[1] - cy) * (p[0] - cx)) * scale;
      const c = 1 - a - b;
      if (a >= 0 && b >= 0 && c >= 0) plot(y * columns + x, a, b, c);
    }
  }
}

/** Layer of moving things over a still picture, four samples per pixel. */
export function createLayer(width, height, stillDepth) {
  const [columns, rows] = [width * 2, height * 2];
  const depth = new Float32Array(columns * rows);
  const colour = new Float32Array(columns * rows * 3);
  const box = new Box();
  return {
    colour,
    depth,
    columns,
    box,
    clear() {
      depth.fill(0);
      box.clear();
    },
    /** Corners are {x, y} in pixels, `depth` in metres and linear `light`. */
    triangle(corners) {
      const points = corners.map(({ x, y }) => [x * 2, y * 2]);
      const [da, db, dc] = corners.map((corner) => 1 / corner.depth);
      const [la, lb, lc] = corners.map(({ light }) => light);
      fill(points, columns, rows, box, (sample, a, b, c) => {
        const inverse = a * da + b * db + c * dc;
        if (inverse <= depth[sample]) return;
        const still = stillDepth[(Math.floor(sample / columns) >> 1) * width + ((sample % columns) >> 1)];
        if (1 / inverse > still + 0.06) return;
        depth[sample] = inverse;
        for (let i = 0; i < 3; i += 1) colour[sample * 3 + i] = a * la[i] + b * lb[i] + c * lc[i];
      });
    },
  };
}

export function createMask(width, height) {
  const cells = new Float32Array(width * height);
  const box = new Box();
  return {
    cells,
    box,
    clear() {
      cells.fill(0);
      box.clear();
    },
    triangle(points) {
      fill(points, width, height, box, (cell) => {
        cells[cell] = 1;
      });
    },
    /** Box blur, twice in each direction, so that the edge is soft. */
    blur(radius) {
      const reach = radius * 2 + 1;
      const [left, top] = [Math.max(0, box.left - reach), Math.max(0, box.top - reach)];
      const [right, bottom] = [Math.min(width - 1, box.right + reach), Math.min(height - 1, box.bottom + reach)];
      if (right < left || bottom < top) return;
      box.add(left, top, right, bottom);
      const pass = (start, step, count, line, lines) => {
        const out = new Float32Array(count);
        for (let at = 0; at < lines; at += 1) {
          const from = start + at * line;
          let sum = 0;
          for (let i = -radius; i < count; i += 1) {
            if (i + radius < count) sum += cells[from + (i + radius) * step];
            if (i - radius - 1 >= 0) sum -= cells[from + (i - radius - 1) * step];
            if (i >= 0) out[i] = sum / (2 * radius + 1);
          }
          for (let i = 0; i < count; i += 1) cells[from + i * step] = out[i];
        }
      };
      const [columns, rows] = [right - left + 1, bottom - top + 1];
      for (let turn = 0; turn < 2; turn += 1) {
        pass(top * width + left, 1, columns, width, rows);
        pass(top * width + left, width, rows, 1, columns);
      }
    },
  };
}
