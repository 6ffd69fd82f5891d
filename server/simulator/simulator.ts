import { once } from "node:events";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type Clock, systemClock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { Scope } from "../../shared/lib/scope.ts";
import type { Micros } from "../../shared/lib/time.ts";
import type { Clip } from "./annexb-clip.ts";
import type { AuthScheme, Credentials } from "./authentication.ts";
import { type ClipLibrary, openClipLibrary } from "./clip-library.ts";
import { RtspConnection, type StreamTarget } from "./connection.ts";
import { type Fault, FaultSet, seededRandom } from "./faults.ts";
import { TemplateStore } from "./frame-template.ts";
import { Pacer } from "./pacer.ts";
import { SimulatedStream } from "./stream.ts";
import type { AllowedTransport } from "./transport-header.ts";
import { openUdpPair } from "./udp-pair.ts";

export type StreamName = "main" | "sub";

export interface SimulatorOptions {
  /** Listening address, default 127.0.0.1. */
  readonly host?: string;
  /** TCP port, default 0: any free one. */
  readonly port?: number;
  /** Number of cameras, default 1; scenes repeat when there are fewer. */
  readonly cameras?: number;
  /** Plays these clips on every camera instead of the scenes (for example `stamp-360p30.h264`). */
  readonly clips?: { readonly main: string; readonly sub: string };
  readonly user?: string;
  readonly password?: string;
  /** Offered when a user is set; default digest with SHA-256 and MD5, then basic. */
  readonly schemes?: readonly AuthScheme[];
  /** Transports that SETUP accepts, default any. */
  readonly transport?: AllowedTransport;
  /** Serves RTSPS with this PEM key and certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Announced in SETUP; a connection silent for 1.5 times as long is closed. Default 60. */
  readonly sessionTimeoutSeconds?: number;
  /** SDP control attributes as whole URLs instead of relative ones. */
  readonly absoluteControlUrls?: boolean;
  /** RTP timestamps start over with every round of the clip. */
  readonly restartTimestamps?: boolean;
  /** Seed of SSRCs, first sequence numbers and losses; default 1, so that runs repeat. */
  readonly seed?: number;
  readonly clock?: Clock;
}

/** One simulated camera, counted from 1. */
export interface SimulatedCamera {
  readonly number: number;
  /** The scene's name, as burnt into its pictures. */
  readonly name: string;
  /** Starts a fault; faults of other kinds stay. Resolves when it is in force. */
  fault(fault: Fault): Promise<void>;
  /** Ends all lasting faults. */
  heal(): void;
  /** Clients that are playing, both streams together. */
  clientCount(): number;
}

export interface Simulator {
  readonly port: number;
  readonly cameras: readonly SimulatedCamera[];
  camera(number: number): SimulatedCamera;
  /** RTSP URL; with the user and password when `withCredentials`. */
  url(camera: number, stream: StreamName, withCredentials?: boolean): string;
  /** UTC when the picture with this index in its clip was last sent; undefined if it was not yet. */
  sentAt(camera: number, frameIndex: number, stream?: StreamName): Micros | undefined;
  /** Cuts all connections and frees the ports. */
  close(): Promise<void>;
}

interface CameraParts {
  readonly faults: FaultSet;
  readonly streams: Record<StreamName, SimulatedStream>;
  readonly camera: SimulatedCamera;
}

const pathOf = (camera: number, stream: StreamName): string => `/cam${String(camera).padStart(2, "0")}/${stream}`;
const defaultSchemes: readonly AuthScheme[] = ["digest-sha-256", "digest-md5", "basic"];

function credentialsOf(options: SimulatorOptions): Credentials | undefined {
  const { user, password = "", schemes = defaultSchemes } = options;
  return user === undefined ? undefined : { user, password, schemes };
}

async function listen(options: SimulatorOptions, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = options.tls ? createTlsServer(options.tls, onConnection) : createTcpServer(onConnection);
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    throw new FluxError("simulator.listen_failed", `Port ${options.port} cannot be opened`, { cause: error });
  }
  return server;
}

/**
 * Starts an RTSP server that plays clips as cameras do.
 * @throws FluxError `simulator.listen_failed`, `simulator.no_ports`, `simulator.unknown_clip`
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = options.clock ?? systemClock();
  const scope = new Scope();
  const library = await openClipLibrary();
  const pacer = scope.own(new Pacer(clock));
  const templates = new TemplateStore();
  const random = seededRandom(options.seed ?? 1);
  const connections = new Set<RtspConnection>();

  const makeStream = (clip: Clip, faults: FaultSet, cname: string): SimulatedStream => {
    const restartTimestamps = options.restartTimestamps ?? false;
    return new SimulatedStream({ clip, clock, pacer, templates, faults, cname, random, restartTimestamps });
  };
  const makeCamera = async (number: number): Promise<CameraParts> => {
    const scene = sceneOf(library, number, options);
    const faults = new FaultSet();
    const streams = {
      main: makeStream(await library.clip(scene.main), faults, `cam${number}-main`),
      sub: makeStream(await library.clip(scene.sub), faults, `cam${number}-sub`),
    };
    const cut = (): void => {
      for (const connection of connections) if (connection.target?.faults === faults) connection.destroy();
    };
    const camera: SimulatedCamera = {
      number,
      name: scene.name,
      fault: (fault) => applyFault(fault, { faults, streams, library, cut }),
      heal: () => faults.clear(),
      clientCount: () => streams.main.clientCount + streams.sub.clientCount,
    };
    return { faults, streams, camera };
  };

  const cameras: CameraParts[] = [];
  const targets = new Map<string, StreamTarget>();
  for (let number = 1; number <= (options.cameras ?? 1); number += 1) {
    const parts = await makeCamera(number);
    cameras.push(parts);
    for (const name of ["main", "sub"] as const) {
      targets.set(pathOf(number, name), { stream: parts.streams[name], faults: parts.faults });
    }
  }

  const udp = scope.own(await openUdpPair(options.host ?? "127.0.0.1"));
  const server = await listen(options, (socket) => {
    const connection = new RtspConnection(socket, {
      clock,
      resolve: (path) => targets.get(path),
      credentials: credentialsOf(options),
      transport: options.transport ?? "any",
      udp,
      sessionTimeoutSeconds: options.sessionTimeoutSeconds ?? 60,
      absoluteControlUrls: options.absoluteControlUrls ?? false,
    });
    connections.add(connection);
    socket.on("close", () => connections.delete(connection));
  }).catch(async (error: unknown) => {
    await scope.close();
    throw error;
  });
  scope.add(async () => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    for (const connection of connections) connection.destroy();
    await closed;
  });

  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const partsOf = (number: number): CameraParts => {
    const parts = cameras[number - 1];
    if (!parts) throw new FluxError("simulator.unknown_camera", `There is no camera ${number}`);
    return parts;
  };
  return {
    port,
    cameras: cameras.map(({ camera }) => camera),
    camera: (number) => partsOf(number).camera,
    url: (number, stream, withCredentials = false) => {
      partsOf(number);
      const secret = withCredentials && options.user !== undefined;
      const user = secret
        ? `${encodeURIComponent(options.user ?? "")}:${encodeURIComponent(options.password ?? "")}@`
        : "";
      return `${options.tls ? "rtsps" : "rtsp"}://${user}${options.host ?? "127.0.0.1"}:${port}${pathOf(number, stream)}`;
    },
    sentAt: (number, frameIndex, stream = "main") => partsOf(number).streams[stream].sentAt(frameIndex),
    close: () => scope.close(),
  };
}

function sceneOf(
  library: ClipLibrary,
  number: number,
  options: SimulatorOptions,
): { name: string; main: string; sub: string } {
  if (options.clips) return { name: `Camera ${number}`, ...options.clips };
  const { scenes } = library;
  const scene = scenes[(number - 1) % scenes.length];
  if (!scene) throw new FluxError("simulator.unknown_clip", "The clip folder lists no scenes");
  return scene;
}

interface FaultParts {
  readonly faults: FaultSet;
  readonly streams: Record<StreamName, SimulatedStream>;
  readonly library: ClipLibrary;
  readonly cut: () => void;
}

async function applyFault(fault: Fault, { faults, streams, library, cut }: FaultParts): Promise<void> {
  const both = Object.values(streams);
  switch (fault.kind) {
    case "timestamp-jump":
      for (const stream of both) stream.jumpTimestamp(fault.ticks90k);
      return;
    case "sequence-wrap":
      for (const stream of both) stream.moveToSequenceWrap();
      return;
    case "switch-clip": {
      const clip = await library.clip(fault.clip);
      for (const stream of both) stream.switchClip(clip);
      return;
    }
    case "disconnect":
      return cut();
    default:
      faults.set(fault);
      // A camera that refuses also drops the connections it has.
      if (fault.kind === "refuse" || fault.kind === "wrong-password") cut();
  }
}
