import type { Clock } from "../../shared/lib/clock.ts";
import type { Places } from "../access/access.ts";
import type { GrantService } from "../access/grant-service.ts";
import type { AccessTokens } from "../auth/access-tokens.ts";
import type { AuthService } from "../auth/auth-service.ts";
import type { Principals } from "../auth/principals.ts";
import type { LayoutService } from "../control/layout-service.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { ApiTokens } from "./api-tokens.ts";
import { DeviceSessions } from "./device-sessions.ts";
import { Devices } from "./devices.ts";
import { TokenOwners } from "./owners.ts";
import { SignedUrls } from "./signed-urls.ts";

export interface TokensParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly principals: Principals;
  readonly places: Places;
  readonly grants: GrantService;
  readonly layouts: LayoutService;
  readonly auth: AuthService;
  readonly tokens: AccessTokens;
  /** 32 bytes, kept sealed: keys for addresses and challenges are derived from it. */
  readonly key: Uint8Array;
  /** Ends live and archive connections of a credential at once. */
  readonly endSession: (credentialId: string, code: string) => void;
  /** Live and archive connections of the user ask again what they may have. */
  readonly accessChanged: (userId: string) => void;
}

/** What acts without a person: tokens of programs, wall displays, addresses of downloads. */
export interface Tokens {
  readonly apiTokens: ApiTokens;
  readonly devices: Devices;
  readonly deviceSessions: DeviceSessions;
  readonly signedUrls: SignedUrls;
  /** After what is under way. */
  close(): Promise<void>;
}

export function createTokens(parts: TokensParts): Tokens {
  const { orm, clock, log, principals, places, grants, layouts, auth, tokens, key, endSession, accessChanged } = parts;
  const principalOf = (id: string) => principals.ofSession(id);
  const owners = new TokenOwners(orm, places, grants);
  const onEnded = (credentialId: string, code: string): void => {
    principals.forgetSession(credentialId);
    endSession(credentialId, code);
  };
  const apiTokens = new ApiTokens({ orm, clock, log, owners, principalOf, onEnded });
  const devices = new Devices({
    orm,
    clock,
    owners,
    layouts,
    onEnded,
    onChanged: (credentialId, ownerId) => {
      principals.forgetSession(credentialId);
      accessChanged(ownerId);
    },
  });
  auth.addVerifier(apiTokens);
  principals.addSource("token:", apiTokens.source);
  principals.addSource("device:", devices.source);
  layouts.onAdding((by, layoutId, cells) => devices.requireShowable(by, layoutId, cells));
  layouts.onChanged((layoutId) => {
    // The displays' next question finds it out too, seconds later.
    devices
      .layoutChanged(layoutId)
      .catch((err: unknown) => log.warn({ err }, "displays could not be told of a layout"));
  });
  const deviceSessions = new DeviceSessions({ clock, log, devices, tokens, principalOf, key });
  return {
    apiTokens,
    devices,
    deviceSessions,
    signedUrls: new SignedUrls({ clock, principalOf, key }),
    close: async () => {
      await Promise.all([apiTokens.close(), deviceSessions.close()]);
    },
  };
}
