export { auditEntries } from "./audit.ts";
export { cameras, streams } from "./cameras.ts";
export { meks, sealGenerations, settings, videoDeks } from "./keys.ts";
export { cameraAccess, layouts, sessions, setupTokens, users } from "./users.ts";
