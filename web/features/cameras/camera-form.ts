import type { Camera } from "../../../shared/api/schemas.ts";
import type { CreateCamera, ProbeRequest, UpdateCamera } from "../../api/endpoints.ts";

export interface CameraForm {
  readonly name: string;
  readonly url: string;
  readonly subUrl: string;
  readonly username: string;
  readonly password: string;
  /** Edit only: forget the stored password. */
  readonly removePassword: boolean;
  readonly transport: "auto" | "tcp" | "udp";
  readonly group: string;
  readonly enabled: boolean;
  readonly allowUntrustedCertificate: boolean;
}

export type FormErrors = Partial<Record<"name" | "url" | "subUrl", "required" | "urlScheme">>;

export function formOf(camera: Camera | undefined): CameraForm {
  return {
    name: camera?.name ?? "",
    url: camera?.url ?? "",
    subUrl: camera?.subUrl ?? "",
    username: camera?.username ?? "",
    password: "",
    removePassword: false,
    transport: camera?.transport ?? "auto",
    group: camera?.group ?? "",
    enabled: camera?.enabled ?? true,
    allowUntrustedCertificate: camera?.allowUntrustedCertificate ?? false,
  };
}

const isRtsp = (url: string): boolean => /^rtsps?:\/\/\S/i.test(url.trim());

/** What can be seen without the server; the server has the last word on every field. */
export function checkForm(form: CameraForm): FormErrors {
  const errors: FormErrors = {};
  if (form.name.trim() === "") errors.name = "required";
  if (form.url.trim() === "") errors.url = "required";
  else if (!isRtsp(form.url)) errors.url = "urlScheme";
  if (form.subUrl.trim() !== "" && !isRtsp(form.subUrl)) errors.subUrl = "urlScheme";
  return errors;
}

const textOrNull = (value: string): string | null => (value.trim() === "" ? null : value.trim());

/** Left out: unchanged. null: removed. */
function passwordField(form: CameraForm): { password?: string | null } {
  if (form.password !== "") return { password: form.password };
  return form.removePassword ? { password: null } : {};
}

export function createBody(form: CameraForm): CreateCamera {
  return {
    name: form.name.trim(),
    url: form.url.trim(),
    subUrl: textOrNull(form.subUrl),
    username: textOrNull(form.username),
    ...passwordField(form),
    group: form.group.trim(),
    enabled: form.enabled,
    transport: form.transport,
    allowUntrustedCertificate: form.allowUntrustedCertificate,
  };
}

export function updateBody(form: CameraForm): UpdateCamera {
  return createBody(form);
}

export function probeBody(form: CameraForm, url: string, cameraId: string | undefined): ProbeRequest {
  return {
    url: url.trim(),
    username: textOrNull(form.username),
    ...passwordField(form),
    transport: form.transport,
    allowUntrustedCertificate: form.allowUntrustedCertificate,
    ...(cameraId === undefined ? {} : { cameraId }),
  };
}
