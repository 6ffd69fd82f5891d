import type { z } from "zod";
import type {
  DiscoveredCamera,
  FoundStreams,
  findStreamsRequest,
  ServerPlace,
  SetupProgress,
  scanRequest,
} from "../../shared/api/discovery.ts";
import type { HttpClient } from "./http-client.ts";

/** Routes of the first set-up and of finding cameras. */
export interface SetupApi {
  setupProgress(signal?: AbortSignal): Promise<SetupProgress>;
  setSetupStep(step: SetupProgress["step"]): Promise<void>;
  serverPlace(signal?: AbortSignal): Promise<ServerPlace>;
  setServerPlace(place: ServerPlace): Promise<void>;
  ownNetworks(signal?: AbortSignal): Promise<string[]>;
  /** Takes four seconds. */
  searchCameras(signal?: AbortSignal): Promise<DiscoveredCamera[]>;
  scanForCameras(body: z.input<typeof scanRequest>, signal?: AbortSignal): Promise<DiscoveredCamera[]>;
  findStreams(body: z.input<typeof findStreamsRequest>, signal?: AbortSignal): Promise<FoundStreams>;
}

export function createSetupApi(http: HttpClient): SetupApi {
  return {
    setupProgress: (signal) => http.request("GET", "/system/setup", { signal }),
    setSetupStep: (step) => http.request("PUT", "/system/setup", { body: { step } }),
    serverPlace: (signal) => http.request("GET", "/system/place", { signal }),
    setServerPlace: (body) => http.request("PUT", "/system/place", { body }),
    ownNetworks: (signal) => http.request("GET", "/discovery/networks", { signal }),
    searchCameras: (signal) => http.request("POST", "/discovery/search", { signal }),
    scanForCameras: (body, signal) => http.request("POST", "/discovery/scan", { body, signal }),
    findStreams: (body, signal) => http.request("POST", "/discovery/streams", { body, signal }),
  };
}
