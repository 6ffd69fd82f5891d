import { customType, timestamp } from "drizzle-orm/pg-core";

/** Raw bytes. */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => "bytea",
  fromDriver: (value) => new Uint8Array(value),
});

/** An instant, UTC, as a Date. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
