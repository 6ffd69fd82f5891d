/** Codes of exports: a part of `en-errors.ts`. */
export const enExportErrors = {
  export_not_found: "This export no longer exists.",
  export_bad_range: "The end must lie after the start, and a range covers at most a year.",
  export_bad_spec: "These choices do not go together.",
  export_no_passphrase: "A sealed package needs a passphrase.",
  export_too_many: "Too many exports wait already. Try again when some of them have ended.",
  export_not_ready: "The package is not finished yet.",
  export_busy: "The export is just beginning or ending. Try again in a moment.",
  export_expired: "The package was removed from the server. Export again.",
  export_no_footage: "There is no footage in these times.",
  export_key_revoked: "The keys of this footage were destroyed: nobody can open it any more.",
  export_unsupported_codec: "This camera's format does not fit into such a file. Choose the sealed package.",
  export_ffmpeg_missing:
    "The server cannot burn in name and time: FFmpeg is missing there, or lacks the filter drawtext or libx264.",
  export_watermark_failed: "FFmpeg could not burn in name and time. The server's log says why.",
  export_unsafe_argument: "The server refused to run FFmpeg with these arguments. Its log says why.",
  export_disk_full: "There is not enough room on the server for the package. Take less, or ask for room to be made.",
  export_right_lost: "Whoever asked for this export may no longer have all of its footage.",
  export_interrupted: "The server was stopped several times while this export ran.",
  export_failed: "The export failed. The server's log says why.",
} as const;
