import { ENGLISH, type Sentences } from "../../shared/evidence/findings.ts";

/** Everything that the page says. */
export interface Words {
  readonly title: string;
  readonly other: string;
  readonly drop: string;
  readonly pickZip: string;
  readonly pickFolder: string;
  readonly offline: string;
  readonly checking: string;
  readonly intact: string;
  readonly intactMore: string;
  readonly changed: string;
  readonly changedMore: string;
  readonly unreadable: string;
  readonly compressed: string;
  readonly signer: string;
  readonly signerMore: string;
  readonly about: string;
  readonly name: string;
  readonly made: string;
  readonly by: string;
  readonly reason: string;
  readonly camera: string;
  readonly asked: string;
  readonly holds: string;
  readonly nothing: string;
  readonly gaps: string;
  readonly noGaps: string;
  readonly play: string;
  readonly pause: string;
  readonly passphrase: string;
  readonly open: string;
  readonly opened: string;
  readonly sealed: string;
  readonly cannotPlay: string;
  readonly cannotOpen: string;
  readonly noDecoder: string;
  readonly checked: string;
  readonly marked: string;
  readonly times: string;
  readonly findings: Sentences;
  readonly gapReasons: Readonly<Record<string, string>>;
}

const english: Words = {
  title: "Check an export package",
  other: "한국어",
  drop: "Drop the .zip file or its unpacked folder here.",
  pickZip: "Choose a .zip file",
  pickFolder: "Choose a folder",
  offline: "Everything happens on this computer. Nothing is sent anywhere; no network is needed.",
  checking: "Checking…",
  intact: "Nothing was changed.",
  intactMore: "Every file is exactly as it was when the package was made and signed.",
  changed: "This package was changed, or is not complete.",
  changedMore: "What is wrong:",
  unreadable: "This is no export package, or it is damaged: {detail}",
  compressed: "The package was packed anew. Unpack it and drop the folder here.",
  signer: "Signed with this key",
  signerMore:
    "Compare it with the key that the owner of the recording tells you. Only if they are equal does the package come from that system.",
  about: "About this package",
  name: "Title",
  made: "Made",
  by: "By",
  reason: "Reason",
  camera: "Camera",
  asked: "Asked for",
  holds: "Holds",
  nothing: "no footage",
  gaps: "Missing",
  noGaps: "nothing",
  play: "Play",
  pause: "Pause",
  passphrase: "Passphrase of the package",
  open: "Open",
  opened: "The seals of all {count} frames were checked.",
  sealed: "The recordings are sealed. With the passphrase the page checks the seal of every picture and plays them.",
  cannotPlay: "This browser cannot play the file. VLC can.",
  cannotOpen: "This recording cannot be played, it is damaged or not complete: {detail}",
  noDecoder: "This browser cannot decode {codec}.",
  checked: "Checked: the signature, and {files} files ({bytes} MB).",
  marked: "The pictures were encoded anew to burn a mark in.",
  times: "Times are UTC.",
  findings: ENGLISH,
  gapReasons: {
    "camera-offline": "camera offline",
    "frames-lost": "frames lost on the way",
    "clock-step": "the clock was set",
    "no-key": "no key",
    "recorder-overflow": "recorder overloaded",
    "storage-full": "storage full",
    "storage-failed": "storage failed",
    "storage-slow": "storage too slow",
    "server-stopped": "server was stopped",
    "media-restarted": "the recording thread was restarted",
    "not-recorded": "not recorded",
    "key-revoked": "key destroyed",
    "file-missing": "recording missing",
    "file-damaged": "recording damaged",
    damaged: "damaged",
  },
};

const korean: Words = {
  title: "내보낸 패키지 확인",
  other: "English",
  drop: ".zip 파일이나 압축을 푼 폴더를 여기에 끌어다 놓으십시오.",
  pickZip: ".zip 파일 선택",
  pickFolder: "폴더 선택",
  offline: "모든 작업은 이 컴퓨터에서만 이루어집니다. 아무것도 전송하지 않으며 네트워크가 필요 없습니다.",
  checking: "확인 중…",
  intact: "변경된 것이 없습니다.",
  intactMore: "모든 파일이 패키지를 만들고 서명했을 때와 똑같습니다.",
  changed: "이 패키지는 변경되었거나 완전하지 않습니다.",
  changedMore: "문제가 된 내용:",
  unreadable: "내보낸 패키지가 아니거나 손상되었습니다: {detail}",
  compressed: "다시 압축된 패키지입니다. 압축을 풀고 폴더를 끌어다 놓으십시오.",
  signer: "서명에 쓰인 키",
  signerMore: "영상 소유자가 알려 준 키와 비교하십시오. 두 키가 같아야 해당 시스템에서 나온 패키지입니다.",
  about: "패키지 정보",
  name: "제목",
  made: "만든 시각",
  by: "만든 사람",
  reason: "사유",
  camera: "카메라",
  asked: "요청 구간",
  holds: "포함 구간",
  nothing: "영상 없음",
  gaps: "누락",
  noGaps: "없음",
  play: "재생",
  pause: "일시 정지",
  passphrase: "패키지 암호",
  open: "열기",
  opened: "프레임 {count}개의 봉인을 모두 확인했습니다.",
  sealed: "영상이 봉인되어 있습니다. 암호를 입력하면 모든 화면의 봉인을 확인하고 재생합니다.",
  cannotPlay: "이 브라우저에서는 재생할 수 없습니다. VLC로 재생할 수 있습니다.",
  cannotOpen: "녹화가 손상되었거나 완전하지 않아 재생할 수 없습니다: {detail}",
  noDecoder: "이 브라우저는 {codec}을(를) 해독할 수 없습니다.",
  checked: "확인한 것: 서명, 파일 {files}개 ({bytes} MB).",
  marked: "워터마크를 넣기 위해 영상을 다시 인코딩했습니다.",
  times: "시각은 UTC입니다.",
  findings: {
    "package.hidden":
      ".zip 안에 목차에 없거나 목차와 다른 내용이 있습니다(바이트 위치 {at}). 다른 프로그램에서는 그 내용이 풀릴 수 있습니다.",
    "manifest.missing": "manifest.json이 없습니다. 내보낸 패키지가 아니거나 목록이 지워졌습니다.",
    "manifest.invalid": "manifest.json을 읽을 수 없습니다: {detail}.",
    "manifest.changed": "manifest.json이 서명된 뒤에 변경되었습니다.",
    "manifest.field": "목록에서 변경된 값: {what} (현재: {now}).",
    "signature.missing": "manifest.sig가 없습니다. 누가 만든 패키지인지 확인할 수 없습니다.",
    "signature.invalid": "manifest.sig가 올바르지 않습니다: {detail}.",
    "signer.other": "다른 키로 서명되었습니다: {expected} 대신 {found}.",
    "file.missing": "{file} 파일이 없습니다.",
    "file.extra": "{file} 파일은 이 패키지에 속하지 않습니다.",
    "file.duplicate": "{file} 파일이 두 번 이상 들어 있습니다.",
    "file.changed": "{file} 파일이 변경되었습니다. 서명된 체크섬과 다릅니다.",
    "file.shorter": "{file} 파일이 원래보다 {bytes}바이트 짧습니다. 일부가 잘려 나갔습니다.",
    "file.longer": "{file} 파일이 원래보다 {bytes}바이트 깁니다. 무언가가 추가되었습니다.",
    "file.frames": "{file} 파일의 화면 수가 {expected}개가 아니라 {found}개입니다 ({seconds}초 차이).",
    "file.unreadable": "{file} 파일을 읽을 수 없습니다: {detail}.",
    "segment.camera": "{file} 파일은 {expected}이(가) 아니라 {found} 카메라의 것입니다.",
    "segment.frames": "{file} 파일의 프레임은 {found}개이고 서명된 목록에는 {expected}개입니다.",
    "frame.damaged": "{file}: 프레임 {frames}개 중 {count}개가 열리지 않습니다. 변경되었거나 다른 카메라의 것입니다.",
    "keys.unusable": "keys.json을 사용할 수 없습니다: {detail}.",
    "passphrase.wrong": "암호가 맞지 않습니다.",
  },
  gapReasons: {
    "camera-offline": "카메라 연결 끊김",
    "frames-lost": "전송 중 프레임 손실",
    "clock-step": "시계 변경",
    "no-key": "키 없음",
    "recorder-overflow": "녹화 과부하",
    "storage-full": "저장 공간 부족",
    "storage-failed": "저장 장치 오류",
    "storage-slow": "저장 장치 지연",
    "server-stopped": "서버 정지",
    "media-restarted": "녹화 스레드 재시작",
    "not-recorded": "녹화되지 않음",
    "key-revoked": "키 폐기",
    "file-missing": "녹화 파일 없음",
    "file-damaged": "녹화 파일 손상",
    damaged: "손상",
  },
};

export const WORDS = { en: english, ko: korean } as const;

export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
