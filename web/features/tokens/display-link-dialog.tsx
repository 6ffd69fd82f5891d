import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { encode } from "uqr";
import type { DeviceLink } from "../../../shared/api/tokens.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { CopyField } from "./copy-field.tsx";
import { useWhen } from "./use-tokens.ts";

/** The one-time link of a display, to be opened on it. The code follows the #: no server or proxy gets to see it. */
export function DisplayLinkDialog({
  link,
  onClose,
}: {
  readonly link: DeviceLink;
  readonly onClose: () => void;
}): ReactNode {
  const { t } = useTranslation();
  const when = useWhen();
  const address = `${location.origin}/display#${link.code}`;
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(next) => !next && onClose()}
      title={t("displays.linkTitle", { name: link.device.name })}
      description={t("displays.linkLead", { until: when(link.expiresAt) })}
      className="max-w-lg"
      footer={
        <Button variant="primary" onClick={onClose}>
          {t("common.close")}
        </Button>
      }
    >
      <div className="flex flex-col items-center gap-4">
        <QrCode text={address} label={t("displays.qr")} />
        <div className="w-full">
          <CopyField label={t("displays.link")} text={address} />
        </div>
        <p className="text-fg-muted text-xs">{t("displays.linkHow")}</p>
      </div>
    </Dialog>
  );
}

function QrCode({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const { data, size } = useMemo(() => encode(text, { ecc: "M", border: 3 }), [text]);
  const path = data
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")))
    .filter((part) => part !== "")
    .join("");
  // Always dark on light: readers expect it, whatever the theme.
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="size-56 rounded-md bg-white"
    >
      <path d={path} fill="#000" />
    </svg>
  );
}
