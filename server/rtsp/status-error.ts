import { FluxError } from "../../shared/lib/errors.ts";
import { printable, type RtspResponse } from "./message.ts";

/** An answer that is not 2xx, in an installer's words. */
export function statusError(method: string, response: RtspResponse): FluxError {
  const said = `${response.status} ${printable(response.reason, 60)}`.trim();
  switch (response.status) {
    case 401:
      return new FluxError("rtsp.unauthorised", "the camera does not accept the user name or password");
    case 403:
      return new FluxError("rtsp.unauthorised", `the camera forbids this user the stream (${said})`);
    case 404:
    case 410:
      return new FluxError(
        "rtsp.not_found",
        `the camera has no stream at this path (${said}): check the path in the address`,
      );
    case 453:
    case 503:
      return new FluxError(
        "rtsp.refused",
        `the camera is busy: too many connections to it, or too little bandwidth (${said})`,
      );
    case 461:
      return new FluxError("rtsp.unsupported", `the camera refuses this transport (${said}): try TCP or UDP instead`);
    case 454:
      return new FluxError("rtsp.closed", "the camera has forgotten our session");
    case 415:
    case 406:
      return new FluxError("rtsp.unsupported", `the camera offers the stream in no format that we know (${said})`);
    default:
      return new FluxError("rtsp.refused", `the camera refused ${method}: ${said}`);
  }
}
