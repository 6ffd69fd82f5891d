import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { errorText } from "../../app/error-text.ts";
import { UndoableRemovals } from "./undoable-removals.ts";

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

const PATIENCE_MS = 6_000;

/**
 * Removes when the toast with the way back is over, which waits while the pointer is on it: what comes back is the thing
 * itself, with who made it and when. Leaving the page removes at once; a tab that is closed meanwhile removes nothing.
 */
export function useUndoableRemoval(parts: UndoableRemovalParts): UndoableRemoval {
  const { t } = useTranslation();
  const [pending, setPending] = useState<ReadonlySet<string>>(new Set());
  const latest = useRef({ ...parts, t });
  latest.current = { ...parts, t };
  const [removals] = useState(
    () =>
      new UndoableRemovals({
        offer: ({ undo, over }) =>
          toast(latest.current.text, {
            duration: PATIENCE_MS,
            action: { label: latest.current.t("common.undo"), onClick: undo },
            onAutoClose: over,
            onDismiss: over,
          }),
        withdraw: (offer) => toast.dismiss(offer),
        remove: async (id) => {
          const { remove, onDone, t: translate } = latest.current;
          await remove(id)
            .then(onDone)
            .catch((error: unknown) => toast.error(errorText(translate, error)));
        },
        onPending: setPending,
      }),
  );
  useEffect(() => () => removals.finishAll(), [removals]);
  return { pending, start: (id) => removals.start(id) };
}
