/** Where the line lies and how large it is, for a picture of that size. */
export function burnInLayout(
  width: number,
  height: number,
): { readonly font: number; readonly band: number; readonly pad: number } {
  const font = Math.max(10, Math.round(Math.min(width / 45, height / 22)));
  return { font, band: Math.round(font * 1.7), pad: Math.round(font * 0.6) };
}

/** The picture with a line of text on a band at its foot. Rejects when the browser cannot read or encode it. */
export async function burnIn(picture: Blob, line: string, mimeType: "image/png" | "image/jpeg"): Promise<Blob> {
  const bitmap = await createImageBitmap(picture);
  try {
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("no canvas");
    context.drawImage(bitmap, 0, 0);
    const { font, band, pad } = burnInLayout(bitmap.width, bitmap.height);
    context.fillStyle = "rgb(0 0 0 / 0.65)";
    context.fillRect(0, bitmap.height - band, bitmap.width, band);
    context.fillStyle = "white";
    context.font = `${font}px system-ui, "Noto Sans KR", sans-serif`;
    context.textBaseline = "middle";
    context.fillText(line, pad, bitmap.height - band / 2, bitmap.width - 2 * pad);
    return await canvas.convertToBlob({ type: mimeType, quality: 0.92 });
  } finally {
    bitmap.close();
  }
}
