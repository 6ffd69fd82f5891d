const MAX_LINE = 4096;

/** Lines of a stream, one at a time; an empty one at its end. Secrets come this way: arguments can be seen by others. */
export function readLine(stdin: AsyncIterable<Buffer>): { next(): Promise<string> } {
  const source = stdin[Symbol.asyncIterator]();
  let rest = "";
  return {
    async next() {
      while (!rest.includes("\n") && rest.length <= MAX_LINE) {
        const { done, value } = await source.next();
        if (done === true) break;
        rest += value.toString("utf8");
      }
      const [line = "", ...more] = rest.split("\n");
      rest = more.join("\n");
      return line.replace(/\r$/, "");
    },
  };
}
