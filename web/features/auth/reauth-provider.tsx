import { createContext, type ReactNode, useContext, useMemo, useRef, useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { ReauthDialog } from "./reauth-dialog.tsx";

/** Runs what the server may want a fresh proof for. */
export type Reauth = <T>(run: () => Promise<T>) => Promise<T>;

const ReauthContext = createContext<Reauth | undefined>(undefined);

/**
 * `reauth(run)`: runs it; where the server answers `auth.reauth_required`, asks the user to prove who they are and runs
 * it once more. Rejects with the server's refusal when the user closes the question.
 */
export function useReauth(): Reauth {
  const reauth = useContext(ReauthContext);
  if (reauth === undefined) throw new Error("ReauthProvider is missing");
  return reauth;
}

/** One question for the whole console, however many requests wait for its answer. */
export function ReauthProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const waiting = useRef<((proved: boolean) => void)[]>([]);
  const [open, setOpen] = useState(false);
  const reauth = useMemo<Reauth>(() => {
    const proved = (): Promise<boolean> =>
      new Promise((resolve) => {
        waiting.current.push(resolve);
        setOpen(true);
      });
    return async (run) => {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "auth.reauth_required") throw error;
        if (!(await proved())) throw error;
        return run();
      }
    };
  }, []);
  const settle = (proved: boolean): void => {
    setOpen(false);
    for (const resolve of waiting.current.splice(0)) resolve(proved);
  };
  return (
    <ReauthContext value={reauth}>
      {children}
      {open && <ReauthDialog onProved={() => settle(true)} onClose={() => settle(false)} />}
    </ReauthContext>
  );
}
