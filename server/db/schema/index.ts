export { roleGrants, roles, userGroupMembers, userGroups } from "./access.ts";
export { auditCheckpoints, auditEntries } from "./audit.ts";
export { cameras, streams } from "./cameras.ts";
export { configObjects, configVersions } from "./config-versions.ts";
export {
  authFlows,
  externalIdentities,
  oidcProviders,
  passkeys,
  recoveryCodes,
  totpSecrets,
  userPreferences,
} from "./identity.ts";
export { meks, sealGenerations, settings, videoDeks } from "./keys.ts";
export {
  bookmarks,
  cameraEvents,
  caseItems,
  cases,
  evidenceLocks,
  exportJobs,
  recordingGaps,
  recordingPolicies,
  recordingRuns,
  revokedVideoKeys,
  segments,
  storageVolumes,
} from "./recording.ts";
export { removedCameras } from "./removed-cameras.ts";
export { segmentMoves } from "./tiers.ts";
export { apiTokens, kioskDevices } from "./tokens.ts";
export { layouts, sessions, setupTokens, users } from "./users.ts";
