import { FluxError } from "../../shared/lib/errors.ts";
import { KeyframeRule } from "./keyframe-rule.ts";
import { MarkerTrust } from "./marker-trust.ts";
import { NAL, type NalRules } from "./nal-rules.ts";
import type { NalDepacketizer, NalSink } from "./nal-sink.ts";
import type { RtpPacket } from "./packet.ts";
import { ParameterSets } from "./parameter-sets.ts";
import { UnitBuffer } from "./unit-buffer.ts";
import type { VideoFormat } from "./video-format.ts";

/** One whole picture, borrowed during the callback. */
export interface Picture {
  /** Of RTP. */
  readonly timestamp: number;
  readonly keyframe: boolean;
  readonly disposable: boolean;
  /** The first since something was lost. */
  readonly discontinuity: boolean;
  readonly codecChange: boolean;
  readonly data: readonly Uint8Array[];
}

export interface AssemblerLimits {
  readonly accessUnitBytes: number;
  readonly nalsPerUnit: number;
}

export interface AssemblerHandlers {
  onFormat(format: VideoFormat): void;
  onPicture(picture: Picture): void;
}

/** Non-slice NAL units that wait for a picture may not pile up. */
const MAX_WAITING_BYTES = 64 * 1024;
/** Broken payloads and parameter sets, less some for each good picture. */
const MAX_FAULTS = 5000;
const FAULTS_FORGIVEN = 16;

/**
 * Gathers NAL units into whole pictures.
 *
 * A picture ends at the RTP marker where the camera sets it correctly (then without delay), else where the next one
 * begins: another timestamp, a slice that starts a picture, or an access unit delimiter.
 * A damaged picture is discarded, and everything up to the next keyframe with it: it would decode to rubbish.
 */
export class PictureAssembler implements NalSink {
  discarded = 0;
  malformed = 0;
  readonly #rules: NalRules;
  readonly #depacketizer: NalDepacketizer;
  readonly #limits: AssemblerLimits;
  readonly #handlers: AssemblerHandlers;
  readonly #sets: ParameterSets;
  readonly #buffer: UnitBuffer;
  readonly #marker = new MarkerTrust();
  readonly #keyframes = new KeyframeRule();
  readonly #setsInUnit = new Set<number>();
  // The unit being gathered.
  #timestamp = 0;
  #packetTimestamp = 0;
  #nals = 0;
  #hasSlice = false;
  #damaged = false;
  #disposable = true;
  #keySlice = false;
  #cleanStart = true;
  #recoveryPoint = false;
  #skippable = false;
  #nalStart = 0;
  #nalKind: number = NAL.dropped;
  // The stream.
  #waiting = true;
  #skipLeading = false;
  #lossPending = true;
  #emittedVersion: number | undefined;
  #faults = 0;
  #format: VideoFormat | undefined;

  constructor(rules: NalRules, depacketizer: NalDepacketizer, limits: AssemblerLimits, handlers: AssemblerHandlers) {
    this.#rules = rules;
    this.#depacketizer = depacketizer;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#sets = new ParameterSets(rules);
    this.#buffer = new UnitBuffer(limits.accessUnitBytes);
  }

  /** A parameter set from the SDP. False if it cannot be read. */
  addParameterSet(nal: Uint8Array): boolean {
    const known = this.#sets.store(nal) !== undefined;
    this.#announceFormat();
    return known;
  }

  /** Packets are missing before the next one. */
  lost(): void {
    this.#depacketizer.reset();
    this.#nalKind = NAL.dropped;
    if (this.#nals > 0) this.#damaged = true;
    this.#waiting = true;
    this.#lossPending = true;
    this.#marker.lost();
  }

  /** In order. Throws `rtsp.protocol` when almost nothing of what comes can be read. */
  push(packet: RtpPacket): void {
    const timestamp = packet.timestamp;
    if (this.#nals > 0 && timestamp !== this.#timestamp && !this.#continues(packet)) this.#finish();
    this.#packetTimestamp = timestamp;
    this.#marker.packet(timestamp);
    if (!this.#depacketizer.push(packet, this)) {
      this.#fault();
      this.damaged();
    }
    if (packet.marker) {
      this.#marker.seen(timestamp);
      if (this.#hasSlice && this.#marker.trusted) this.#finish();
    }
  }

  begin(first: number, second: number, startsPicture: boolean): boolean {
    const type = this.#rules.type(first);
    const kind = this.#rules.kind(type);
    this.#nalKind = NAL.dropped;
    if (kind === NAL.dropped) return false;
    if (kind === NAL.delimiter) {
      if (this.#hasSlice && !this.#format?.interlaced) this.#finish();
      return false;
    }
    const slice = kind === NAL.slice || kind === NAL.keySlice;
    if (slice && !this.#admitSlice(startsPicture)) return false;
    if (kind === NAL.suffix && !this.#hasSlice) return false;
    if (this.#nals === 0) this.#timestamp = this.#packetTimestamp;
    if (++this.#nals > this.#limits.nalsPerUnit) {
      this.damaged();
      return false;
    }
    this.#nalStart = this.#buffer.length + 4;
    this.#nalKind = kind;
    if (slice) {
      if (!this.#hasSlice) this.#timestamp = this.#packetTimestamp;
      this.#hasSlice = true;
      if (kind === NAL.keySlice) {
        this.#keySlice = true;
        this.#cleanStart = this.#rules.cleanStart(type);
      }
      if (!this.#rules.disposable(first, second, this.#format?.subLayers ?? 1)) this.#disposable = false;
      if (this.#rules.skippedAfterRandomAccess(type)) this.#skippable = true;
    }
    if (!this.#buffer.appendHeader(first, second, this.#rules.headerBytes)) this.damaged();
    return !this.#damaged;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#damaged && !this.#buffer.append(bytes, start, end)) this.damaged();
  }

  end(): void {
    if (this.#damaged) return;
    if (this.#nalKind === NAL.parameterSet) {
      this.#storeSet();
      this.#announceFormat();
    } else if (this.#nalKind === NAL.sei && !this.#recoveryPoint && this.#keyframes.needsRecoveryPoints) {
      this.#recoveryPoint = this.#rules.hasRecoveryPoint(this.#buffer.view(this.#nalStart));
    }
  }

  damaged(): void {
    this.#damaged = true;
    if (this.#nals === 0) {
      // The start of a picture is missing: what follows of it is no use.
      this.#nals = 1;
      this.#timestamp = this.#packetTimestamp;
    }
  }

  /** Broken payloads cost time to refuse: a camera that sends little else is given up before it slows others down. */
  #fault(): void {
    this.malformed++;
    if (++this.#faults > MAX_FAULTS) {
      throw new FluxError("rtsp.protocol", "the camera sends video that cannot be read");
    }
  }

  #storeSet(): void {
    const version = this.#sets.version;
    const key = this.#sets.store(this.#buffer.view(this.#nalStart));
    if (key === undefined) {
      this.#fault();
    } else if (this.#hasSlice || (this.#setsInUnit.has(key) && this.#sets.version === version)) {
      // Sets sent twice, or again before each slice (GStreamer does): a decoder wants them in front, once. New ones among
      // the slices are for the next keyframe, which gets them from the store.
      this.#buffer.truncate(this.#nalStart - 4);
    } else {
      this.#setsInUnit.add(key);
    }
  }

  /** A slice of the current picture, the first of a new one, or the rest of one that is gone. */
  #admitSlice(startsPicture: boolean): boolean {
    if (startsPicture) {
      if (this.#hasSlice && !this.#format?.interlaced) this.#finish();
      return true;
    }
    this.#marker.violated(this.#packetTimestamp);
    if (this.#hasSlice) return true;
    this.damaged();
    this.#hasSlice = true;
    return false;
  }

  /** Some cameras stamp each slice of one picture anew: a slice that starts no picture belongs to the current one. */
  #continues(packet: RtpPacket): boolean {
    if (!this.#hasSlice || this.#damaged || this.#marker.endedAt(this.#timestamp)) return false;
    const { bytes, payloadStart } = packet;
    const headerBytes = this.#rules.headerBytes;
    if (packet.payloadEnd <= payloadStart + headerBytes) return false;
    const kind = this.#rules.kind(this.#rules.type(bytes[payloadStart] as number));
    const slice = kind === NAL.slice || kind === NAL.keySlice;
    return slice && (bytes[payloadStart + headerBytes] as number) < 0x80;
  }

  #announceFormat(): void {
    const format = this.#sets.format;
    if (format === undefined || format === this.#format) return;
    this.#format = format;
    this.#handlers.onFormat(format);
  }

  #finish(): void {
    if (!this.#hasSlice && !this.#damaged && this.#buffer.length <= MAX_WAITING_BYTES) {
      // Parameter sets or SEI on their own: they belong to the picture that follows.
      return;
    }
    if (this.#hasSlice || this.#damaged) this.#deliver();
    this.#clear();
  }

  #deliver(): void {
    const keyframe = !this.#damaged && this.#keyframes.accept(this.#keySlice, this.#recoveryPoint);
    if (this.#damaged || (this.#waiting && !keyframe) || (keyframe && !this.#sets.complete)) {
      this.discarded++;
      this.#waiting = true;
      this.#lossPending = true;
      return;
    }
    if (keyframe) this.#skipLeading = this.#lossPending && this.#keySlice && !this.#cleanStart;
    else if (this.#skippable && this.#skipLeading) {
      this.discarded++;
      return;
    }
    const version = this.#sets.version;
    const codecChange = keyframe && this.#emittedVersion !== undefined && this.#emittedVersion !== version;
    if (keyframe) this.#emittedVersion = version;
    const unit = this.#buffer.view();
    const prefix = keyframe ? this.#sets.missing(this.#setsInUnit) : undefined;
    const discontinuity = this.#lossPending;
    this.#waiting = false;
    this.#lossPending = false;
    this.#faults = Math.max(0, this.#faults - FAULTS_FORGIVEN);
    this.#handlers.onPicture({
      timestamp: this.#timestamp,
      keyframe,
      disposable: this.#disposable && !keyframe,
      discontinuity,
      codecChange,
      data: prefix ? [prefix, unit] : [unit],
    });
  }

  #clear(): void {
    this.#buffer.clear();
    if (this.#setsInUnit.size > 0) this.#setsInUnit.clear();
    this.#nals = 0;
    this.#hasSlice = false;
    this.#damaged = false;
    this.#disposable = true;
    this.#keySlice = false;
    this.#cleanStart = true;
    this.#recoveryPoint = false;
    this.#skippable = false;
    this.#nalKind = NAL.dropped;
  }
}
