/** What the tile's clock is told. */
export type PlayerCondition =
  /** The picture of the position is there. */
  | { readonly kind: "ready" }
  | { readonly kind: "waiting" }
  | {
      readonly kind: "gap";
      readonly earlierMicros: number | null | undefined;
      readonly laterMicros: number | null | undefined;
    }
  /** Nothing can be shown, and waiting does not help. */
  | { readonly kind: "failed" };

export interface PlayerWish {
  readonly positionMicros: number;
  readonly rate: number;
  /** Where standing leads next. */
  readonly forward: boolean;
  readonly scrub: boolean;
}

export type PlayerReason = "denied" | "key-revoked" | "no-footage" | "codec-unsupported" | "decode-failed" | "no-key";
