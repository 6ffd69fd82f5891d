import { type ServerMessage, serverMessage } from "../../../shared/wire/control-messages.ts";

/** A control message of the server; undefined for one that this version does not know (a newer server's). */
export function parseServerMessage(text: string): ServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = serverMessage.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
