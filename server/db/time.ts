import { type Micros, micros } from "../../shared/lib/time.ts";

/** Instants in the database have millisecond precision where they pass through a Date. */
export function toDate(instant: Micros): Date {
  return new Date(Math.floor(instant / 1000));
}

export function fromDate(date: Date): Micros {
  return micros(date.getTime() * 1000);
}
