import { useState } from "react";

/** What a form knows of its way to the server. */
export interface Submission {
  readonly busy: boolean;
  /** Why the last try was refused; undefined: it was not, or something was changed since. */
  readonly error: unknown;
  submit(): Promise<void>;
  clearError(): void;
}

/** Sends one thing at a time; what `send` rejects with becomes the form's error. `send` closes the form itself. */
export function useSubmit(send: () => Promise<void>): Submission {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await send();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, submit, clearError: () => setError(undefined) };
}
