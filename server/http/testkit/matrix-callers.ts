import type { GrantBody } from "../../../shared/api/access.ts";
import type { Camera } from "../../../shared/api/schemas.ts";
import { SERVER_PRINCIPAL } from "../../auth/policy.ts";
import type { TestServer } from "../../testkit/test-server.ts";
import { API_PREFIX } from "../api.ts";
import type { MatrixIdentity } from "./matrix-expected.ts";

export interface MatrixCaller extends MatrixIdentity {
  /** One that is good now; undefined: none is sent. */
  token(): Promise<string | undefined>;
}

export interface MatrixWorld {
  readonly server: TestServer;
  readonly own: Camera;
  readonly foreign: Camera;
  readonly callers: readonly MatrixCaller[];
}

const DEVICE = { ip: "127.0.0.1", userAgent: "matrix" };
const PASSWORD = "correct horse battery";
const SITE = "Seoul";
const SYSTEM = { kind: "system" } as const;
const AT_SITE = { kind: "place", path: SITE } as const;

/** A server with two sites, and people of every role on the whole system and on one of the sites. */
export async function createMatrixWorld(server: TestServer): Promise<MatrixWorld> {
  const { cameras, access } = server.control;
  const add = (name: string, group: string) =>
    cameras.create(SERVER_PRINCIPAL, { name, group, url: `rtsp://10.0.0.1/${name}` });
  const [own, foreign] = [await add("Own", `${SITE}/Gate`), await add("Foreign", "Busan/Gate")];
  const custom = await access.roles.create(SERVER_PRINCIPAL, {
    name: "Installer",
    description: "",
    // What belongs to the system gives nothing on a site.
    permissions: ["live.view", "camera.manage", "storage.manage", "user.manage"],
  });
  const people: readonly (MatrixIdentity & { readonly grants: readonly GrantBody[]; readonly byGroup?: boolean })[] = [
    { name: "administrator", role: "A", scope: "system", grants: [{ roleId: "administrator", scope: SYSTEM }] },
    { name: "supervisor", role: "S", scope: "system", grants: [{ roleId: "supervisor", scope: SYSTEM }] },
    { name: "operator", role: "O", scope: "system", grants: [{ roleId: "operator", scope: SYSTEM }], byGroup: true },
    { name: "viewer", role: "V", scope: "system", grants: [{ roleId: "viewer", scope: SYSTEM }] },
    { name: "api-only", role: "P", scope: "system", grants: [{ roleId: "api-only", scope: SYSTEM }] },
    { name: "site-administrator", role: "A", scope: "site", grants: [{ roleId: "administrator", scope: AT_SITE }] },
    { name: "site-supervisor", role: "S", scope: "site", grants: [{ roleId: "supervisor", scope: AT_SITE }] },
    {
      name: "site-operator",
      role: "O",
      scope: "site",
      grants: [{ roleId: "operator", scope: AT_SITE }],
      byGroup: true,
    },
    {
      name: "camera-viewer",
      role: "V",
      scope: "site",
      grants: [{ roleId: "viewer", scope: { kind: "camera", cameraId: own.id } }],
    },
    { name: "site-api-only", role: "P", scope: "site", grants: [{ roleId: "api-only", scope: AT_SITE }] },
    {
      name: "site-installer",
      role: "C",
      scope: "site",
      grants: [{ roleId: custom.id, scope: AT_SITE }],
      byGroup: true,
    },
    { name: "no-rights", role: "N", scope: "none", grants: [] },
    { name: "disabled", role: undefined, scope: "none", grants: [{ roleId: "operator", scope: SYSTEM }] },
  ];
  const callers: MatrixCaller[] = [{ name: "anonymous", role: undefined, scope: "none", token: async () => undefined }];
  for (const { grants, byGroup = false, ...identity } of people) {
    const userId = await addPerson(server, identity.name, grants, byGroup);
    callers.push({ ...identity, token: await signedIn(server, userId) });
    if (identity.name === "site-operator") callers.push(await addToken(server, userId));
    if (identity.name === "disabled") await server.control.users.update(SERVER_PRINCIPAL, userId, { enabled: false });
  }
  return { server, own, foreign, callers };
}

async function addPerson(
  { control: { users, access } }: TestServer,
  name: string,
  grants: readonly GrantBody[],
  byGroup: boolean,
): Promise<string> {
  const body = { username: name, password: PASSWORD, grants: byGroup ? [] : [...grants] };
  const { id } = await users.create(SERVER_PRINCIPAL, body);
  if (!byGroup) return id;
  const group = await access.groups.create({ name: `group of ${name}`, description: "" });
  await access.grants.replace(SERVER_PRINCIPAL, { groupId: group.id }, grants);
  await access.groups.setMembers(SERVER_PRINCIPAL, group.id, [id]);
  return id;
}

/** Signs in again when something that was called has ended the session. */
async function signedIn(server: TestServer, userId: string): Promise<() => Promise<string>> {
  const { auth } = server.control;
  let token = (await auth.signIn(userId, DEVICE)).accessToken;
  return async () => {
    const good = await auth.verify(token).then(
      () => true,
      () => false,
    );
    if (!good) token = (await auth.signIn(userId, DEVICE).catch(() => ({ accessToken: token }))).accessToken;
    return token;
  };
}

/** A token of the operator of the site, for live pictures and nothing else. */
async function addToken(server: TestServer, userId: string): Promise<MatrixCaller> {
  const { accessToken } = await server.control.auth.signIn(userId, DEVICE);
  const body = { name: "matrix", permissions: ["live.view"], days: 1, ratePerMinute: 60_000 };
  const response = await server.call("POST", `${API_PREFIX}/tokens`, { token: accessToken, body });
  if (response.status !== 201) throw new Error(`no token was made: ${await response.text()}`);
  const { secret } = (await response.json()) as { secret: string };
  return { name: "token for live", role: "T", scope: "site", token: async () => secret };
}
