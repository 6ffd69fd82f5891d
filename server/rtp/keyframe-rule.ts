/** Pictures without an IDR after which recovery points count: longer than any camera's group of pictures. */
const PICTURES_WITHOUT_IDR = 600;

/**
 * What counts as a keyframe. An IDR (H.265: IRAP) always does. A recovery point (intra refresh, open groups of pictures)
 * does only in a stream that has not shown an IDR for long or ever: decoding from it is then the only way to start,
 * though the first pictures may be imperfect.
 */
export class KeyframeRule {
  #sinceKeySlice = PICTURES_WITHOUT_IDR;

  get needsRecoveryPoints(): boolean {
    return this.#sinceKeySlice >= PICTURES_WITHOUT_IDR;
  }

  /** Called once for each whole picture. */
  accept(keySlice: boolean, recoveryPoint: boolean): boolean {
    if (keySlice) {
      this.#sinceKeySlice = 0;
      return true;
    }
    const counts = recoveryPoint && this.needsRecoveryPoints;
    if (this.#sinceKeySlice < PICTURES_WITHOUT_IDR) this.#sinceKeySlice++;
    return counts;
  }
}
