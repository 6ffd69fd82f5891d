import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
  WebAuthnError,
} from "@simplewebauthn/browser";
import type { AssertionBody, RegistrationBody } from "../../../shared/api/identity.ts";

type Options = Readonly<Record<string, unknown>>;

/** The browser's question for a passkey was closed, timed out, or found none: nothing is wrong with the account. */
export class PasskeyCancelled extends Error {
  override readonly name = "PasskeyCancelled";
}

export function passkeysWork(): boolean {
  return browserSupportsWebAuthn();
}

/** `options` are the server's. Rejects with `PasskeyCancelled`. */
export async function askPasskey(options: Options): Promise<AssertionBody> {
  // The server made them for exactly this call; it checks the answer, whatever was asked.
  const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON;
  const answer = await startAuthentication({ optionsJSON }).catch(cancelled);
  const { id, rawId, type, response } = answer;
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  const handle = userHandle === undefined ? {} : { userHandle };
  return { id, rawId, type, response: { clientDataJSON, authenticatorData, signature, ...handle } };
}

/** `options` are the server's. Rejects with `PasskeyCancelled`, or `PasskeyExists` on a device that has one already. */
export async function makePasskey(options: Options): Promise<RegistrationBody> {
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
  const { id, rawId, type, response } = await startRegistration({ optionsJSON }).catch(cancelled);
  const { clientDataJSON, attestationObject, transports } = response;
  const ways = transports === undefined ? {} : { transports: [...transports] };
  return { id, rawId, type, response: { clientDataJSON, attestationObject, ...ways } };
}

/** Here is a passkey of this user already. */
export class PasskeyExists extends Error {
  override readonly name = "PasskeyExists";
}

function cancelled(cause: unknown): never {
  if (cause instanceof WebAuthnError && cause.code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED") {
    throw new PasskeyExists("this device has a passkey already", { cause });
  }
  const name = cause instanceof Error ? cause.name : "";
  if (cause instanceof WebAuthnError || name === "NotAllowedError" || name === "AbortError") {
    throw new PasskeyCancelled("no passkey was used", { cause });
  }
  throw cause;
}
