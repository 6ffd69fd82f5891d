/** Exit codes of `verify`, for scripts: documented in docs/evidence.md. */
export const VERIFY_EXIT = { intact: 0, faults: 1, usage: 2, unreadable: 3 } as const;
