import { FluxError } from "../../shared/lib/errors.ts";
import type { RtspClient } from "./client.ts";
import type { RtspConnection } from "./connection.ts";
import type { StreamTrack } from "./stream-track.ts";

/** How one track's packets travel. */
export interface TrackLine {
  sendRtcp(payload: Uint8Array): void;
  close(): Promise<void>;
}

/** Tracks by interleaved channel. */
export type ChannelMap = Map<number, { readonly track: StreamTrack; readonly rtcp: boolean }>;

/** SETUP of a track over the RTSP connection itself (RFC 2326, 10.12). `rtsp.unsupported` where the camera insists on UDP. */
export async function setupTcp(
  client: RtspClient,
  connection: RtspConnection,
  uri: string,
  track: StreamTrack,
  channels: ChannelMap,
): Promise<TrackLine> {
  const wanted = channels.size;
  const answer = await client.setup(uri, `RTP/AVP/TCP;unicast;interleaved=${wanted}-${wanted + 1}`);
  if (!answer.tcp) throw new FluxError("rtsp.unsupported", "the camera answers with UDP although TCP was asked for");
  const [rtp, rtcp] = answer.interleaved ?? [wanted, wanted + 1];
  if (rtp === rtcp || channels.has(rtp) || channels.has(rtcp)) {
    throw new FluxError("rtsp.protocol", "the camera gave two tracks the same channel");
  }
  channels.set(rtp, { track, rtcp: false });
  channels.set(rtcp, { track, rtcp: true });
  connection.openChannel(rtp);
  connection.openChannel(rtcp);
  return { sendRtcp: (payload) => connection.sendFrame(rtcp, payload), close: () => Promise.resolve() };
}
