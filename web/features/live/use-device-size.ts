import { type RefObject, useLayoutEffect, useState } from "react";

export interface DeviceSize {
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

/** The element's size in real device pixels: with a browser zoom of 110 % a CSS size times the ratio is off by one. */
export function useDeviceSize(ref: RefObject<HTMLElement | null>): DeviceSize | undefined {
  const [size, setSize] = useState<DeviceSize>();
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const exact = entry.devicePixelContentBoxSize?.[0];
      const width = exact?.inlineSize ?? Math.round(entry.contentRect.width * devicePixelRatio);
      const height = exact?.blockSize ?? Math.round(entry.contentRect.height * devicePixelRatio);
      // From the same measurement, so that overlays and canvas cannot disagree.
      const ratio = entry.contentRect.width > 0 ? width / entry.contentRect.width : devicePixelRatio;
      setSize((before) =>
        before?.width === width && before.height === height && before.ratio === ratio
          ? before
          : { width, height, ratio },
      );
    });
    try {
      observer.observe(element, { box: "device-pixel-content-box" });
    } catch {
      // Safari has no device pixel box.
      observer.observe(element);
    }
    return () => observer.disconnect();
  }, [ref]);
  return size;
}
