import { FluxError } from "../../shared/lib/errors.ts";
import { serverMessage } from "../../shared/wire/control-messages.ts";
import { readFrame } from "../../shared/wire/sealed-frame.ts";
import type { Dial } from "./live-link.ts";

/** Bare WebSocket line: text is control, binary is whole sealed frames. */
export const dialWebSocket: Dial = (options, handlers) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(options.webSocketUrl);
    socket.binaryType = "arraybuffer";
    let closed = false;
    socket.onopen = () =>
      resolve({
        kind: "websocket",
        fallbackReason: undefined,
        send: (message) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
        },
        close: () => {
          closed = true;
          socket.close();
        },
      });
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (typeof event.data === "string") {
        handlers.onControl(serverMessage.parse(JSON.parse(event.data)));
        return;
      }
      const bytes = new Uint8Array(event.data);
      for (let offset = 0; offset < bytes.length; ) {
        const frame = readFrame(bytes, offset);
        if (!frame) break;
        offset += frame.bytes.byteLength;
        handlers.onFrame(frame);
      }
    };
    socket.onclose = () => {
      reject(new FluxError("transport.closed", "the connection was closed"));
      if (!closed)
        handlers.onClosed({ code: "transport.closed", message: "the connection was closed", retryable: true });
    };
  });
