import { type AppendFile, fileSystem, type VolumeIo } from "../volume-io.ts";

/** The true file system below one folder, until it is told to fail as a broken disk does. */
export class FaultyIo implements VolumeIo {
  readonly #real = fileSystem();
  /** By the volume's folder: an error code, or `hang`. */
  readonly faults = new Map<string, string>();
  readonly #hanging: (() => void)[] = [];
  /** undefined: as it is. */
  free: number | undefined = 1e12;
  /** Operations of the true disk that are under way. */
  #active = 0;

  /** Resolves when all that does not hang has come through. */
  async idle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#active > 0);
  }

  /** Lets go of everything that hangs. */
  resume(): void {
    this.faults.clear();
    for (const go of this.#hanging.splice(0)) go();
  }

  async create(path: string): Promise<AppendFile> {
    const file = await this.#do(path, () => this.#real.create(path));
    return {
      write: (pieces, position) => this.#do(path, () => file.write(pieces, position)),
      sync: () => this.#do(path, () => file.sync()),
      truncate: (bytes) => this.#do(path, () => file.truncate(bytes)),
      close: () => this.#count(() => file.close()),
    };
  }

  async syncFolder(path: string): Promise<void> {
    await this.#do(path, () => this.#real.syncFolder(path));
  }

  remove(path: string): Promise<void> {
    return this.#count(() => this.#real.remove(path));
  }

  async freeBytes(path: string): Promise<number> {
    return this.#do(path, async () => this.free ?? this.#real.freeBytes(path));
  }

  async marker(path: string): Promise<string> {
    return this.#do(path, () => this.#real.marker(path));
  }

  async #do<T>(path: string, operation: () => Promise<T>): Promise<T> {
    await this.#pass(path);
    return this.#count(operation);
  }

  async #count<T>(operation: () => Promise<T>): Promise<T> {
    this.#active++;
    try {
      return await operation();
    } finally {
      this.#active--;
    }
  }

  async #pass(path: string): Promise<void> {
    const fault = [...this.faults].find(([folder]) => path.startsWith(folder))?.[1];
    if (fault === "hang") await new Promise<void>((resolve) => this.#hanging.push(resolve));
    else if (fault !== undefined) throw Object.assign(new Error(`simulated ${fault}`), { code: fault });
  }
}
