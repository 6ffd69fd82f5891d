import type { PackageKey } from "../../shared/evidence/key-file.ts";
import type { Manifest } from "../../shared/evidence/manifest.ts";
import type { PackageFiles } from "../../shared/evidence/package-files.ts";
import { el } from "./dom.ts";
import { SealedPlayer } from "./sealed-player.ts";
import { fill, type Words } from "./words.ts";

/** A player for each item of the package. */
export function players(
  found: PackageFiles,
  manifest: Manifest,
  keys: readonly PackageKey[],
  words: Words,
): HTMLElement {
  const section = el("section");
  for (const [at, item] of manifest.items.entries()) {
    if (item.files.length === 0) continue;
    section.append(el("h2", { textContent: `${item.cameraName} (${item.role})` }));
    if (manifest.format === "sealed") {
      if (keys.length > 0) section.append(sealedPlayer(found, manifest, at, keys, words));
      continue;
    }
    section.append(mediaPlayer(found, item.files, words));
  }
  return section;
}

function mediaPlayer(found: PackageFiles, names: readonly string[], words: Words): HTMLElement {
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
  return el("div", {}, names.length > 1 ? choice : undefined, video, message);
}

function sealedPlayer(
  found: PackageFiles,
  manifest: Manifest,
  at: number,
  keys: readonly PackageKey[],
  words: Words,
): HTMLElement {
  const item = manifest.items[at];
  const canvas = el("canvas", { width: 640, height: 360 });
  const button = el("button", { textContent: words.play, type: "button" });
  const slider = el("input", { type: "range", min: "0", max: "1000", value: "0", step: "1" });
  const time = el("span");
  const message = el("p", { className: "note hidden" });
  const files = found.files.filter(({ name }) => item?.files.includes(name));
  const ready = SealedPlayer.create(files, item?.cameraId ?? "", keys, canvas, {
    onTime: (micros) => {
      time.textContent = `${new Date(micros / 1000).toISOString().replace("T", " ").slice(0, 23)} UTC`;
      void ready.then((player) => {
        slider.value = String(Math.round(((micros - player.start) / Math.max(1, player.end - player.start)) * 1000));
      });
    },
    onPlaying: (playing) => {
      button.textContent = playing ? words.pause : words.play;
    },
    onError: (codec) => {
      message.textContent = fill(words.noDecoder, { codec });
      message.classList.remove("hidden");
    },
  });
  button.addEventListener(
    "click",
    () => void ready.then((player) => (player.playing ? player.pause() : player.play())),
  );
  slider.addEventListener("input", () => {
    void ready.then((player) =>
      player.seek(player.start + (Number(slider.value) / 1000) * (player.end - player.start)),
    );
  });
  void ready.then((player) => player.seek(player.start));
  return el("div", {}, canvas, el("div", { className: "row left" }, button, slider, time), message);
}
