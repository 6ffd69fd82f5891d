import type { Places } from "./access.ts";

/** Where every camera is, as the camera service last said. */
export class CameraPlaces implements Places {
  #paths: ReadonlyMap<string, string> = new Map();
  readonly #onMoved: () => void;

  /** `onMoved`: a camera that was known is now somewhere else, hence rights have changed. */
  constructor(onMoved: () => void) {
    this.#onMoved = onMoved;
  }

  of(cameraId: string): string | undefined {
    return this.#paths.get(cameraId);
  }

  cameraIds(): Iterable<string> {
    return this.#paths.keys();
  }

  replace(cameras: Iterable<{ readonly id: string; readonly group: string }>): void {
    const before = this.#paths;
    this.#paths = new Map([...cameras].map(({ id, group }) => [id, group]));
    if ([...before].some(([id, path]) => this.#paths.has(id) && this.#paths.get(id) !== path)) this.#onMoved();
  }
}
