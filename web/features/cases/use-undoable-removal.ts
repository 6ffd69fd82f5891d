import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";

interface UndoableRemovalParts {
  /** What the toast says. */
  readonly text: string;
  readonly remove: (id: string) => Promise<void>;
  readonly onDone: () => Promise<void>;
}

interface UndoableRemoval {
  /** Hidden already, and still to be had back. */
  readonly pending: ReadonlySet<string>;
  readonly start: (id: string) => void;
}

const PATIENCE_MS = millis(6_000);

/**
 * Removes after a while in which it can be taken back: what comes back is the thing itself, with who made it and when.
 * Leaving the page removes at once; a tab that is closed meanwhile removes nothing.
 */
export function useUndoableRemoval({ text, remove, onDone }: UndoableRemovalParts): UndoableRemoval {
  const { t } = useTranslation();
  const { clock } = useServices();
  const [pending, setPending] = useState<ReadonlySet<string>>(new Set());
  const timers = useRef(new Map<string, Timer>());
  const parts = useRef({ remove, onDone, t });
  parts.current = { remove, onDone, t };

  const forget = (id: string): void => setPending((before) => new Set([...before].filter((one) => one !== id)));
  const finish = (id: string): void => {
    timers.current.get(id)?.cancel();
    if (!timers.current.delete(id)) return;
    const { remove: removeNow, onDone: done, t: translate } = parts.current;
    removeNow(id)
      .then(done)
      .catch((error: unknown) => toast.error(errorText(translate, error)))
      .finally(() => forget(id));
  };
  const latest = useRef(finish);
  latest.current = finish;
  useEffect(() => {
    const waiting = timers.current;
    return () => {
      for (const id of [...waiting.keys()]) latest.current(id);
    };
  }, []);

  return {
    pending,
    start: (id) => {
      setPending((before) => new Set([...before, id]));
      timers.current.set(
        id,
        clock.after(PATIENCE_MS, () => latest.current(id)),
      );
      toast(text, {
        duration: PATIENCE_MS,
        action: {
          label: t("common.undo"),
          onClick: () => {
            timers.current.get(id)?.cancel();
            timers.current.delete(id);
            forget(id);
          },
        },
      });
    },
  };
}
