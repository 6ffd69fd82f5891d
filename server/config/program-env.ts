/** What a program that we start may see of our environment: everything of its own, nothing of ours. */
export function programEnvironment(): Record<string, string | undefined> {
  const ours = (name: string): boolean => name.startsWith("FLUXVISION_") || name === "DATABASE_URL";
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours(name)));
}
