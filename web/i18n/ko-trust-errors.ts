import type { enTrustErrors } from "./en-trust-errors.ts";

export const koTrustErrors: typeof enTrustErrors = {
  keys_unknown_key: "그 카메라와 날짜의 키가 없습니다.",
  keys_revoked: "이 키는 파기되었습니다.",
  keys_bad_recipient: "사용할 수 없는 공개 키입니다.",
  keys_bad_days: "날짜가 맞지 않습니다. 종료일이 시작일보다 앞서거나 기간이 너무 깁니다.",
  keys_bad_schedule: "1일에서 3650일 사이여야 합니다.",
  keys_in_use: "오늘의 키는 사용 중입니다. 지난 날짜를 선택하세요.",
  keys_locked: "이 기간의 영상은 증거 잠금 상태입니다.",
  audit_unavailable: "지금은 감사 기록을 쓸 수 없어 실행하지 않았습니다. 잠시 후 다시 시도하세요.",
  audit_bad_retention: "30일에서 36500일 사이여야 합니다.",
  config_not_found: "이 버전은 더 이상 없습니다.",
  config_changed_meanwhile: "그사이 구성이 바뀌었습니다. 다시 확인하세요.",
  config_nothing_to_do: "되돌릴 것이 없습니다.",
  config_not_possible: "되돌릴 수 없는 항목입니다.",
  config_not_fitting: "이 서버는 더 이상 이 설정을 받지 않습니다.",
  camera_exists: "이미 있는 카메라입니다.",
};
