import { FluxError } from "../../shared/lib/errors.ts";

/** A file beside the program's work folder: no path, no protocol, no option. Letters of any script. */
const FILE = /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u;
/** A mark whose text lies in a file of ours, then a time; quoted, and without anything that ends a filter. */
const STYLE = "[\\w=:\\\\/@.*-]*";
const DRAWN = `drawtext=(?:textfile=watermark\\.txt|text=x|text='[\\w%{}:\\\\ -]*')(?::expansion=none)?(?::font='[\\w\\\\:= ]*')?`;
const FILTER = new RegExp(`^${DRAWN}${STYLE}(?:,${DRAWN}${STYLE})?$`);

/** What FFmpeg may be told: each option with what may follow it. `undefined`: nothing follows. */
const OPTIONS: Readonly<Record<string, RegExp | undefined>> = {
  "-nostdin": undefined,
  "-hide_banner": undefined,
  "-y": undefined,
  "-loglevel": /^error$/,
  "-progress": /^pipe:1$/,
  "-protocol_whitelist": /^file$/,
  "-i": new RegExp(`${FILE.source}|^color=black:s=64x64:d=0\\.04$`, "u"),
  "-f": /^(mov|matroska|lavfi|null)$/,
  "-vf": FILTER,
  "-frames:v": /^1$/,
  "-c:v": /^libx264$/,
  "-c:a": /^copy$/,
  "-preset": /^veryfast$/,
  "-crf": /^20$/,
  "-pix_fmt": /^yuv420p$/,
  "-vsync": /^passthrough$/,
  "-map": /^0:(v:0|a\?)$/,
  "-map_metadata": /^0$/,
};

/**
 * The arguments, if FFmpeg may have every one of them: a list of what is allowed, not of what is not. FFmpeg opens
 * addresses, devices and other files through options, inputs and filters; a slip elsewhere must not become one of these.
 * Throws `export.unsafe_argument`.
 */
export function checkedArguments(args: readonly string[]): readonly string[] {
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (!Object.hasOwn(OPTIONS, argument)) {
      // The output: the only argument that belongs to no option.
      if (at === args.length - 1 && (FILE.test(argument) || argument === "-")) continue;
      throw refused(argument);
    }
    const allowed = OPTIONS[argument];
    if (allowed === undefined) continue;
    const value = args[++at] ?? "";
    if (!allowed.test(value) || /(font|text)file=(?!watermark\.txt)/.test(value)) throw refused(`${argument} ${value}`);
  }
  return args;
}

function refused(what: string): FluxError {
  return new FluxError("export.unsafe_argument", `FFmpeg is not given ${JSON.stringify(what.slice(0, 100))}`);
}
