import { parseArgs } from "node:util";
import { UsageError } from "./cli.ts";

/** What a flag takes; `boolean` flags take nothing. */
export type FlagKind = "string" | "integer" | "boolean";

export interface FlagSpec {
  readonly kind: FlagKind;
  /** Smallest and largest allowed value of an integer flag. */
  readonly min?: number;
  readonly max?: number;
  /** Allowed values of a string flag. */
  readonly oneOf?: readonly string[];
}

export type FlagValues = Record<string, string | number | boolean | undefined>;

function checkFlag(name: string, spec: FlagSpec, value: string | boolean): string | number | boolean {
  if (typeof value === "boolean") return value;
  if (spec.kind === "integer") {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec;
    const parsed = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(parsed >= min && parsed <= max)) {
      throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${value}".`);
    }
    return parsed;
  }
  if (spec.oneOf && !spec.oneOf.includes(value)) {
    throw new UsageError(`--${name} must be one of ${spec.oneOf.join(", ")}, not "${value}".`);
  }
  return value;
}

/**
 * Parses `--name value`, `--name=value` and `--switch`; positional arguments come back separately.
 * @throws UsageError naming the unknown flag, the missing value or the bad value.
 */
export function parseFlags(
  args: string[],
  specs: Record<string, FlagSpec>,
): { values: FlagValues; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { kind }]) => [
      name,
      { type: kind === "boolean" ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] };
  try {
    const result = parseArgs({ args, options, strict: true, allowPositionals: true });
    parsed = { values: { ...result.values } as Record<string, string | boolean>, positionals: result.positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const values: FlagValues = {};
  for (const [name, value] of Object.entries(parsed.values)) {
    const spec = specs[name];
    if (spec && value !== undefined) values[name] = checkFlag(name, spec, value);
  }
  return { values, positionals: parsed.positionals };
}
