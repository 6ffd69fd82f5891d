export interface AdmissionLimits {
  readonly total: number;
  /** Many users may sit behind one address. */
  readonly perAddress: number;
}

export const DEFAULT_ADMISSION: AdmissionLimits = { total: 2048, perAddress: 128 };

/** Counts live connections, over all transports. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: AdmissionLimits = DEFAULT_ADMISSION) {
    this.#limits = limits;
  }

  /** Returns the release, which may be called once; undefined when the limit is reached. */
  enter(address: string): (() => void) | undefined {
    const count = this.#byAddress.get(address) ?? 0;
    if (this.#total >= this.#limits.total || count >= this.#limits.perAddress) return undefined;
    this.#total++;
    this.#byAddress.set(address, count + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#total--;
      const now = (this.#byAddress.get(address) ?? 1) - 1;
      if (now <= 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, now);
    };
  }
}
