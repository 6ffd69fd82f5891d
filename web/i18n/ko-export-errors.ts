import type { enExportErrors } from "./en-export-errors.ts";

/** Codes of exports: a part of `ko-errors.ts`. */
export const koExportErrors: Readonly<Record<keyof typeof enExportErrors, string>> = {
  export_not_found: "이 내보내기가 더 이상 없습니다.",
  export_bad_range: "끝은 시작보다 뒤여야 하며, 구간은 1년을 넘을 수 없습니다.",
  export_bad_spec: "함께 선택할 수 없는 항목입니다.",
  export_no_passphrase: "봉인 패키지에는 암호가 필요합니다.",
  export_too_many: "대기 중인 내보내기가 너무 많습니다. 일부가 끝난 뒤 다시 시도하세요.",
  export_not_ready: "패키지가 아직 완성되지 않았습니다.",
  export_busy: "내보내기가 막 시작되었거나 끝나는 중입니다. 잠시 뒤 다시 시도하세요.",
  export_expired: "패키지가 서버에서 삭제되었습니다. 다시 내보내세요.",
  export_no_footage: "이 시간대에는 영상이 없습니다.",
  export_key_revoked: "이 영상의 키가 폐기되었습니다. 더 이상 아무도 열 수 없습니다.",
  export_unsupported_codec: "이 카메라의 형식은 해당 파일에 담을 수 없습니다. 봉인 패키지를 선택하세요.",
  export_ffmpeg_missing:
    "서버가 이름과 시각을 새겨 넣을 수 없습니다. 서버에 FFmpeg가 없거나 drawtext 필터 또는 libx264가 없습니다.",
  export_watermark_failed: "FFmpeg가 이름과 시각을 새겨 넣지 못했습니다. 원인은 서버 로그에 있습니다.",
  export_unsafe_argument: "서버가 이 인수로 FFmpeg를 실행하지 않았습니다. 원인은 서버 로그에 있습니다.",
  export_disk_full: "서버에 패키지를 만들 공간이 부족합니다. 범위를 줄이거나 공간을 확보하세요.",
  export_right_lost: "이 내보내기를 요청한 사용자에게 더 이상 해당 영상 전체에 대한 권한이 없습니다.",
  export_interrupted: "이 내보내기를 처리하는 동안 서버가 여러 번 중지되었습니다.",
  export_failed: "내보내기에 실패했습니다. 원인은 서버 로그에 있습니다.",
};
