import { expect, test } from "vitest";
import { safeReturnPath } from "./return-path.ts";

test.each(["/cameras", "/kiosk", "/?kiosk=1"])("%s is a page of the console", (path) => {
  expect(safeReturnPath(path)).toBe(path);
});

test.each([
  undefined,
  "",
  "cameras",
  "//evil.example",
  "/\\evil.example",
  "https://evil.example",
  "javascript:alert(1)",
  "/sign-in?from=/x",
  "/setup?token=x",
])("%s leads to the wall", (path) => {
  expect(safeReturnPath(path)).toBe("/");
});
