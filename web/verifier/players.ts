import type { PackageKey } from "../../shared/evidence/key-file.ts";
import type { Manifest } from "../../shared/evidence/manifest.ts";
import type { PackageFiles } from "../../shared/evidence/package-files.ts";
import { describeError } from "../../shared/lib/errors.ts";
import { el } from "./dom.ts";
import { SealedPlayer } from "./sealed-player.ts";
import { fill, type Words } from "./words.ts";

/** The players of a page, until others take their place. */
export interface Players {
  readonly element: HTMLElement;
  /** Nothing decodes in the background afterwards. Idempotent. */
  close(): void;
}

interface Player {
  readonly element: HTMLElement;
  readonly close: () => void;
}

/** A player for each item of the package. */
export function players(found: PackageFiles, manifest: Manifest, keys: readonly PackageKey[], words: Words): Players {
  const section = el("section");
  const open: Player[] = [];
  for (const [at, item] of manifest.items.entries()) {
    if (item.files.length === 0) continue;
    section.append(el("h2", { textContent: `${item.cameraName} (${item.role})` }));
    if (manifest.format === "sealed") {
      if (keys.length > 0) open.push(sealedPlayer(found, manifest, at, keys, words));
    } else open.push(mediaPlayer(found, item.files, words));
    const [player] = open.slice(-1);
    if (player) section.append(player.element);
  }
  return {
    element: section,
    close: () => {
      for (const player of open.splice(0)) player.close();
    },
  };
}

function mediaPlayer(found: PackageFiles, names: readonly string[], words: Words): Player {
  const video = el("video", { controls: true, preload: "metadata", playsInline: true });
  const message = el("p", { className: "note hidden", textContent: words.cannotPlay });
  const choice = el(
    "select",
    {},
    ...names.map((name) => el("option", { value: name, textContent: name.split("/").at(-1) ?? name })),
  );
  let url: string | undefined;
  const load = (): void => {
    const file = found.files.find(({ name }) => name === choice.value);
    const type = choice.value.endsWith(".mkv") ? "video/x-matroska" : "video/mp4";
    const blob = file?.blob?.(0, file.bytes, type);
    if (url !== undefined) URL.revokeObjectURL(url);
    message.classList.add("hidden");
    if (!blob) return;
    url = URL.createObjectURL(blob);
    video.src = url;
  };
  // Players show black until they are at a picture.
  video.addEventListener("loadedmetadata", () => {
    if (video.currentTime === 0) video.currentTime = 0.001;
  });
  video.addEventListener("error", () => message.classList.remove("hidden"));
  choice.addEventListener("change", load);
  load();
  const close = (): void => {
    video.pause();
    video.removeAttribute("src");
    video.load();
    if (url !== undefined) URL.revokeObjectURL(url);
    url = undefined;
  };
  return { element: el("div", {}, names.length > 1 ? choice : undefined, video, message), close };
}

function sealedPlayer(
  found: PackageFiles,
  manifest: Manifest,
  at: number,
  keys: readonly PackageKey[],
  words: Words,
): Player {
  const item = manifest.items[at];
  const canvas = el("canvas", { width: 640, height: 360 });
  const button = el("button", { textContent: words.play, type: "button" });
  const slider = el("input", { type: "range", min: "0", max: "1000", value: "0", step: "1" });
  const time = el("span");
  const message = el("p", { className: "note hidden" });
  const files = found.files.filter(({ name }) => item?.files.includes(name));
  let player: SealedPlayer | undefined;
  let closed = false;
  const say = (text: string): void => {
    message.textContent = text;
    message.classList.remove("hidden");
  };
  const events = {
    onTime: (micros: number) => {
      time.textContent = `${new Date(micros / 1000).toISOString().replace("T", " ").slice(0, 23)} UTC`;
      if (!player) return;
      slider.value = String(Math.round(((micros - player.start) / Math.max(1, player.end - player.start)) * 1000));
    },
    onPlaying: (playing: boolean) => {
      button.textContent = playing ? words.pause : words.play;
    },
    onError: (codec: string) => say(fill(words.noDecoder, { codec })),
  };
  // Until it can play.
  button.disabled = true;
  slider.disabled = true;
  SealedPlayer.create(files, item?.cameraId ?? "", keys, canvas, events).then(
    (made) => {
      if (closed) return made.close();
      player = made;
      button.disabled = false;
      slider.disabled = false;
      void made.seek(made.start);
    },
    // The list of what is wrong says what was cut off or changed.
    (error: unknown) => say(fill(words.cannotOpen, { detail: describeError(error) })),
  );
  button.addEventListener("click", () => (player?.playing ? player.pause() : player?.play()));
  slider.addEventListener("input", () => {
    if (player) void player.seek(player.start + (Number(slider.value) / 1000) * (player.end - player.start));
  });
  const close = (): void => {
    closed = true;
    player?.close();
  };
  return {
    element: el("div", {}, canvas, el("div", { className: "row left" }, button, slider, time), message),
    close,
  };
}
