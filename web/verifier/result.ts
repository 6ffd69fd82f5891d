import { sentence } from "../../shared/evidence/findings.ts";
import type { Manifest } from "../../shared/evidence/manifest.ts";
import type { VerifyReport } from "../../shared/evidence/verify.ts";
import { el } from "./dom.ts";
import { fill, type Words } from "./words.ts";

const MEGABYTE = 1e6;

/** The verdict, what is wrong, who signed, and what the package says of itself. */
export function result(report: VerifyReport, words: Words): HTMLElement {
  const { ok, findings, manifest, signer, checkedFiles, checkedBytes, openedFrames } = report;
  const verdict = el(
    "div",
    { className: `verdict ${ok ? "ok" : "bad"}` },
    el("strong", { textContent: ok ? words.intact : words.changed }),
    ok ? words.intactMore : words.changedMore,
  );
  verdict.setAttribute("role", "status");
  verdict.dataset.ok = String(ok);
  const faults = el(
    "ul",
    { className: "faults" },
    ...findings.map((finding) => {
      const line = el("li", { textContent: sentence(finding, words.findings) });
      line.dataset.code = finding.code;
      return line;
    }),
  );
  const bytes = (checkedBytes / MEGABYTE).toFixed(1);
  return el(
    "section",
    {},
    verdict,
    findings.length > 0 ? faults : undefined,
    el("p", { textContent: fill(words.checked, { files: checkedFiles, bytes }) }),
    openedFrames > 0 ? el("p", { textContent: fill(words.opened, { count: openedFrames }) }) : undefined,
    signer === undefined
      ? undefined
      : el(
          "div",
          { className: "note" },
          el("strong", { textContent: words.signer }),
          el("div", { className: "key", textContent: signer }),
          words.signerMore,
        ),
    manifest ? about(manifest, words) : undefined,
  );
}

function about(manifest: Manifest, words: Words): HTMLElement {
  const row = (name: string, value: string): HTMLElement =>
    el("tr", {}, el("th", { textContent: name }), el("td", { textContent: value }));
  const time = (text: string): string => text.replace("T", " ").replace(/\.000Z$|Z$/, "");
  const range = (at: { readonly start: string; readonly end: string }): string => `${time(at.start)} – ${time(at.end)}`;
  const general = el(
    "table",
    {},
    row(words.name, manifest.title),
    row(words.made, time(manifest.createdAt)),
    row(words.by, manifest.exporter.name),
    manifest.reason === "" ? undefined : row(words.reason, manifest.reason),
  );
  const items = manifest.items.map((item) => {
    const gaps = item.gaps.map(({ startMicros, endMicros, reason }) => {
      return `${((endMicros - startMicros) / 1e6).toFixed(1)} s: ${words.gapReasons[reason] ?? reason}`;
    });
    return el(
      "table",
      {},
      row(words.camera, `${item.cameraName} (${item.role})`),
      row(words.asked, range(item.requested)),
      row(words.holds, item.contained ? range(item.contained) : words.nothing),
      row(words.gaps, gaps.length > 0 ? gaps.join(", ") : words.noGaps),
    );
  });
  return el(
    "div",
    {},
    el("h2", { textContent: words.about }),
    el("p", { textContent: manifest.watermark ? `${words.times} ${words.marked}` : words.times }),
    general,
    ...items.flatMap((table) => [el("br"), table]),
  );
}
