import { describe, expect, test } from "vitest";
import { commandFor, type Key } from "./keyboard-map.ts";

const key = (value: string, code: string, change: Partial<Key> = {}): Key => ({
  key: value,
  code,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...change,
});

describe("keys of the wall", () => {
  test.each([
    [key("ArrowLeft", "ArrowLeft"), { type: "move", direction: "left" }],
    [key("ArrowDown", "ArrowDown"), { type: "move", direction: "down" }],
    [key("Enter", "Enter"), { type: "toggle-large" }],
    [key("Escape", "Escape"), { type: "back" }],
    [key("Delete", "Delete"), { type: "remove" }],
    [key("3", "Digit3"), { type: "grid", kind: "3x3" }],
    [key("9", "Numpad9"), { type: "grid", kind: "1+12" }],
    [key("!", "Digit1", { shiftKey: true }), { type: "layout", index: 0 }],
    [key("0", "Digit0"), { type: "zoom-reset" }],
    [key("f", "KeyF"), { type: "fullscreen" }],
    [key("s", "KeyS"), { type: "statistics" }],
    [key("c", "KeyC"), { type: "fit" }],
    [key("b", "KeyB"), { type: "tree" }],
    [key("/", "Slash"), { type: "search" }],
    [key("?", "Slash", { shiftKey: true }), { type: "help" }],
    [key("+", "Equal", { shiftKey: true }), { type: "zoom-in" }],
    [key("-", "Minus"), { type: "zoom-out" }],
    [key("f", "KeyF", { ctrlKey: true }), { type: "search" }],
    [key("s", "KeyS", { metaKey: true }), { type: "save" }],
  ] as const)("%o", (pressed, command) => {
    expect(commandFor(pressed, false)).toEqual(command);
  });

  test("letters work with a Korean input mode", () => {
    expect(commandFor(key("ㄹ", "KeyF"), false)).toEqual({ type: "fullscreen" });
    expect(commandFor(key("ㄴ", "KeyS"), false)).toEqual({ type: "statistics" });
  });

  test("a French keyboard types ? elsewhere", () => {
    expect(commandFor(key("?", "KeyM", { shiftKey: true }), false)).toEqual({ type: "help" });
  });

  test("typing keeps its keys, except search and save", () => {
    expect(["f", "s", "1", "/", "?", "Delete", "Enter"].map((value) => commandFor(key(value, "KeyF"), true))).toEqual(
      Array.from({ length: 7 }, () => undefined),
    );
    expect(commandFor(key("f", "KeyF", { ctrlKey: true }), true)).toEqual({ type: "search" });
  });

  test("the browser keeps its own combinations", () => {
    const theirs = [
      key("r", "KeyR", { ctrlKey: true }),
      key("f", "KeyF", { ctrlKey: true, shiftKey: true }),
      key("ArrowLeft", "ArrowLeft", { altKey: true }),
      key("1", "Digit1", { ctrlKey: true }),
      key("F", "KeyF", { shiftKey: true }),
      key("Tab", "Tab"),
    ];
    expect(theirs.map((pressed) => commandFor(pressed, false))).toEqual(theirs.map(() => undefined));
  });
});
