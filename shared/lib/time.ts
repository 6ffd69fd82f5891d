/** Branded units: a bare number never says whether it is milliseconds or microseconds. */
declare const unit: unique symbol;

/** Microseconds. As an instant: since the Unix epoch, UTC. Exact in a double until the year 2255. */
export type Micros = number & { readonly [unit]: "micros" };
/** Milliseconds. */
export type Millis = number & { readonly [unit]: "millis" };

export function micros(value: number): Micros {
  return Math.round(value) as Micros;
}
export function millis(value: number): Millis {
  return value as Millis;
}
export function millisToMicros(value: Millis): Micros {
  return Math.round(value * 1000) as Micros;
}
export function microsToMillis(value: Micros): Millis {
  return (value / 1000) as Millis;
}
