/** What goes wrong with keys, the audit trail and versions: a part of `en-errors.ts`. */
export const enTrustErrors = {
  keys_unknown_key: "There is no key of that camera and day.",
  keys_revoked: "This key was destroyed.",
  keys_bad_recipient: "This is not a usable public key.",
  keys_bad_days: "The days do not fit: the last lies before the first, or there are too many.",
  keys_bad_schedule: "From 1 to 3650 days.",
  keys_in_use: "Today's key is in use. Choose days that are over.",
  keys_locked: "Footage of these days is under an evidence lock.",
  audit_unavailable: "The audit trail cannot be written now, so this was not done. Try again shortly.",
  audit_bad_retention: "From 30 to 36500 days.",
  config_not_found: "This version no longer exists.",
  config_changed_meanwhile: "The configuration was changed meanwhile. Look at it again.",
  config_nothing_to_do: "There is nothing to bring back.",
  config_not_possible: "This cannot be brought back.",
  config_not_fitting: "This server no longer takes these settings.",
  camera_exists: "There is such a camera already.",
};
