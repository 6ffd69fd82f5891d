/** Threads of the process's I/O pool: libuv's own variable, read by libuv when the process starts. Its default is 4. */
export function ioThreads(env: NodeJS.ProcessEnv = process.env): number {
  const threads = Number(env.UV_THREADPOOL_SIZE);
  return Number.isInteger(threads) && threads >= 1 ? threads : 4;
}
