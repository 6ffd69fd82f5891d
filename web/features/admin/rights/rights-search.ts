/** Whom the page shows, and what of him. */
export interface RightsSearch {
  readonly user?: string;
  readonly camera?: string;
  readonly view?: "server";
}

export function rightsSearch({ user, camera, view }: Record<string, unknown>): RightsSearch {
  return {
    ...(typeof user === "string" ? { user } : {}),
    ...(typeof camera === "string" ? { camera } : {}),
    ...(view === "server" ? { view } : {}),
  };
}
