/** Where a command writes. Text is passed on as given: the caller adds line ends. */
export interface CliIo {
  /** Standard output: results, for people and for programs. */
  out(text: string): void;
  /** Standard error: messages about the run. */
  err(text: string): void;
}

/** The terminal of this process. */
export const processIo: CliIo = {
  out: (text) => {
    process.stdout.write(text);
  },
  err: (text) => {
    process.stderr.write(text);
  },
};
