import type { Socket } from "node:net";

export interface GateLimits {
  readonly total: number;
  /** Of one address (of an IPv6 network of /64): an office behind one address has many. */
  readonly perOwner: number;
}

interface Entry {
  readonly socket: Socket;
  readonly owner: string | undefined;
}

interface Owner {
  count: number;
  /** Those that have asked for nothing, or not to the end; longest first. */
  readonly idle: Set<Entry>;
}

/**
 * Bounds the open connections. Where there is no room, the connection that has been idle longest makes way: a flood of
 * sockets that say nothing, or nothing more, shuts nobody out. Those that are busy have limits of their own.
 */
export class ConnectionGate {
  readonly #limits: GateLimits;
  readonly #owners = new Map<string, Owner>();
  readonly #idle = new Set<Entry>();
  readonly #entries = new Map<string, Entry>();
  #total = 0;
  #evicted = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Connections that had to make way, and newcomers for which none could. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Takes a new connection in, or destroys it. `owner` undefined: a proxy of ours, counted in the total only. */
  enter(socket: Socket, owner: string | undefined): boolean {
    const known = owner === undefined ? undefined : this.#owners.get(owner);
    const overOwn = known !== undefined && known.count >= this.#limits.perOwner;
    if ((overOwn && !this.#evict(known.idle)) || (this.#total >= this.#limits.total && !this.#evict(this.#idle))) {
      this.#evicted++;
      socket.destroy();
      return false;
    }
    const entry = { socket, owner };
    const key = keyOf(socket);
    this.#total++;
    this.#idle.add(entry);
    this.#entries.set(key, entry);
    if (owner !== undefined) {
      const counted = this.#owners.get(owner) ?? { count: 0, idle: new Set<Entry>() };
      counted.count++;
      counted.idle.add(entry);
      this.#owners.set(owner, counted);
    }
    let gone = false;
    const leave = (): void => {
      if (gone) return;
      gone = true;
      this.#leave(entry, key);
    };
    this.#leaves.set(entry, leave);
    socket.once("close", leave);
    return true;
  }

  /** The connection has asked for something, to the end: it stays. By its peer, since TLS puts another socket on top. */
  busy(socket: Socket): void {
    const entry = this.#entries.get(keyOf(socket));
    if (!entry) return;
    this.#idle.delete(entry);
    if (entry.owner !== undefined) this.#owners.get(entry.owner)?.idle.delete(entry);
  }

  /** It was answered, and is kept for the next request. */
  idle(socket: Socket): void {
    const entry = this.#entries.get(keyOf(socket));
    if (!entry || entry.socket.destroyed) return;
    this.#idle.add(entry);
    if (entry.owner !== undefined) this.#owners.get(entry.owner)?.idle.add(entry);
  }

  readonly #leaves = new WeakMap<Entry, () => void>();

  #evict(idle: Set<Entry>): boolean {
    const [oldest] = idle;
    if (!oldest) return false;
    this.#evicted++;
    this.#leaves.get(oldest)?.();
    oldest.socket.destroy();
    return true;
  }

  #leave(entry: Entry, key: string): void {
    this.#total--;
    this.#idle.delete(entry);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    if (entry.owner === undefined) return;
    const owner = this.#owners.get(entry.owner);
    if (!owner) return;
    owner.count--;
    owner.idle.delete(entry);
    if (owner.count === 0) this.#owners.delete(entry.owner);
  }
}

/** A peer's address and port with our port name a connection. */
function keyOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
