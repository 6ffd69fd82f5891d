import { beforeEach, expect, test } from "vitest";
import { type RemovalEnd, UndoableRemovals } from "./undoable-removals.ts";

let offers: RemovalEnd[];
let withdrawn: (string | number)[];
let removed: string[];
let pending: string[];
let settle: () => void;
let removals: UndoableRemovals;

beforeEach(() => {
  [offers, withdrawn, removed, pending] = [[], [], [], []];
  removals = new UndoableRemovals({
    offer: (end) => offers.push(end) - 1,
    withdraw: (offer) => {
      withdrawn.push(offer);
      offers[Number(offer)]?.over();
    },
    remove: (id) => {
      removed.push(id);
      return new Promise((resolve) => {
        settle = resolve;
      });
    },
    onPending: (ids) => {
      pending = [...ids];
    },
  });
});

test("what is taken back comes back, however long its offer stands, and is not removed when the offer goes", () => {
  removals.start("a");
  removals.start("b");
  expect(pending).toEqual(["a", "b"]);
  expect(removed).toEqual([]);
  offers[0]?.undo();
  offers[0]?.over();
  expect(pending).toEqual(["b"]);
  expect(removed).toEqual([]);
});

test("it is removed when its offer is over, once, and hidden until it is gone", async () => {
  removals.start("a");
  offers[0]?.over();
  offers[0]?.over();
  expect(removed).toEqual(["a"]);
  expect(pending).toEqual(["a"]);
  settle();
  await expect.poll(() => pending).toEqual([]);
});

test("who leaves removes at once, and no offer stays that would bring nothing back", () => {
  removals.start("a");
  removals.start("b");
  offers[0]?.undo();
  removals.finishAll();
  expect(removed).toEqual(["b"]);
  expect(withdrawn).toEqual([1]);
  removals.finishAll();
  expect(removed).toEqual(["b"]);
});

test("what is on its way out does not start again", () => {
  removals.start("a");
  removals.start("a");
  expect(offers).toHaveLength(1);
});
