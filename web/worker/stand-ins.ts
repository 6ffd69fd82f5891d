/** Pictures of the archive that stay on the screen until a camera's first live one is there. */
export class StandIns {
  readonly #pictures = new Map<string, string>();
  readonly #remove: (pictureId: string) => void;

  constructor(remove: (pictureId: string) => void) {
    this.#remove = remove;
  }

  of(cameraId: string): readonly string[] {
    const pictureId = this.#pictures.get(cameraId);
    return pictureId === undefined ? [] : [pictureId];
  }

  set(cameraId: string, pictureId: string): void {
    if (this.#pictures.get(cameraId) === pictureId) return;
    this.drop(cameraId);
    this.#pictures.set(cameraId, pictureId);
  }

  drop(cameraId: string): void {
    const pictureId = this.#pictures.get(cameraId);
    this.#pictures.delete(cameraId);
    if (pictureId !== undefined) this.#remove(pictureId);
  }
}
