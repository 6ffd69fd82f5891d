/** One file of a package, or the package itself. */
export interface ByteFile {
  readonly name: string;
  readonly bytes: number;
  /** Exactly `length` bytes, or fewer at the end. */
  readAt(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** In browsers: a stretch of it for a player, without reading it. */
  blob?(start: number, end: number, type: string): Blob;
}
