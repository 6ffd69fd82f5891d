import { CircleAlert, CircleCheck, EyeOff, LoaderCircle, MonitorX, PlugZap } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ProbeResponse } from "../../../shared/api/schemas.ts";
import { cn } from "../../ui/cn.ts";
import { codecName, formatRate } from "../live/format-figures.ts";
import { type PreviewResult, showKeyframe } from "./decode-keyframe.ts";

export type ProbeState =
  | { readonly status: "idle" }
  | { readonly status: "running" }
  | { readonly status: "done"; readonly probe: ProbeResponse }
  | { readonly status: "failed"; readonly message: string };

/** What "test connection" found: a picture, or the reason why there is none, and the facts of the stream. */
export function ProbePanel({ state }: { readonly state: ProbeState }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-3">
      <div
        aria-live="polite"
        className="relative grid aspect-video w-full place-items-center overflow-hidden rounded-md border border-line bg-canvas"
      >
        {state.status === "idle" && <Note icon={<PlugZap />}>{t("cameras.test.idle")}</Note>}
        {state.status === "running" && (
          <Note icon={<LoaderCircle className="animate-spin" />}>{t("cameras.test.running")}</Note>
        )}
        {state.status === "failed" && (
          <Note icon={<CircleAlert className="text-danger" />} title={t("cameras.test.failed")}>
            {state.message}
          </Note>
        )}
        {state.status === "done" &&
          (state.probe.keyframe === "" ? (
            <Note icon={<EyeOff />}>{t("cameras.test.noRight")}</Note>
          ) : (
            <Preview probe={state.probe} />
          ))}
      </div>
      {state.status === "done" && <Facts probe={state.probe} />}
    </div>
  );
}

function Note(props: { readonly icon: ReactNode; readonly title?: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex max-w-full flex-col items-center gap-1.5 p-4 text-center text-fg-muted text-xs [&_svg]:size-6 [&_svg]:stroke-[1.5]">
      {props.icon}
      {props.title !== undefined && <span className="font-medium text-fg text-sm">{props.title}</span>}
      <span className="line-clamp-4 [overflow-wrap:anywhere]">{props.children}</span>
    </div>
  );
}

function Preview({ probe }: { readonly probe: ProbeResponse }): ReactNode {
  const { t } = useTranslation();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [result, setResult] = useState<PreviewResult>();
  useEffect(() => {
    let gone = false;
    setResult(undefined);
    if (canvas.current !== null) {
      void showKeyframe(canvas.current, probe).then((next) => {
        if (!gone) setResult(next);
      });
    }
    return () => {
      gone = true;
    };
  }, [probe]);
  return (
    <>
      <canvas ref={canvas} className={cn("size-full object-contain", result?.ok !== true && "invisible")} />
      {result?.ok !== true && (
        <div className="absolute inset-0 grid place-items-center">
          {result === undefined ? (
            <Note icon={<LoaderCircle className="animate-spin" />}>{t("cameras.test.decoding")}</Note>
          ) : result.why === "no-decoder" ? (
            <Note icon={<MonitorX className="text-warn" />}>{t("cameras.test.noDecoder")}</Note>
          ) : result.why === "codec-unsupported" ? (
            <Note icon={<MonitorX className="text-warn" />}>
              {t("cameras.test.cannotDecode", { codec: codecName(probe.format.codecString) })}
            </Note>
          ) : (
            <Note icon={<CircleAlert className="text-warn" />}>
              {t("cameras.test.decodeFailed", { reason: result.reason })}
            </Note>
          )}
        </div>
      )}
    </>
  );
}

function Facts({ probe }: { readonly probe: ProbeResponse }): ReactNode {
  const { t } = useTranslation();
  const { format, audioFormat } = probe;
  const audio =
    audioFormat === null
      ? t("common.none")
      : `${codecName(audioFormat.codec)}${audioFormat.sampleRate ? `, ${audioFormat.sampleRate / 1000} kHz` : ""}`;
  const facts: [string, string][] = [
    [t("cameras.test.facts.codec"), `${codecName(format.codec)} (${format.codecString})`],
    [t("cameras.test.facts.resolution"), `${format.width} × ${format.height}`],
    [t("cameras.test.facts.fps"), t("status.fps", { value: probe.measuredFps.toFixed(1) })],
    [t("cameras.test.facts.rate"), formatRate(t, probe.measuredKbps)],
    [t("cameras.test.facts.audio"), audio],
    [t("cameras.test.facts.transport"), probe.transport.toUpperCase()],
    [t("cameras.test.facts.firstPicture"), t("status.ms", { value: Math.round(probe.firstFrameMs) })],
    [t("cameras.test.facts.server"), probe.server ?? "–"],
  ];
  return (
    <div>
      <p className="mb-2 flex items-center gap-1.5 font-medium text-ok text-xs">
        <CircleCheck className="size-3.5" aria-hidden="true" />
        {t("cameras.test.ok")}
      </p>
      <dl className="nums grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-fg-muted">{name}</dt>
            <dd className="min-w-0 text-right [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
