import type { Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import {
  LIVE_PLAYBACK,
  type PlaybackCommand,
  type PlaybackState,
  type TileSpec,
  type TileStats,
} from "../../engine/worker-protocol.ts";
import { KeyStore } from "../open/key-store.ts";
import { openFrame, type SealedPiece } from "../open/open-frame.ts";
import { planWishes } from "../subscribe/plan.ts";
import type { Loop } from "./archive-clock.ts";
import { ArchiveConnection, type KeysMessage } from "./archive-connection.ts";
import type { ArchiveDeps, ArchiveEvents } from "./archive-parts.ts";
import { ArchivePlayer } from "./archive-player.ts";
import { ArchiveSound, type SoundWish } from "./archive-sound.ts";
import { KeyframeDecoder } from "./keyframe-decoder.ts";
import { PlaybackGroup } from "./playback-group.ts";
import { roleForSize } from "./role.ts";
import { type Thumbnail, Thumbnails } from "./thumbnails.ts";
import { archiveTileStats } from "./tile-stats.ts";

const SHARED = "";
const TELL_MS = millis(100);
/** Housekeeping: reads that failed are tried again, silent decoders replaced. */
const TICK_MS = millis(250);

/** The archive's side of the wall: which tiles play it, on which clocks, and the line that brings the footage. */
export class Archive {
  readonly #deps: ArchiveDeps;
  readonly #events: ArchiveEvents;
  readonly #keys: KeyStore;
  readonly #connection: ArchiveConnection;
  readonly #thumbnails: Thumbnails;
  readonly #sound: ArchiveSound;
  /** By tile; `SHARED` for all that have none of their own. */
  readonly #groups = new Map<string, PlaybackGroup>();
  /** Tiles that are live while the wall is in the archive. */
  readonly #liveTiles = new Set<string>();
  readonly #players = new Map<string, ArchivePlayer>();
  readonly #timers: Timer[] = [];
  #tiles: readonly TileSpec[] = [];
  #visible = true;
  #heardTile: string | undefined;
  #frameAsked = false;
  #told: PlaybackState = LIVE_PLAYBACK;
  #closed = false;

  constructor(deps: ArchiveDeps, events: ArchiveEvents) {
    this.#deps = deps;
    this.#events = events;
    this.#keys = new KeyStore(deps.crypto);
    this.#connection = new ArchiveConnection(
      { clock: deps.clock, open: deps.open, ...(deps.createOffer ? { createOffer: deps.createOffer } : {}) },
      {
        onState: () => events.onTileChange(),
        onSessionKey: (key) => this.#keys.setSessionKey(key),
        onKeys: (message) => this.#onKeys(message),
        onWithdrawn: (cameraId, code) => this.#onWithdrawn(cameraId, code),
        onExpired: (code) => events.onSessionExpired(code),
      },
    );
    const decoder = new KeyframeDecoder({
      pool: deps.pool,
      open: (gop, frame) => this.#open(gop.source.cameraId, frame),
      shrink: deps.shrink,
    });
    this.#sound = new ArchiveSound({
      clock: deps.clock,
      connection: this.#connection,
      wish: () => this.#audible(),
      open: (cameraId, piece) => this.#open(cameraId, piece),
      onSound: events.onSound,
    });
    this.#thumbnails = new Thumbnails({ clock: deps.clock, connection: this.#connection, decoder, copy: deps.copy });
  }

  connect(url: string, token: string): void {
    this.#connection.connect(url, token);
  }

  setToken(token: string): void {
    this.#connection.setToken(token);
  }

  setTiles(tiles: readonly TileSpec[]): void {
    this.#tiles = tiles;
    const present = new Set(tiles.map(({ tileId }) => tileId));
    for (const tileId of [...this.#liveTiles]) if (!present.has(tileId)) this.#liveTiles.delete(tileId);
    for (const key of [...this.#groups.keys()]) if (key !== SHARED && !present.has(key)) this.#dissolve(key);
    this.#reconcile();
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    for (const group of this.#groups.values()) group.setActive(visible);
  }

  /** Whether the tile shows the live camera. */
  isLive(tile: TileSpec): boolean {
    return this.#groupOf(tile) === undefined;
  }

  /** What takes part in drawing. */
  sources(): Iterable<ArchivePlayer> {
    return this.#players.values();
  }

  /**
   * Which picture a tile in the archive shows; undefined: the last live one, until the first of the archive is there;
   * null: none, since nothing was recorded.
   */
  pictureOf(tile: TileSpec): string | null | undefined {
    const player = this.#playerOf(tile);
    if (!player) return undefined;
    if (player.visible) return player.pictureId;
    return player.condition.kind === "waiting" && !player.wasDark ? undefined : null;
  }

  stats(tile: TileSpec): TileStats | undefined {
    const player = this.#playerOf(tile);
    return player && archiveTileStats(tile, player, this.#connection.state, this.#visible);
  }

  state(): PlaybackState {
    const shared = this.#groups.get(SHARED);
    const free = [...this.#groups].flatMap(([tileId, group]) =>
      tileId === SHARED ? [] : [{ tileId, ...group.clock.state(group.buffering) }],
    );
    if (!shared) return { ...LIVE_PLAYBACK, free };
    return { mode: "archive", ...shared.clock.state(shared.buffering), free, liveTiles: [...this.#liveTiles] };
  }

  command(command: PlaybackCommand): void {
    switch (command.kind) {
      case "live":
        this.#live(command.tileId);
        return;
      case "seek":
        if (!Number.isFinite(command.micros)) return;
        this.#group(command.tileId, command.micros).seek(command.micros, command.scrub === true, command.rate);
        return;
      case "hear":
        this.#heardTile = command.tileId;
        this.#sound.setOn(command.tileId !== undefined);
        return;
      case "rate":
        this.#rate(command.rate, command.tileId);
        return;
      case "step":
        this.#step(command.direction, command.tileId);
        return;
      case "loop":
        this.#loop({ startMicros: command.startMicros, endMicros: command.endMicros }, command.tileId);
        return;
      case "no-loop":
        this.#loop(undefined, command.tileId);
        return;
      case "sync":
        this.#liveTiles.clear();
        for (const key of [...this.#groups.keys()]) if (key !== SHARED) this.#dissolve(key);
        this.#reconcile();
        return;
    }
  }

  /** The tile whose sound is wished for, live or not. */
  get heardTile(): string | undefined {
    return this.#heardTile;
  }

  thumbnail(cameraId: string, micros: number, widthPx: number): Promise<Thumbnail | undefined> {
    return this.#thumbnails.get(cameraId, micros, widthPx);
  }

  /** The camera may not be seen any more. */
  forget(cameraId: string): void {
    this.#thumbnails.forget(cameraId);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers.splice(0)) timer.cancel();
    for (const group of this.#groups.values()) group.close();
    for (const player of this.#players.values()) player.close();
    this.#players.clear();
    this.#thumbnails.close();
    this.#sound.close();
    this.#connection.close();
    this.#keys.close();
  }

  #open(cameraId: string, frame: SealedPiece): Uint8Array | "no-key" | "refused" {
    return openFrame(cameraId, frame, this.#keys, (name) => this.#connection.needKey(name));
  }

  /** Sound is heard at the speed of life only, while its clock runs. */
  #audible(): SoundWish | undefined {
    const tile = this.#tiles.find(({ tileId }) => tileId === this.#heardTile);
    const clock = tile && this.#visible ? this.#groupOf(tile)?.clock : undefined;
    if (!tile || !clock?.running || clock.rate !== 1 || this.#playerOf(tile)?.showable !== true) return undefined;
    return { cameraId: tile.cameraId, positionMicros: clock.position() };
  }

  #live(tileId: string | undefined): void {
    this.#dissolve(tileId ?? SHARED);
    if (tileId !== undefined && this.#groups.has(SHARED)) this.#liveTiles.add(tileId);
    this.#reconcile();
  }

  #loop(loop: Loop | undefined, tileId: string | undefined): void {
    const playing = this.#playing(tileId);
    if (!loop && !playing?.clock.loop) return;
    const from = playing?.clock.position() ?? loop?.startMicros ?? this.#nowMicros();
    this.#group(tileId, from).setLoop(loop);
  }

  #rate(rate: number, tileId: string | undefined): void {
    const playing = this.#playing(tileId);
    if (!playing && rate === 1) return;
    this.#group(tileId, playing?.clock.position() ?? this.#nowMicros()).setRate(rate);
  }

  #step(direction: 1 | -1, tileId: string | undefined): void {
    const key = tileId !== undefined && this.#groups.has(tileId) ? tileId : undefined;
    const group = this.#group(key, this.#nowMicros());
    const tile = this.#tiles.find((one) => one.tileId === tileId && this.#groupOf(one) === group);
    const own = tile && this.#playerOf(tile);
    const all = own ? [own, ...group.players] : group.players;
    // A camera that may not be seen has no picture to go to; one with nothing here only what lies beyond its gap.
    const player = all.find(({ showable }) => showable) ?? all.find(({ condition }) => condition.kind === "gap");
    if (player) group.step(player, direction);
    else group.setRate(0);
  }

  /** The group, entered at that time where it is not there yet. */
  #group(tileId: string | undefined, micros: number): PlaybackGroup {
    const key = tileId ?? SHARED;
    const present = this.#groups.get(key);
    if (present) return present;
    const leader = tileId === undefined ? undefined : this.#sharedOf(tileId);
    const now = this.#nowMicros();
    const group = new PlaybackGroup(
      {
        clock: this.#deps.clock,
        nowMicros: () => this.#nowMicros(),
        lineLost: () => this.#connection.lost,
        onChange: () => this.#tell(),
        onRunning: () => this.#animate(),
      },
      Math.min(micros, now),
    );
    if (leader) group.clock.setRate(leader.clock.rate);
    group.setActive(this.#visible);
    this.#groups.set(key, group);
    if (tileId !== undefined) this.#liveTiles.delete(tileId);
    this.#startTimers();
    this.#reconcile();
    return group;
  }

  /** What the tile follows, live left out; without a tile the shared clock. */
  #playing(tileId: string | undefined): PlaybackGroup | undefined {
    return this.#groups.get(tileId ?? SHARED) ?? (tileId === undefined ? undefined : this.#sharedOf(tileId));
  }

  #sharedOf(tileId: string): PlaybackGroup | undefined {
    return this.#liveTiles.has(tileId) ? undefined : this.#groups.get(SHARED);
  }

  #dissolve(key: string): void {
    this.#groups.get(key)?.close();
    this.#groups.delete(key);
    if (key === SHARED) this.#liveTiles.clear();
  }

  #groupOf({ tileId }: TileSpec): PlaybackGroup | undefined {
    return this.#playing(tileId);
  }

  #keyOf({ tileId, cameraId }: TileSpec): string {
    return `archive/${this.#groups.has(tileId) ? tileId : SHARED}/${cameraId}`;
  }

  #playerOf(tile: TileSpec): ArchivePlayer | undefined {
    return this.#groupOf(tile) && this.#players.get(this.#keyOf(tile));
  }

  /** Brings the players in step with tiles and groups. */
  #reconcile(): void {
    const wanted = new Set<string>();
    for (const [, group] of this.#groups) {
      const tiles = this.#tiles.filter((tile) => this.#groupOf(tile) === group);
      const sizes = planWishes(tiles, () => true);
      const players = new Set<ArchivePlayer>();
      for (const tile of tiles) {
        const key = this.#keyOf(tile);
        wanted.add(key);
        const player = this.#players.get(key) ?? this.#createPlayer(key, tile.cameraId, group);
        const size = sizes.get(tile.cameraId);
        player.setRole(roleForSize(size?.widthPx ?? 0, size?.heightPx ?? 0, player.wantedRole));
        players.add(player);
      }
      group.setPlayers([...players]);
    }
    for (const [key, player] of this.#players) {
      if (wanted.has(key)) continue;
      this.#players.delete(key);
      player.close();
      this.#events.onPictureGone(player.pictureId, player.cameraId);
    }
    if (this.#groups.size === 0) for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#events.onLiveTilesChanged();
    this.#events.onTileChange();
    this.#events.onPictureWaiting();
    this.#tell();
  }

  #createPlayer(key: string, cameraId: string, group: PlaybackGroup): ArchivePlayer {
    const { clock, pool } = this.#deps;
    const player: ArchivePlayer = new ArchivePlayer(cameraId, key, {
      clock,
      pool,
      keys: this.#keys,
      connection: this.#connection,
      open: (gop, frame) => this.#open(gop.source.cameraId, frame),
      nowMicros: () => this.#nowMicros(),
      tiles: () => this.#players.size,
      onChange: () => group.changed(player),
      onPictureWaiting: () => this.#events.onPictureWaiting(),
      onConditionChange: () => {
        this.#events.onTileChange();
        this.#events.onPictureWaiting();
      },
    });
    this.#players.set(key, player);
    return player;
  }

  #onWithdrawn(cameraId: string, code: string): void {
    this.#keys.forgetCamera(cameraId);
    this.#thumbnails.forget(cameraId);
    this.#sound.forget(cameraId);
    for (const player of this.#players.values()) if (player.cameraId === cameraId) player.withdraw(code);
    this.#events.onTileChange();
    this.#events.onPictureWaiting();
  }

  #onKeys({ keys }: KeysMessage): void {
    const cameras = new Set<string>();
    for (const grant of keys) {
      try {
        this.#keys.add(grant);
        cameras.add(grant.cameraId);
      } catch {
        // Fails closed: without the key its frames stay shut and the tile says so.
      }
    }
    for (const player of this.#players.values()) if (cameras.has(player.cameraId)) player.keysAdded();
  }

  #nowMicros(): number {
    return this.#connection.serverNowMicros() ?? this.#deps.serverNowMicros() ?? this.#deps.clock.utcMicros();
  }

  /** Looks at every animation frame for as long as a clock runs. */
  #animate(): void {
    if (this.#frameAsked || this.#closed) return;
    this.#frameAsked = true;
    this.#deps.requestFrame(() => {
      this.#frameAsked = false;
      if (this.#closed) return;
      for (const group of this.#groups.values()) if (group.clock.running) group.tick();
    });
  }

  #startTimers(): void {
    if (this.#timers.length > 0) return;
    const { clock } = this.#deps;
    this.#timers.push(
      clock.every(TELL_MS, () => {
        if ([...this.#groups.values()].some(({ busy }) => busy) || this.#told.buffering) this.#tell();
      }),
      clock.every(TICK_MS, () => {
        for (const player of this.#players.values()) player.checkProgress();
        for (const group of this.#groups.values()) group.tick();
      }),
    );
  }

  #tell(): void {
    if (this.#closed) return;
    const state = this.state();
    if (JSON.stringify(state) === JSON.stringify(this.#told)) return;
    this.#told = state;
    this.#events.onState(state);
  }
}
