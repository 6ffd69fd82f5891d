import { readFile } from "node:fs/promises";
import { FluxError } from "../../shared/lib/errors.ts";
import { type Clip, type ClipFacts, indexClip } from "./annexb-clip.ts";

/** A demo camera: a scene with a main and a sub stream. */
export interface SceneFacts {
  readonly name: string;
  readonly main: string;
  readonly sub: string;
}

interface Manifest {
  readonly clips: Record<string, Omit<ClipFacts, "name">>;
  readonly scenes: readonly SceneFacts[];
}

/** The clips that this repository made; read once and kept, whatever number of cameras plays them. */
export class ClipLibrary {
  readonly #folder: URL;
  readonly #manifest: Manifest;
  readonly #clips = new Map<string, Promise<Clip>>();

  constructor(folder: URL, manifest: Manifest) {
    this.#folder = folder;
    this.#manifest = manifest;
  }

  get scenes(): readonly SceneFacts[] {
    return this.#manifest.scenes;
  }

  /** @throws FluxError `simulator.unknown_clip` */
  clip(file: string): Promise<Clip> {
    const known = this.#clips.get(file);
    if (known) return known;
    const loading = this.#load(file);
    this.#clips.set(file, loading);
    return loading;
  }

  async #load(file: string): Promise<Clip> {
    const facts = Object.hasOwn(this.#manifest.clips, file) ? this.#manifest.clips[file] : undefined;
    if (!facts) throw new FluxError("simulator.unknown_clip", `There is no clip ${file}`);
    return indexClip(await readFile(new URL(file, this.#folder)), { name: file, ...facts });
  }
}

/** The clips lie in `clips/` beside this file in the sources and beside the bundle in a build. */
export async function openClipLibrary(folder = new URL("./clips/", import.meta.url)): Promise<ClipLibrary> {
  const manifest = JSON.parse(await readFile(new URL("manifest.json", folder), "utf8")) as Manifest;
  return new ClipLibrary(folder, manifest);
}
