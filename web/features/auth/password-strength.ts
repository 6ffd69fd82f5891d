export const MIN_PASSWORD = 12;

export type Strength = "empty" | "short" | "weak" | "fair" | "good" | "strong";

/**
 * A hint, not a gate: the server looks the password up in lists and says what is wrong with it. Counts what a guesser cannot skip: length without repeated or
 * consecutive letters, and the kinds of letters.
 */
export function passwordStrength(password: string, least = MIN_PASSWORD): Strength {
  if (password === "") return "empty";
  if ([...password].length < least) return "short";
  const letters = [...password];
  const surprising = letters.filter((letter, index) => {
    const step = (letter.codePointAt(0) ?? 0) - (letters[index - 1]?.codePointAt(0) ?? -10);
    return index === 0 || step < -1 || step > 1;
  });
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u].filter((kind) => kind.test(password)).length;
  const distinct = new Set(letters.map((letter) => letter.toLowerCase())).size;
  const score = Math.min(surprising.length, distinct * 1.5) + (kinds - 1) * 2;
  if (score < 10) return "weak";
  if (score < 15) return "fair";
  if (score < 20) return "good";
  return "strong";
}
