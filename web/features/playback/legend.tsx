import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { createPatterns, PALETTE } from "./patterns.ts";

const kinds = ["recorded", "event", "bookmark", "gap", "locked"] as const;
type Kind = (typeof kinds)[number];

/** What the bars mean, drawn with the timeline's own colours and hatchings. */
export function Legend(): ReactNode {
  const { t } = useTranslation();
  return (
    <ul className="flex flex-wrap items-center gap-x-4 gap-y-0.5 px-2 py-0.5 text-2xs text-fg-muted max-sm:hidden">
      {kinds.map((kind) => (
        <li key={kind} className="flex items-center gap-1.5">
          <Swatch kind={kind} />
          {t(`playback.legend.${kind}`)}
        </li>
      ))}
    </ul>
  );
}

const SIZE = { width: 20, height: 12 } as const;

function Swatch({ kind }: { readonly kind: Kind }): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const ratio = Math.min(3, devicePixelRatio);
    element.width = SIZE.width * ratio;
    element.height = SIZE.height * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const fill = (style: string | CanvasPattern): void => {
      context.fillStyle = style;
      context.fillRect(0, 0, SIZE.width, SIZE.height);
    };
    if (kind === "recorded") fill(PALETTE.recorded);
    else if (kind === "bookmark") {
      context.fillStyle = PALETTE.bookmark;
      context.beginPath();
      context.moveTo(4, 0);
      context.lineTo(14, 4);
      context.lineTo(4, 8);
      context.fill();
      context.fillRect(4, 0, 1.5, SIZE.height);
    } else {
      fill(PALETTE[`${kind}Ground`]);
      fill(createPatterns(context, ratio)[kind]);
    }
  }, [kind]);
  return <canvas ref={canvas} style={SIZE} aria-hidden="true" className="shrink-0 rounded-[2px]" />;
}
