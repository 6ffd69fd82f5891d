import { describe, expect, it } from "vitest";
import { errorCode, type FluxError } from "../../shared/lib/errors.ts";
import { parseConfig } from "./env.ts";

function failure(env: Record<string, string>): FluxError {
  try {
    parseConfig(env, "/srv");
  } catch (error) {
    return error as FluxError;
  }
  throw new Error("the settings were accepted");
}

describe("parseConfig", () => {
  it("has a default for everything", () => {
    expect(parseConfig({}, "/srv")).toMatchObject({
      dataDir: "/srv/data",
      storageDir: "/srv/data/storage",
      port: 8080,
      tlsPort: 8443,
      demo: true,
      flushMs: 1000,
      databaseUrl: undefined,
      allowedOrigins: [],
    });
  });

  it("takes an empty value for not set", () => {
    expect(parseConfig({ FLUXVISION_PORT: "", FLUXVISION_ADMIN_PASSWORD: "" }, "/srv").port).toBe(8080);
  });

  it("names an unknown setting and the one that was meant", () => {
    const error = failure({ FLUXVISION_DATADIR: "/x" });
    expect(errorCode(error)).toBe("config.unknown");
    expect(error.field).toBe("FLUXVISION_DATADIR");
    expect(error.message).toContain("FLUXVISION_DATA_DIR?");
  });

  it.each([
    ["FLUXVISION_PORT", "80a"],
    ["FLUXVISION_PORT", "65536"],
    ["FLUXVISION_DEMO", "maybe"],
    ["FLUXVISION_FLUSH_MS", "99"],
    ["FLUXVISION_ADMIN_PASSWORD", "short"],
    ["FLUXVISION_ROOT_KEY", "00ff"],
    ["FLUXVISION_ALLOWED_ORIGINS", "https://a.example,ftp://b.example"],
    ["FLUXVISION_TLS_CERT", "/only/one"],
    ["DATABASE_URL", "mysql://x/y"],
  ])("rejects %s=%s without repeating the value", (name, value) => {
    const error = failure({ [name]: value });
    expect(errorCode(error)).toBe("config.invalid");
    expect(error.message).not.toContain(value);
  });

  it("reads lists, paths and flags", () => {
    const config = parseConfig(
      {
        FLUXVISION_ALLOWED_ORIGINS: "https://a.example/, http://b.example:81",
        FLUXVISION_STORAGE_DIR: "rec",
        FLUXVISION_DEMO: "0",
        FLUXVISION_WORKERS: "3",
      },
      "/srv",
    );
    expect(config.allowedOrigins).toEqual(["https://a.example", "http://b.example:81"]);
    expect(config.storageDir).toBe("/srv/rec");
    expect(config.demo).toBe(false);
    expect(config.workers).toBe(3);
  });
});
