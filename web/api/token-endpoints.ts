import type {
  ApiToken,
  CreateDevice,
  CreatedToken,
  CreateToken,
  DeviceLink,
  KioskDevice,
  UpdateDevice,
} from "../../shared/api/tokens.ts";
import type { HttpClient } from "./http-client.ts";
import { createTypedClient, data } from "./typed-client.ts";

/** What acts without a person: tokens of programs, wall displays. */
export interface TokenApi {
  /** Newest first; one's own, or everybody's for whoever manages them. */
  apiTokens(all: boolean, signal?: AbortSignal): Promise<ApiToken[]>;
  createToken(body: CreateToken): Promise<CreatedToken>;
  revokeToken(id: string): Promise<void>;
  displays(signal?: AbortSignal): Promise<KioskDevice[]>;
  createDisplay(body: CreateDevice): Promise<DeviceLink>;
  updateDisplay(id: string, body: UpdateDevice): Promise<KioskDevice>;
  /** A new one-time link. */
  linkDisplay(id: string): Promise<DeviceLink>;
  revokeDisplay(id: string): Promise<void>;
}

export function createTokenApi(http: HttpClient): TokenApi {
  const api = createTypedClient(http);
  const at = (id: string) => ({ params: { path: { id } } });
  return {
    apiTokens: (all, signal) =>
      data(api.GET("/tokens", { params: { query: all ? { all: "1" } : {} }, signal: signal ?? null })),
    createToken: (body) => data(api.POST("/tokens", { body })),
    revokeToken: (id) => data(api.DELETE("/tokens/{id}", at(id))),
    displays: (signal) => data(api.GET("/devices", { signal: signal ?? null })),
    createDisplay: (body) => data(api.POST("/devices", { body })),
    updateDisplay: (id, body) => data(api.PATCH("/devices/{id}", { ...at(id), body })),
    linkDisplay: (id) => data(api.POST("/devices/{id}/link", at(id))),
    revokeDisplay: (id) => data(api.DELETE("/devices/{id}", at(id))),
  };
}
