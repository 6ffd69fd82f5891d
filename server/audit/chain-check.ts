import type { Anchor } from "./anchor.ts";
import { CLOCK_TOLERANCE_MS } from "./chain.ts";
import { type Checkpoint, type CheckpointBody, hexOf, NO_PREVIOUS, parseBody, sha256Hex } from "./checkpoint.ts";
import { type AuditRow, chainHash, NO_HASH, rowDigest, rowMac, sameBytes } from "./row.ts";

/** What was found, most precise name first. `docs/audit.md` says what each means. */
export type FindingKind =
  | "edited"
  | "back_dated"
  | "rewritten"
  | "removed"
  | "reordered"
  | "tail_removed"
  | "broken_link"
  | "not_as_signed"
  | "not_as_anchored"
  | "unchained"
  | "checkpoint_forged"
  | "checkpoint_removed"
  | "clock_back"
  | "file_changed";

export interface Finding {
  readonly kind: FindingKind;
  /** A warning is odd; a fault means that the trail is not as it was written. */
  readonly severity: "fault" | "warning";
  /** Row, or number of a checkpoint. */
  readonly seq: number;
  /** Last one of several. */
  readonly toSeq?: number;
  /** Of a reordered row: the place that it was written for. */
  readonly was?: number;
  readonly at?: string;
  readonly action?: string;
  readonly byMs?: number;
}

export interface ChainReport {
  readonly ok: boolean;
  readonly rows: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  /** Hash of the last row, hex: to be kept elsewhere as an anchor. */
  readonly lastHash: string | null;
  readonly checkpoints: number;
  readonly signedSeq: number;
  /** Rows up to here were taken out by retention. */
  readonly prunedSeq: number;
  readonly findings: readonly Finding[];
  /** Further findings that are not listed. */
  readonly more: number;
}

export interface ChainCheckOptions {
  readonly checkpoints: readonly Checkpoint[];
  readonly checkSignature: (body: string, signature: string) => boolean;
  /** Shows of every single row that this server wrote it; undefined: only the chain and signatures are looked at. */
  readonly macKey?: Uint8Array | undefined;
  readonly anchors?: readonly Anchor[];
  /** Only these rows are there, from the middle of the chain or with gaps, because they were chosen so. */
  readonly partial?: boolean;
}

const MOST_FINDINGS = 100;
/** Bad rows among which it is tried whether they were swapped. */
const MOST_SWAPPED = 40;

/** Looks at a chain row by row: give every row with `push`, in the order in which they lie there, then `end`. */
export class ChainCheck {
  readonly #options: ChainCheckOptions;
  readonly #signed = new Map<number, CheckpointBody>();
  readonly #findings: Finding[] = [];
  readonly #bad: { readonly row: AuditRow; readonly at: number; readonly previous: Uint8Array | undefined }[] = [];
  #more = 0;
  #rows = 0;
  #firstSeq: number | null = null;
  #seq: number;
  #hash: Uint8Array | undefined;
  #at: Date | undefined;
  #checkpoints = 0;
  #signedSeq = 0;
  #lastNumber = 0;
  readonly #prunedSeq: number;
  #disagreed = false;

  constructor(options: ChainCheckOptions) {
    this.#options = options;
    const prune = this.#takeCheckpoints(options.checkpoints);
    this.#prunedSeq = prune?.seq ?? 0;
    this.#seq = this.#prunedSeq;
    this.#hash = prune ? new Uint8Array(Buffer.from(prune.hash, "hex")) : NO_HASH;
  }

  /** `previous`: the hash that the row says it follows, where rows are exported with it. */
  push(row: AuditRow, previous?: Uint8Array): void {
    const { partial = false } = this.#options;
    this.#rows++;
    this.#firstSeq ??= row.seq;
    if (row.seq <= this.#seq) {
      this.#find({ kind: "reordered", severity: "fault", ...named(row) });
      return;
    }
    if (row.seq > this.#seq + 1) {
      if (!partial) this.#find({ kind: "removed", severity: "fault", seq: this.#seq + 1, toSeq: row.seq - 1 });
      this.#hash = this.#signedHash(row.seq - 1) ?? previous;
    }
    this.#checkRow(row);
    this.#checkSigned(row);
    this.#seq = row.seq;
    this.#hash = row.hash;
    this.#at = row.at;
  }

  end(unchained = 0): ChainReport {
    const { anchors = [], partial = false } = this.#options;
    this.#nameSwapped();
    const lastSeq = this.#rows > 0 ? this.#seq : null;
    const reach = Math.max(this.#signedSeq, ...anchors.map(({ seq }) => seq), 0);
    if (!partial && reach > this.#seq) {
      this.#find({ kind: "tail_removed", severity: "fault", seq: this.#seq + 1, toSeq: reach });
    }
    const number = Math.max(0, ...anchors.map((anchor) => anchor.number ?? 0));
    if (!partial && number > this.#lastNumber) {
      this.#find({ kind: "checkpoint_removed", severity: "fault", seq: this.#lastNumber + 1, toSeq: number });
    }
    if (unchained > 0) this.#find({ kind: "unchained", severity: "fault", seq: 0, toSeq: unchained });
    const findings = this.#findings.sort((a, b) => a.seq - b.seq);
    return {
      ok: findings.every(({ severity }) => severity === "warning"),
      rows: this.#rows,
      firstSeq: this.#firstSeq,
      lastSeq,
      lastHash: this.#rows > 0 && this.#hash ? hexOf(this.#hash) : null,
      checkpoints: this.#checkpoints,
      signedSeq: this.#signedSeq,
      prunedSeq: this.#prunedSeq,
      findings,
      more: this.#more,
    };
  }

  #checkRow(row: AuditRow): void {
    const { macKey } = this.#options;
    const digest = rowDigest(row);
    const linked = this.#hash === undefined ? undefined : sameBytes(row.hash, chainHash(this.#hash, digest));
    const ours = macKey === undefined ? undefined : sameBytes(row.mac, rowMac(macKey, row.hash, digest));
    const back = this.#at === undefined ? 0 : this.#at.getTime() - row.at.getTime();
    const late = back > CLOCK_TOLERANCE_MS;
    if (ours === false || (ours === undefined && linked === false)) {
      const kind = late ? "back_dated" : linked === true ? "rewritten" : "edited";
      this.#find({ kind, severity: "fault", ...named(row), ...(late ? { byMs: back } : {}) });
      if (this.#bad.length < MOST_SWAPPED) this.#bad.push({ row, at: this.#findings.length - 1, previous: this.#hash });
      return;
    }
    // The row is ours, and follows another one than the one before it.
    if (linked === false && !this.#bad.some((bad) => bad.row.seq === row.seq - 1)) {
      this.#find({ kind: "broken_link", severity: "fault", ...named(row) });
    }
    if (late) this.#find({ kind: "clock_back", severity: "warning", ...named(row), byMs: back });
  }

  #checkSigned({ seq, hash }: AuditRow): void {
    const expected = [
      this.#signed.get(seq)?.hash,
      ...(this.#options.anchors ?? []).filter((anchor) => anchor.seq === seq).map((anchor) => anchor.hash),
    ];
    const actual = hexOf(hash);
    if (this.#disagreed) return;
    for (const [index, one] of expected.entries()) {
      if (one === undefined || one === actual) continue;
      // Whatever follows cannot agree either.
      this.#disagreed = true;
      this.#find({ kind: index === 0 ? "not_as_signed" : "not_as_anchored", severity: "fault", seq });
      return;
    }
  }

  #signedHash(seq: number): Uint8Array | undefined {
    const hash = this.#signed.get(seq)?.hash;
    return hash === undefined ? undefined : new Uint8Array(Buffer.from(hash, "hex"));
  }

  /** Rows whose content is whole, but of another place. */
  #nameSwapped(): void {
    for (const { row, at } of this.#bad) {
      const was = this.#placeOf(row);
      const finding = this.#findings[at];
      if (was !== undefined && finding) this.#findings[at] = { ...finding, kind: "reordered", was };
    }
  }

  #placeOf(row: AuditRow): number | undefined {
    const { macKey } = this.#options;
    const around = [row.seq - 1, row.seq + 1, ...this.#bad.map((bad) => bad.row.seq)];
    for (const seq of around) {
      if (seq === row.seq) continue;
      const digest = rowDigest({ ...row, seq });
      if (macKey) {
        if (sameBytes(row.mac, rowMac(macKey, row.hash, digest))) return seq;
        continue;
      }
      const before = this.#bad.flatMap((bad) => [bad.row.hash, ...(bad.previous ? [bad.previous] : [])]);
      if (before.some((previous) => sameBytes(row.hash, chainHash(previous, digest)))) return seq;
    }
    return undefined;
  }

  /** Checks them among themselves; returns the newest statement about pruning. */
  #takeCheckpoints(checkpoints: readonly Checkpoint[]): CheckpointBody | undefined {
    const { checkSignature, partial = false } = this.#options;
    let before: { readonly number: number; readonly body: string } | undefined;
    let prune: CheckpointBody | undefined;
    const bodies: CheckpointBody[] = [];
    for (const { number, seq, body, signature } of checkpoints) {
      const parsed = parseBody(body);
      if (!parsed || parsed.number !== number || parsed.seq !== seq || !checkSignature(body, signature)) {
        this.#find({ kind: "checkpoint_forged", severity: "fault", seq: number });
        continue;
      }
      this.#checkpoints++;
      bodies.push(parsed);
      if (parsed.kind === "prune") prune = parsed;
      else this.#signed.set(parsed.seq, parsed);
      if (before && !partial && (number !== before.number + 1 || parsed.previous !== sha256Hex(before.body))) {
        this.#find({ kind: "checkpoint_removed", severity: "fault", seq: before.number + 1, toSeq: number - 1 });
      }
      before = { number, body };
    }
    const [first] = bodies;
    const expected = { number: prune?.firstNumber ?? 1, previous: prune?.firstPrevious ?? NO_PREVIOUS };
    if (first && !partial && (first.number !== expected.number || first.previous !== expected.previous)) {
      this.#find({ kind: "checkpoint_removed", severity: "fault", seq: expected.number, toSeq: first.number - 1 });
    }
    this.#lastNumber = before?.number ?? 0;
    this.#signedSeq = Math.max(0, ...bodies.map(({ seq }) => seq));
    return prune;
  }

  #find(finding: Finding): void {
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push(finding);
    else this.#more++;
  }
}

function named({ seq, at, action }: AuditRow) {
  return { seq, at: at.toISOString(), action };
}
