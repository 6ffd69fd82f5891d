/** `Main entrance 2026-01-31 14-05-09.png`: sorts by time, and every file system takes it. */
export function snapshotName(camera: string, at: Date, extension: "png" | "jpg" = "png"): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}-${two(at.getMinutes())}-${two(at.getSeconds())}`;
  const safe = camera
    .replace(/[\p{Cc}\p{Cf}\\/:*?"<>|]+/gu, " ")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+|[. ]+$/g, "")
    .slice(0, 80);
  return `${safe === "" ? "camera" : safe} ${date} ${time}.${extension}`;
}

/** Hands a file to the browser's downloads. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the blob once it started.
  requestAnimationFrame(() => URL.revokeObjectURL(url));
}
