import { FluxError } from "../../shared/lib/errors.ts";
import type { RtspUrl } from "./url.ts";

/** What the operating system or TLS says about a socket, in an installer's words. */
export function networkError(error: Error, url: RtspUrl): FluxError {
  // Our own refusal of an address.
  if (error instanceof FluxError) return error;
  const code = "code" in error ? String(error.code) : "";
  const where = `${url.host}:${url.port}`;
  const make = (fluxCode: string, message: string): FluxError => new FluxError(fluxCode, message, { cause: error });
  switch (code) {
    case "ECONNREFUSED":
      return make("rtsp.refused", `nothing listens at ${where}: check address and port, and that RTSP is switched on`);
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NODATA":
      return make("rtsp.refused", `the name ${url.host} is not known to the network`);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return make("rtsp.refused", `no way to ${where}: the camera is off, or in another network`);
    case "ETIMEDOUT":
      return make("rtsp.timeout", `${where} does not answer`);
    case "ECONNRESET":
    case "EPIPE":
      return make("rtsp.closed", "the camera broke the connection off");
    default:
      break;
  }
  if (url.secure && (code.startsWith("ERR_TLS") || code.startsWith("ERR_SSL") || isCertificateError(code))) {
    const message = isCertificateError(code)
      ? "no authority vouches for the camera's certificate: allow untrusted certificates for this camera, or install one"
      : "the camera does not speak TLS at this port, or only an old version of it";
    return make("rtsp.tls", message);
  }
  return make(url.secure ? "rtsp.tls" : "rtsp.closed", `the connection to ${where} failed`);
}

function isCertificateError(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|UNABLE_TO_GET_ISSUER/.test(code);
}
