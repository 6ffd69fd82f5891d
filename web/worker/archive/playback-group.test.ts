import { beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../../shared/lib/time.ts";
import type { ArchivePlayer } from "./archive-player.ts";
import { PlaybackGroup } from "./playback-group.ts";
import type { PlayerCondition } from "./player-condition.ts";

const NOW = 1_700_000_000_000_000;
const POSITION = NOW - 3_600_000_000;
const PATIENCE_MS = 8000;

/** What a group asks of a player, and nothing more. */
class Puppet {
  condition: PlayerCondition = { kind: "waiting" };
  /** Of the next picture; undefined: it is not known yet, null: there is none. */
  next: number | null | undefined;
  update(): void {}
  seek(): void {}
  neighbour(): number | null | undefined {
    return this.next;
  }
}

let clock: SimulatedClock;
let lost: boolean;
let group: PlaybackGroup;
let players: [Puppet, Puppet];

beforeEach(() => {
  clock = new SimulatedClock(micros(NOW));
  lost = false;
  const nothing = (): void => undefined;
  group = new PlaybackGroup(
    { clock, nowMicros: () => clock.utcMicros(), onChange: nothing, onRunning: nothing, lineLost: () => lost },
    POSITION,
  );
  players = [new Puppet(), new Puppet()];
  group.setPlayers(asPlayers());
  group.setRate(1);
});

const asPlayers = (): ArchivePlayer[] => players as unknown as ArchivePlayer[];

function wait(ms: number): void {
  for (let passed = 0; passed < ms; passed += 250) {
    clock.advance(millis(250));
    group.tick();
  }
}

describe("patience with a camera whose picture does not come", () => {
  it("ends after a while, for the others", () => {
    players[0].condition = { kind: "ready" };
    wait(PATIENCE_MS - 250);
    expect(group.clock.running).toBe(false);
    wait(500);
    expect(group.clock.running).toBe(true);
  });

  it("begins anew with every seek: what was waited for before says nothing of the new time", () => {
    wait(PATIENCE_MS + 1000);
    group.seek(POSITION + 5_000_000, false);
    clock.advance(millis(100));
    players[0].condition = { kind: "ready" };
    group.tick();
    expect(group.clock.running).toBe(false);
    players[1].condition = { kind: "ready" };
    group.tick();
    expect(group.clock.running).toBe(true);
  });

  it("does not run out while the line is away: then nobody's picture can come", () => {
    players[0].condition = { kind: "ready" };
    lost = true;
    wait(PATIENCE_MS * 3);
    expect(group.clock.running).toBe(false);
    lost = false;
    wait(PATIENCE_MS - 250);
    expect(group.clock.running).toBe(false);
    wait(500);
    expect(group.clock.running).toBe(true);
  });
});

describe("steps that wait for their pictures", () => {
  const step = (times: number): void => {
    for (let time = 0; time < times; time++) group.step(players[0] as unknown as ArchivePlayer, 1);
  };

  it("are made once those come", () => {
    players[0].next = undefined;
    step(1);
    wait(500);
    expect(group.clock.position()).toBe(POSITION);
    players[0].next = POSITION + 40_000;
    wait(250);
    expect(group.clock.position()).toBe(POSITION + 40_000);
  });

  it.each([
    [
      "the line is lost",
      () => {
        lost = true;
        wait(250);
        lost = false;
      },
    ],
    ["they have waited too long", () => wait(PATIENCE_MS + 500)],
  ])("are forgotten when %s: nobody wants them a minute later", (_, happen) => {
    step(5);
    happen();
    players[0].next = POSITION + 40_000;
    wait(1000);
    expect(group.clock.position()).toBe(POSITION);
  });
});
