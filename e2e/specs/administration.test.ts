import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, addCamera, openWall, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium, waitForStats } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { EffectiveAccess, UserGroup } from "../../shared/api/access.ts";
import type { User } from "../../shared/api/schemas.ts";

/** An administrator's way: a role, a person, a group with a place, and what the person then sees. */

const GUARD = { username: "guard", password: "a long enough passphrase 7" };
const CAMERAS = { "Gate 1": "Seoul/Gate", Yard: "Seoul/Yard", Pier: "Busan" } as const;
let simulator: Simulator;
let server: ServerUnderTest;
let browser: Browser;
let api: ApiClient;
let admin: Page;
let errors: string[];
const ids = new Map<string, string>();

vi.setConfig({ testTimeout: 180_000 });

beforeAll(async () => {
  const clips = { main: stampGeometry.clip, sub: stampGeometry.clip };
  simulator = await startSimulator({ cameras: Object.keys(CAMERAS).length, clips });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  browser = await launchChromium();
  api = await signIn(server.url);
  for (const [index, [name, group]] of Object.entries(CAMERAS).entries()) {
    const id = await addCamera(api, name, simulator.url(index + 1, "main"), simulator.url(index + 1, "sub"));
    await api.request("PATCH", `/cameras/${id}`, { group });
    ids.set(name, id);
  }
  admin = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
  admin.setDefaultTimeout(45_000);
  // The browser itself logs requests that are refused: the last administrator's removal is one, the wanted proof another.
  errors = collectErrors(admin, [/^Failed to load resource: the server responded with a status of 40[39]/]);
  await openWall(admin, server, { transport: "websocket" });
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await simulator?.close();
});

async function go(page: string): Promise<void> {
  await admin.goto(`${server.url}/admin/${page.toLowerCase()}`);
  await admin.getByRole("heading", { name: page, level: 1 }).waitFor();
}

/** Grants a role on what the search finds by that name. */
async function grant(dialog: Locator, role: string, search: string, option: RegExp): Promise<void> {
  await dialog.getByRole("button", { name: "Grant a role" }).click();
  await dialog.getByLabel("Role", { exact: true }).last().selectOption({ label: role });
  await dialog.getByRole("searchbox", { name: "Search places and cameras" }).fill(search);
  await dialog.getByRole("option", { name: option }).first().click();
}

/** The server wants a fresh proof once, as after ten minutes; what follows is all real. */
async function withProof(method: string, path: string, act: () => Promise<void>): Promise<void> {
  let asked = 0;
  const pattern = `**/api/v1${path}`;
  await admin.route(pattern, (route) => {
    if (route.request().method() !== method || asked++ > 0) return route.continue();
    const error = { code: "auth.reauth_required", message: "confirm that it is you", details: [] };
    return route.fulfill({ status: 403, json: { success: false, error } });
  });
  await act();
  const question = admin.getByRole("dialog", { name: "Confirm that it is you" });
  await question.locator("input[name=password]").fill(ADMIN_PASSWORD);
  await admin.keyboard.press("Enter");
  await question.waitFor({ state: "detached" });
  await expect.poll(() => asked).toBe(2);
  await admin.unroute(pattern);
}

test("a role is put together from permissions", async () => {
  await go("Roles");
  await admin.getByRole("button", { name: "New role" }).click();
  const dialog = admin.getByRole("dialog", { name: "New role" });
  await dialog.getByLabel("Name", { exact: true }).fill("Night watch");
  for (const right of ["Recordings", "Bookmarks"])
    await dialog.getByRole("checkbox", { name: right, exact: true }).check();
  await withProof("POST", "/roles", () => dialog.getByRole("button", { name: "Add", exact: true }).click());
  await admin.getByText("Role “Night watch” saved.").waitFor();
  await admin.getByRole("heading", { name: "Night watch" }).waitFor();
  await admin.getByText("Nobody has this role.").waitFor();
  // What comes with the server is shown, and stays as it is.
  await admin.getByRole("button", { name: /^Operator/ }).click();
  await admin.getByRole("heading", { name: "Operator" }).waitFor();
  expect(await admin.getByRole("button", { name: "Edit…" }).count()).toBe(0);
});

test("a person is added, and gets his rights from a group on one place", async () => {
  await go("Users");
  await admin.getByRole("button", { name: "Add user" }).click();
  const person = admin.getByRole("dialog", { name: "Add user" });
  await person.getByLabel("User name").fill(GUARD.username);
  await person.getByLabel("Password", { exact: true }).fill(GUARD.password);
  await person.getByRole("switch", { name: "Must choose another password at the next sign-in" }).click();
  await withProof("POST", "/users", () => person.getByRole("button", { name: "Add", exact: true }).click());
  await admin.getByText("User “guard” saved.").waitFor();
  await admin.getByRole("row", { name: /guard/ }).getByText("No rights").last().waitFor();

  await go("Groups");
  await admin.getByRole("button", { name: "New group" }).first().click();
  const group = admin.getByRole("dialog", { name: "New group" });
  await group.getByLabel("Name", { exact: true }).fill("Night shift");
  await grant(group, "Night watch", "seoul", /^Seoul/);
  await group.getByRole("checkbox", { name: "guard" }).check();
  const add = group.getByRole("button", { name: "Add", exact: true });
  await withProof("PUT", "/groups/*/grants", () => add.click());
  await admin.getByText("Group “Night shift” saved.").waitFor();
  const row = admin.getByRole("row", { name: /Night shift/ });
  await row.getByText("Night watch · Place “Seoul”").waitFor();
  await row.getByText("guard").waitFor();
});

test("where the rights come from is shown", async () => {
  await go("Users");
  await admin.getByRole("button", { name: "Actions: guard" }).click();
  await admin.getByRole("menuitem", { name: "Rights and where from…" }).click();
  await admin.getByText("2 of 3 cameras can be seen live").waitFor();
  await admin.getByRole("button", { name: "Why: Gate 1" }).click();
  const why = admin.getByRole("dialog", { name: "guard on “Gate 1”" });
  const live = why.getByRole("listitem").filter({ hasText: "Live pictures" }).first();
  await live.getByText("Night watch on Place “Seoul”").waitFor();
  await live.getByText("through group “Night shift”").waitFor();
  const ptz = why.getByRole("listitem").filter({ hasText: "Move cameras" }).first();
  await ptz.getByText("Nothing gives this.").waitFor();
  await admin.keyboard.press("Escape");
});

test("the last administrator can be neither disabled nor removed", async () => {
  const boss = { username: "boss", password: GUARD.password, role: "admin" };
  const { id } = await api.request<User>("POST", "/users", boss);
  await go("Users");
  expect(await admin.getByText("only administrator").count()).toBe(0);
  const second = await signIn(server.url, boss.username, boss.password);
  await api.request("PUT", `/users/${id}/grants`, { grants: [] });
  await admin.reload();
  await admin.getByText("only administrator").waitFor();
  await expect(second.request("DELETE", `/users/${id}`)).rejects.toThrow(/403/);
  const self = (await api.request<User[]>("GET", "/users")).find(({ username }) => username === "admin");
  for (const [method, path, body] of [
    ["PATCH", `/users/${self?.id}`, { enabled: false }],
    ["DELETE", `/users/${self?.id}`, undefined],
    ["PUT", `/users/${self?.id}/grants`, { grants: [] }],
  ] as const) {
    await expect(api.request(method, path, body)).rejects.toThrow(/user\.last_admin/);
  }
  await api.request("DELETE", `/users/${id}`);
});

test("he sees the cameras of the place only, until the grant is taken: then the tiles go while he watches", async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
  const page = await context.newPage();
  const own = collectErrors(page, [/^Failed to load resource: the server responded with a status of 40[34]/]);
  await openWall(page, server, { ...GUARD, transport: "websocket" });
  const wanted = ["Gate 1", "Yard"].map((name) => ids.get(name)).sort();
  const seen = await waitForStats(
    page,
    ({ tiles }) => tiles.length === 2 && tiles.every(({ state }) => state === "live"),
    60_000,
  );
  expect(seen.tiles.map(({ cameraId }) => cameraId).sort()).toEqual(wanted);
  expect(await page.getByText("Pier").count()).toBe(0);
  expect(await page.getByRole("link", { name: "Administration" }).count()).toBe(0);
  // Nor by the address of a page, a camera or a moment.
  await page.goto(`${server.url}/admin/users`);
  await page.getByText("There is nothing here that you may administer.").waitFor();
  await page.goto(`${server.url}/?transport=websocket&t=${Date.now() - 10_000}&camera=${ids.get("Pier")}`);
  await page.getByRole("application", { name: "Timeline" }).waitFor();
  const { tiles } = await waitForStats(page, (stats) => stats.tiles.length > 0);
  expect(tiles.filter(({ cameraId, state }) => cameraId === ids.get("Pier") && state === "live")).toEqual([]);
  expect(await page.getByText("Pier").count()).toBe(0);
  await page.goto(`${server.url}/?transport=websocket`);
  await waitForStats(page, ({ tiles }) => tiles.length === 2 && tiles.every(({ state }) => state === "live"), 60_000);

  await go("Groups");
  await admin.getByRole("button", { name: "Night shift", exact: true }).click();
  const dialog = admin.getByRole("dialog", { name: "Edit group “Night shift”" });
  await dialog.getByRole("button", { name: /^Take away: Night watch/ }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  const askedMs = performance.now();
  await waitForStats(page, ({ tiles }) => tiles.every(({ state }) => state !== "live"), 10_000);
  process.stdout.write(`tiles are gone ${(performance.now() - askedMs).toFixed(0)} ms after "Save"\n`);
  await admin.getByText("Group “Night shift” saved.").waitFor();
  const [group] = await api.request<UserGroup[]>("GET", "/groups");
  expect(group?.grants).toEqual([]);
  const guard = group?.members[0]?.userId ?? "";
  expect((await api.request<EffectiveAccess>("GET", `/users/${guard}/access`)).permissions).toEqual([]);
  expect(own).toEqual([]);
  await context.close();
  expect(errors).toEqual([]);
});
