import { type AppendFile, fileSystem, type VolumeIo } from "../volume-io.ts";

/** The true file system below one folder, until it is told to fail as a broken disk does. */
export class FaultyIo implements VolumeIo {
  readonly #real = fileSystem();
  /** By the volume's folder: an error code, or `hang`. */
  readonly faults = new Map<string, string>();
  readonly #hanging: (() => void)[] = [];
  free = 1e12;

  /** Lets go of everything that hangs. */
  resume(): void {
    this.faults.clear();
    for (const go of this.#hanging.splice(0)) go();
  }

  async create(path: string): Promise<AppendFile> {
    await this.#pass(path);
    const file = await this.#real.create(path);
    return {
      write: async (pieces, position) => {
        await this.#pass(path);
        await file.write(pieces, position);
      },
      sync: async () => {
        await this.#pass(path);
        await file.sync();
      },
      truncate: async (bytes) => {
        await this.#pass(path);
        await file.truncate(bytes);
      },
      close: () => file.close(),
    };
  }

  async syncFolder(path: string): Promise<void> {
    await this.#pass(path);
    await this.#real.syncFolder(path);
  }

  remove(path: string): Promise<void> {
    return this.#real.remove(path);
  }

  async freeBytes(path: string): Promise<number> {
    await this.#pass(path);
    return this.free;
  }

  async marker(path: string): Promise<string> {
    await this.#pass(path);
    return this.#real.marker(path);
  }

  async #pass(path: string): Promise<void> {
    const fault = [...this.faults].find(([folder]) => path.startsWith(folder))?.[1];
    if (fault === "hang") await new Promise<void>((resolve) => this.#hanging.push(resolve));
    else if (fault !== undefined) throw Object.assign(new Error(`simulated ${fault}`), { code: fault });
  }
}
