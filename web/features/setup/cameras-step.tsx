import { useQuery } from "@tanstack/react-query";
import { Radar, Search } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { EmptyState, SkeletonRows } from "../../ui/states.tsx";
import { DemoCameras } from "./demo-cameras.tsx";
import { DeviceList } from "./device-list.tsx";
import { StepFrame } from "./step-frame.tsx";
import { type CameraSearch, useCameraSearch } from "./use-camera-search.ts";
import type { StepProps } from "./welcome-page.tsx";

/** The first cameras: searched for, chosen, added with one user name and password for all of them. */
export function CamerasStep(props: StepProps): ReactNode {
  const { t } = useTranslation();
  const search = useCameraSearch();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const { devices, busy, error, searched } = search;
  const chosen = devices.filter((device) => device.chosen).length;
  return (
    <StepFrame {...props} title={t("setup.cameras.title")} lead={t("setup.cameras.lead")} action={t("setup.next")}>
      <div className="flex flex-wrap items-end gap-3">
        <Button
          type="button"
          variant={searched === undefined ? "primary" : "secondary"}
          busy={busy === "search"}
          disabled={busy !== undefined}
          onClick={() => void search.search()}
        >
          {busy !== "search" && <Search />}
          {busy === "search" ? t("setup.cameras.searching") : t("setup.cameras.search")}
        </Button>
        <RangeScan search={search} />
      </div>
      {error !== undefined && (
        <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
          {errorText(t, error)}
        </p>
      )}
      <div aria-live="polite" className="flex flex-col gap-3">
        {busy === "search" || busy === "scan" ? <SkeletonRows count={3} /> : null}
        {devices.length === 0 && searched !== undefined && busy === undefined && (
          <EmptyState icon={<Radar />} title={t("setup.cameras.none")} lead={t("setup.cameras.noneLead")} />
        )}
        {devices.length > 0 && <DeviceList devices={devices} disabled={busy !== undefined} onChange={search.change} />}
      </div>
      {devices.length > 0 && (
        <fieldset className="flex flex-wrap items-end gap-3 rounded-lg border border-line p-3">
          <legend className="px-1 text-fg-soft text-xs">{t("setup.cameras.login")}</legend>
          <Field label={t("setup.cameras.username")} className="min-w-40 flex-1">
            {(control) => (
              <Input
                {...control}
                name="camera-user"
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                maxLength={256}
                value={username}
                onChange={(event) => setUsername(event.target.value)}
              />
            )}
          </Field>
          <Field label={t("setup.cameras.password")} className="min-w-40 flex-1">
            {(control) => (
              <Input
                {...control}
                type="password"
                name="camera-password"
                autoComplete="new-password"
                maxLength={256}
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            )}
          </Field>
          <Button
            type="button"
            variant="primary"
            busy={busy === "add"}
            disabled={busy !== undefined || chosen === 0}
            onClick={() => void search.add({ username, password })}
          >
            {t("setup.cameras.add", { count: chosen })}
          </Button>
        </fieldset>
      )}
      <DemoCameras />
    </StepFrame>
  );
}

/** For networks that let no multicast through, and cameras that speak no ONVIF. */
function RangeScan({ search }: { readonly search: CameraSearch }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const networks = useQuery({ queryKey: ["setup", "networks"], queryFn: ({ signal }) => api.ownNetworks(signal) });
  const [typed, setTyped] = useState<string>();
  const [port, setPort] = useState("554");
  const range = typed ?? networks.data?.[0] ?? "";
  const validPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  const scan = (): void => void search.scan(range.trim(), Number(port));
  return (
    <div className="flex flex-wrap items-end gap-2">
      <Field label={t("setup.cameras.range")}>
        {(control) => (
          <Input
            {...control}
            className="w-48"
            list="setup-networks"
            placeholder="192.168.1.0/24"
            maxLength={64}
            spellCheck={false}
            value={range}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              if (validPort && range !== "" && search.busy === undefined) scan();
            }}
          />
        )}
      </Field>
      <datalist id="setup-networks">
        {networks.data?.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Field label={t("setup.cameras.port")}>
        {(control) => (
          <Input
            {...control}
            className="w-20"
            inputMode="numeric"
            maxLength={5}
            value={port}
            onChange={(event) => setPort(event.target.value)}
          />
        )}
      </Field>
      <Button
        type="button"
        busy={search.busy === "scan"}
        disabled={search.busy !== undefined || range === "" || !validPort}
        onClick={scan}
      >
        {t("setup.cameras.scan")}
      </Button>
    </div>
  );
}
