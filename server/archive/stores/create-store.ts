import type { Clock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { FieldSealer } from "../../keys/field-sealer.ts";
import type { OutboundGuard } from "../../net/outbound-guard.ts";
import { S3Client } from "../s3/s3-client.ts";
import { parseS3Location } from "../s3/s3-location.ts";
import type { S3Credentials } from "../s3/s3-request.ts";
import type { VolumeRow } from "../volume-service.ts";
import { BucketStore } from "./bucket-store.ts";
import { LocalStore } from "./local-store.ts";
import type { SegmentStore } from "./segment-store.ts";

/** What a bucket is reached with. */
export interface StoreParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Decides which addresses may be reached. */
  readonly fetch: typeof fetch;
  /** Throws `net.*` for an address that may not be. */
  readonly checkUrl: (url: string) => void;
}

/** Of a bucket, to one question: a piece of footage, or a page of names. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;

export function archiveStoreParts(clock: Clock, outbound: Pick<OutboundGuard, "fetch" | "checkUrl">): StoreParts {
  return {
    clock,
    random: Math.random,
    fetch: outbound.fetch("service", { maxBytes: MOST_ANSWER_BYTES }),
    checkUrl: (url) => void outbound.checkUrl("service", url, "location"),
  };
}

type Place = Pick<VolumeRow, "id" | "kind" | "location" | "region" | "pathStyle">;

/** Throws `storage.bad_location`, `storage.no_credentials`. */
export function createStore(row: Place, credentials: S3Credentials | undefined, parts: StoreParts): SegmentStore {
  if (row.kind === "local") return new LocalStore(row.id, row.location);
  const location = parseS3Location(row.location, row.region, row.pathStyle);
  if (!credentials) {
    throw new FluxError("storage.no_credentials", "the bucket needs an access key", { field: "accessKeyId" });
  }
  const { clock, random, fetch } = parts;
  return new BucketStore(row.id, new S3Client({ location, credentials, clock, random, fetch }));
}

/** Throws `keys.*`. */
export function openCredentials(
  { id, credentialsSealed }: Pick<VolumeRow, "id" | "credentialsSealed">,
  sealer: FieldSealer,
): S3Credentials | undefined {
  if (credentialsSealed === null) return undefined;
  return JSON.parse(sealer.open(contextOf(id), credentialsSealed)) as S3Credentials;
}

export function sealCredentials(id: string, credentials: S3Credentials, sealer: FieldSealer): string {
  return sealer.seal(contextOf(id), JSON.stringify(credentials));
}

function contextOf(id: string): string {
  return `storage_volumes.credentials_sealed|${id}`;
}
