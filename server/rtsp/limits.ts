/** Upper bounds on what a camera may make us hold. A camera is never trusted. */
export interface PullLimits {
  /** Start line and headers of one RTSP message. */
  readonly headerBytes: number;
  /** Body of one RTSP message (the SDP). */
  readonly bodyBytes: number;
  /** Media sections of an SDP that are looked at. */
  readonly tracks: number;
  /** One picture as it came; parameter sets put in front of it may add 256 KiB. */
  readonly accessUnitBytes: number;
  /** NAL units in one picture. */
  readonly nalsPerUnit: number;
  readonly redirects: number;
  /** Bytes skipped in a row in search of the next packet before the connection is given up. */
  readonly garbageBytes: number;
}

export const DEFAULT_LIMITS: PullLimits = {
  headerBytes: 16 * 1024,
  bodyBytes: 128 * 1024,
  tracks: 16,
  // With parameter sets in front, still within the 8 MiB of a sealed frame.
  accessUnitBytes: 8 * 1024 * 1024 - 512 * 1024,
  nalsPerUnit: 1024,
  redirects: 5,
  garbageBytes: 256 * 1024,
};
