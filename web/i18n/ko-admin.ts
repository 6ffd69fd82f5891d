import type { enAdmin } from "./en-admin.ts";

export const koAdmin: typeof enAdmin = {
  title: "관리",
  pagesNav: "관리 페이지",
  nothing: "관리할 수 있는 항목이 없습니다.",
  sections: {
    people: "사용자",
    devices: "장치 및 프로그램",
    recording: "녹화",
    trust: "신뢰",
  },
  pages: {
    users: "사용자",
    groups: "그룹",
    roles: "역할",
    rights: "유효 권한",
    sessions: "세션",
    signIn: "로그인",
    recording: "녹화",
    storage: "저장소",
    audit: "감사 기록",
    keys: "키",
    configuration: "구성",
    tokens: "API 토큰",
    displays: "월 디스플레이",
  },
};
