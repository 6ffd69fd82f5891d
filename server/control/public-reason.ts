const REASONS: Readonly<Record<string, string>> = {
  "rtsp.address": "the camera's address is not valid or not permitted",
  "rtsp.refused": "the camera cannot be reached",
  "rtsp.timeout": "the camera does not answer",
  "rtsp.tls": "no secure connection to the camera",
  "rtsp.unauthorised": "the camera refuses the user name or password",
  "rtsp.not_found": "the camera has no such stream",
  "rtsp.unsupported": "the camera's stream is of a kind that is not supported",
  "rtsp.protocol": "the camera sends what cannot be understood",
  "rtsp.limit": "the camera sends what cannot be understood",
  "rtsp.closed": "the camera ended the connection",
  "rtsp.stalled": "no new picture from the camera",
  "ingest.stalled": "no new picture from the camera",
  "ingest.no_keyframe": "connected, but no picture came",
  "ingest.loss": "packets from the camera are lost",
  "ingest.blocked": "no key to seal the pictures with",
  "media.restarting": "the media service is being restarted",
};

/**
 * Why there is no picture, for whoever may only watch: by the error's code, so that no address, name or text of the
 * camera network is in it.
 */
export function publicReason(code: string | undefined): string {
  const known = code !== undefined && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return known ?? "no pictures can be had from the camera";
}
