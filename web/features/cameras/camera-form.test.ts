import { expect, test } from "vitest";
import { mockCamera } from "../../app/testing/mock-api.ts";
import { checkForm, createBody, formOf, probeBody } from "./camera-form.ts";

const form = { ...formOf(undefined), name: " Gate ", url: " rtsp://10.0.0.9/main " };

test("what is wrong is named by field", () => {
  expect(checkForm(formOf(undefined))).toEqual({ name: "required", url: "required" });
  expect(checkForm({ ...form, url: "http://x", subUrl: "file:///etc/passwd" })).toEqual({
    url: "urlScheme",
    subUrl: "urlScheme",
  });
  expect(checkForm({ ...form, url: "RTSPS://10.0.0.9/main" })).toEqual({});
});

test("blanks are no values", () => {
  expect(createBody(form)).toEqual({
    name: "Gate",
    url: "rtsp://10.0.0.9/main",
    subUrl: null,
    username: null,
    group: "",
    enabled: true,
    transport: "auto",
    allowUntrustedCertificate: false,
  });
});

test("a password is sent only when it changes", () => {
  const edited = formOf(mockCamera(1, "Gate", ""));
  expect(createBody(edited)).not.toHaveProperty("password");
  expect(createBody({ ...edited, password: " keep blanks " }).password).toBe(" keep blanks ");
  expect(createBody({ ...edited, removePassword: true }).password).toBeNull();
});

test("a probe of a stored camera may use its stored password", () => {
  expect(probeBody(form, form.url, "id").cameraId).toBe("id");
  expect(probeBody(form, form.url, undefined)).not.toHaveProperty("cameraId");
});
