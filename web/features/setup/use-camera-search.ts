import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { DiscoveredCamera } from "../../../shared/api/discovery.ts";
import { queryKeys } from "../../api/queries.ts";
import { useServices } from "../../app/services.ts";

/** How far it has come with one device. */
export type DeviceState =
  | { readonly kind: "found" | "known" | "adding" | "added" }
  | { readonly kind: "failed"; readonly error: unknown };

export interface Device extends DiscoveredCamera {
  readonly key: string;
  /** As the camera will be called. */
  readonly title: string;
  readonly chosen: boolean;
  readonly state: DeviceState;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface CameraSearch {
  readonly devices: readonly Device[];
  /** Undefined: nothing was searched for yet. */
  readonly searched: "onvif" | "scan" | undefined;
  readonly busy: "search" | "scan" | "add" | undefined;
  readonly error: unknown;
  search(): Promise<void>;
  scan(range: string, port: number): Promise<void>;
  change(key: string, change: Partial<Pick<Device, "title" | "chosen">>): void;
  /** Looks for the streams of each chosen device, one after the other, and adds it. */
  add(login: Login): Promise<void>;
}

export function deviceOf(found: DiscoveredCamera): Device {
  const title = [found.name, found.model].filter((text) => text !== "").join(" ") || `${found.address}`;
  return {
    ...found,
    key: `${found.address} ${found.port}`,
    title: title.slice(0, 100),
    chosen: !found.known,
    state: { kind: found.known ? "known" : "found" },
  };
}

/** What is there already stays as it is: it may have been added, or been given a name. */
export function merged(before: readonly Device[], found: readonly DiscoveredCamera[]): Device[] {
  const keys = new Set(before.map(({ key }) => key));
  return [...before, ...found.map(deviceOf).filter(({ key }) => !keys.has(key))];
}

/** Searching for cameras and adding those that were chosen. */
export function useCameraSearch(): CameraSearch {
  const { api } = useServices();
  const queries = useQueryClient();
  const [devices, setDevices] = useState<readonly Device[]>([]);
  const [searched, setSearched] = useState<CameraSearch["searched"]>();
  const [busy, setBusy] = useState<CameraSearch["busy"]>();
  const [error, setError] = useState<unknown>();

  const find = async (kind: "search" | "scan", run: () => Promise<DiscoveredCamera[]>): Promise<void> => {
    setBusy(kind);
    setError(undefined);
    try {
      const found = await run();
      setDevices((before) => merged(before, found));
      setSearched(kind === "scan" ? "scan" : "onvif");
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(undefined);
    }
  };
  const change = (key: string, part: Partial<Device>): void =>
    setDevices((before) => before.map((device) => (device.key === key ? { ...device, ...part } : device)));

  const addOne = async (device: Device, { username, password }: Login): Promise<void> => {
    change(device.key, { state: { kind: "adding" } });
    const login = { ...(username === "" ? {} : { username }), ...(password === "" ? {} : { password }) };
    try {
      const about = [device.manufacturer, device.name, device.model].join(" ");
      const { url, subUrl } = await api.findStreams({ address: device.address, port: device.port, about, ...login });
      await api.createCamera({ name: device.title, url, ...(subUrl === null ? {} : { subUrl }), ...login });
      change(device.key, { state: { kind: "added" }, chosen: false });
    } catch (caught) {
      change(device.key, { state: { kind: "failed", error: caught } });
    }
  };

  return {
    devices,
    searched,
    busy,
    error,
    search: () => find("search", () => api.searchCameras()),
    scan: (range, port) => find("scan", () => api.scanForCameras({ range, port })),
    change,
    async add(login) {
      setBusy("add");
      for (const device of devices) if (device.chosen) await addOne(device, login);
      setBusy(undefined);
      await queries.invalidateQueries({ queryKey: queryKeys.cameras });
    },
  };
}
