/** Under which the inventory is kept. */
export const KEYS_KEY = ["keys", "inventory"] as const;
