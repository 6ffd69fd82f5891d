import { expect, test } from "vitest";
import { tidyCode } from "./code-input.tsx";

test("a pasted code is read however it was written", () => {
  for (const text of ["123456", "123 456", " 123-456\n", "１２３４５６", "Your code: 123456."]) {
    expect(tidyCode("totp", text), text).toBe("123456");
  }
  expect(tidyCode("totp", "12345678")).toBe("123456");
  expect(tidyCode("recovery", "abcd-efgh 1234!")).toBe("abcd-efgh 1234");
});
