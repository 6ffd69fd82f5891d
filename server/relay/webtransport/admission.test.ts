import { expect, it } from "vitest";
import { WebTransportAdmission } from "./admission.ts";

it("limits strangers apart from the total, and counts who leaves once", () => {
  const admission = new WebTransportAdmission({ total: 3, strangers: 2 });
  const first = admission.enter();
  const second = admission.enter();
  expect(admission.enter()).toBeUndefined();
  first?.authenticated();
  first?.authenticated();
  const third = admission.enter();
  expect(third).toBeDefined();
  expect(admission.enter()).toBeUndefined();
  third?.authenticated();
  expect(admission.enter()).toBeUndefined();
  first?.leave();
  first?.leave();
  expect(admission.enter()).toBeDefined();
  expect(admission.enter()).toBeUndefined();
  second?.leave();
  expect(admission.enter()).toBeDefined();
});
