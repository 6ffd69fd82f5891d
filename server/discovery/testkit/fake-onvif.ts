import { createSocket } from "node:dgram";
import { once } from "node:events";

export interface FakeOnvif {
  readonly port: number;
  /** Questions that came. */
  readonly questions: string[];
  close(): Promise<void>;
}

/** A device on loopback that answers WS-Discovery with what `answer` makes of a question's id; several answers: several datagrams. */
export async function fakeOnvif(answer: (id: string) => readonly string[]): Promise<FakeOnvif> {
  const socket = createSocket("udp4");
  const questions: string[] = [];
  socket.on("message", (message, { port, address }) => {
    const text = message.toString("utf8");
    questions.push(text);
    const [, id = ""] = /<a:MessageID>([^<]*)</.exec(text) ?? [];
    for (const datagram of answer(id)) socket.send(datagram, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    questions,
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}

/** An answer as cameras give it. `scopes` are put in as they are. */
export function probeMatches(id: string, scopes: string, types = "dn:NetworkVideoTransmitter tds:Device"): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<SOAP-ENV:Header><wsa:RelatesTo>${id}</wsa:RelatesTo></SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>
<d:Types>${types}</d:Types><d:Scopes>${scopes}</d:Scopes><d:XAddrs>http://169.254.169.254/onvif/device_service</d:XAddrs>
</d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}
