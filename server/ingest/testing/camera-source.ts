import type { CameraSource } from "../../control/media-plane.ts";

/** A camera with two streams, numbered after the first letter of its id: a has 970 (main) and 971 (sub). */
export function camera(id: string, fields: Partial<CameraSource> = {}): CameraSource {
  const base = id.charCodeAt(0);
  return {
    id,
    name: id,
    enabled: true,
    username: "u",
    password: "p",
    transport: "auto",
    allowUntrustedCertificate: false,
    streams: [
      { streamId: base * 10, role: "main", url: `rtsp://${id}/main` },
      { streamId: base * 10 + 1, role: "sub", url: `rtsp://${id}/sub` },
    ],
    ...fields,
  };
}
