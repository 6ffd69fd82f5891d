export const rulesKeys = { settings: ["identity", "settings"], providers: ["identity", "providers"] } as const;
