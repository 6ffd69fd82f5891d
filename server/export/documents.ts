import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Manifest } from "../../shared/evidence/manifest.ts";

/** From the source tree two folders up under dist/server; from a bundle in dist/server beside it. */
const PLACES = ["../../dist/server/verify.html", "./verify.html"];

/** The stand-alone page; undefined where it was not built. */
export async function readVerifierPage(): Promise<Uint8Array | undefined> {
  for (const place of PLACES) {
    try {
      return await readFile(fileURLToPath(new URL(place, import.meta.url)));
    } catch {
      // The next place.
    }
  }
  return undefined;
}

/** README.txt: what this is and how to check it, in both languages. */
export function readme(manifest: Omit<Manifest, "files">, keyFingerprint: string): string {
  const items = manifest.items.map(
    ({ cameraName, requested, files }) =>
      `  ${cameraName}\n    ${requested.start} - ${requested.end}\n    ${files.join("\n    ")}\n`,
  );
  const sealed = manifest.format === "sealed";
  return `${manifest.title}

Made by ${manifest.product.name} ${manifest.product.version} on ${manifest.createdAt} for ${manifest.exporter.name}.
${manifest.reason === "" ? "" : `Reason: ${manifest.reason}\n`}
HOW TO CHECK THIS PACKAGE
1. Open verify.html in a browser (Chrome, Edge, Firefox). It works without a network.
2. Drop the .zip file, or the unpacked folder, onto the page.
3. Green: nothing was changed since the export. Red: the page says what was.
   Compare the key that the page shows with the one the owner of the recording tells you:
   ${keyFingerprint}
${sealed ? "The recordings are sealed: the page asks for the passphrase that was chosen for the export.\n" : ""}
확인 방법
1. 브라우저(Chrome, Edge, Firefox)에서 verify.html을 엽니다. 네트워크가 필요 없습니다.
2. .zip 파일이나 압축을 푼 폴더를 페이지에 끌어다 놓습니다.
3. 녹색: 내보낸 뒤 바뀐 것이 없습니다. 빨간색: 무엇이 바뀌었는지 알려 줍니다.
   페이지에 표시된 키를 영상 소유자가 알려 준 키와 비교하십시오.
${sealed ? "영상은 봉인되어 있습니다. 내보낼 때 정한 암호를 페이지에 입력하십시오.\n" : ""}
CONTENTS
${items.join("")}
manifest.json lists every file with its checksum (SHA-256); manifest.sig is its signature (ECDSA P-256). Times are UTC.
`;
}
