import { TOTP } from "otpauth";
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { CLIENT, startRealProvider } from "../../server/identity/oidc/testkit/real-provider.ts";
import { type ApiClient, signIn } from "../../server/testkit/api.ts";
import { collectErrors, launchChromium } from "../../server/testkit/chromium.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import { systemClock } from "../../shared/lib/clock.ts";

/** Signing in as people do: in a real browser, against the real server, with a real (virtual) authenticator. */

const PASSWORD = "seven quiet lanterns by the river";
/** The browser itself logs every refused request. */
const REFUSALS = [/^Failed to load resource: the server responded with a status of 40[013]/];
let server: ServerUnderTest;
let browser: Browser;
let admin: ApiClient;

vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  browser = await launchChromium();
  admin = await signIn(server.url);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

interface Opened {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly errors: string[];
}

async function open(): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
  const page = await context.newPage();
  await page.goto(`${server.url}/`);
  return { context, page, errors: collectErrors(page, REFUSALS) };
}

async function person(username: string, role: string): Promise<string> {
  return (await admin.request<{ id: string }>("POST", "/users", { username, password: PASSWORD, role })).id;
}

async function password(page: Page, username: string, typed = PASSWORD): Promise<void> {
  await page.locator("input[name=username]").fill(username);
  await page.locator("input[name=password]").fill(typed);
  await page.keyboard.press("Enter");
}

const onTheWall = (page: Page): Promise<void> => page.getByRole("link", { name: "Live", exact: true }).waitFor();

async function signOut(page: Page, username: string): Promise<void> {
  await page.getByRole("button", { name: `Account of ${username}` }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.locator("input[name=username]").waitFor();
}

async function toAccount(page: Page, username: string): Promise<void> {
  await page.getByRole("button", { name: `Account of ${username}` }).click();
  await page.getByRole("menuitem", { name: "My account" }).click();
  await page.getByRole("heading", { name: "My account" }).waitFor();
}

/** As the app on the phone shows it. `ahead`: the next one, since each counts once. */
function codeOf(secret: string, ahead = false): string {
  const timestamp = systemClock().utcMicros() / 1000 + (ahead ? 30_000 : 0);
  return new TOTP({ secret: secret.replaceAll(" ", "") }).generate({ timestamp });
}

async function keptCodes(page: Page): Promise<string[]> {
  const list = page.getByRole("listitem").filter({ hasText: /^[A-Z0-9-]{8,}$/i });
  await list.first().waitFor();
  const codes = await list.allTextContents();
  await page.getByRole("checkbox", { name: "I have kept them in a safe place" }).check();
  await page.getByRole("button", { name: "Continue" }).click();
  return codes;
}

async function authenticator(context: BrowserContext, page: Page): Promise<CDPSession> {
  const cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return cdp;
}

test("an authenticator app: set up from the account page, asked for at the next sign-in, recovery codes for the day without", async () => {
  await person("hana", "operator");
  const { page, errors } = await open();
  await password(page, "hana");
  await onTheWall(page);
  await toAccount(page, "hana");
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  const secret = (await page.locator("form code").textContent()) ?? "";
  expect(await page.getByRole("img", { name: "QR code for the authenticator app" }).isVisible()).toBe(true);
  // Pasted as apps show it.
  const first = codeOf(secret);
  await page.locator("input[name=code]").fill(`${first.slice(0, 3)} ${first.slice(3)}`);
  const codes = await keptCodes(page);
  expect(new Set(codes).size).toBeGreaterThanOrEqual(8);
  await page.getByText(`${codes.length} left`).waitFor();

  await signOut(page, "hana");
  await password(page, "hana");
  const field = page.locator("input[name=code]");
  await field.waitFor();
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
  // The code of the set-up is used up.
  await field.fill(first);
  await page.getByRole("alert").waitFor();
  await field.fill(codeOf(secret, true));
  await onTheWall(page);

  await signOut(page, "hana");
  await password(page, "hana");
  await page.getByRole("button", { name: "Recovery code" }).click();
  await field.fill((codes[0] ?? "").toLowerCase());
  await page.keyboard.press("Enter");
  await onTheWall(page);
  await signOut(page, "hana");
  await password(page, "hana");
  await page.getByRole("button", { name: "Recovery code" }).click();
  await field.fill(codes[0] ?? "");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  expect(errors).toEqual([]);
});

test("a passkey: made, named, used in place of the password and after it, removed after a fresh proof", async () => {
  await person("jiwoo", "operator");
  const { context, page, errors } = await open();
  await authenticator(context, page);
  await password(page, "jiwoo");
  await onTheWall(page);
  await toAccount(page, "jiwoo");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.locator("input[name=passkey-name]").fill("Office laptop");
  await page.keyboard.press("Enter");
  expect((await keptCodes(page)).length).toBeGreaterThanOrEqual(8);
  await page.getByText("Office laptop").waitFor();

  await signOut(page, "jiwoo");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await onTheWall(page);

  await signOut(page, "jiwoo");
  await password(page, "jiwoo");
  await page.getByRole("button", { name: "Use the passkey" }).click();
  await onTheWall(page);

  // The server wants a fresh proof once; what follows is all real.
  await toAccount(page, "jiwoo");
  let asked = 0;
  await page.route("**/api/v1/mfa/passkeys/*", (route) => {
    if (route.request().method() !== "DELETE" || asked++ > 0) return route.continue();
    const error = { code: "auth.reauth_required", message: "confirm that it is you", details: [] };
    return route.fulfill({ status: 403, json: { success: false, error } });
  });
  await page.getByRole("listitem").filter({ hasText: "Office laptop" }).getByRole("button", { name: "Remove" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  const question = page.getByRole("dialog", { name: "Confirm that it is you" });
  await question.getByRole("button", { name: "Password", exact: true }).click();
  await question.locator("input[name=password]").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText("No passkeys yet.").waitFor();
  expect(asked).toBe(2);
  expect(errors).toEqual([]);
});

test("a role that needs a second factor: nothing opens before one is set up", async () => {
  await person("sora", "supervisor");
  await admin.request("PUT", "/identity/settings", { minPasswordLength: 12, mfaRoles: ["supervisor"] });
  const { page, errors } = await open();
  await password(page, "sora");
  await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
  // Not by going round it either.
  await page.goto(`${server.url}/cameras`);
  await password(page, "sora");
  await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
  const secret = (await page.locator("form code").textContent()) ?? "";
  await page.locator("input[name=code]").fill(codeOf(secret));
  await keptCodes(page);
  await page.getByRole("link", { name: "Cameras", exact: true }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/cameras");
  await admin.request("PUT", "/identity/settings", { minPasswordLength: 12, mfaRoles: [] });
  expect(errors).toEqual([]);
});

test("a password that somebody else made: another one is chosen before anything opens", async () => {
  const user = { username: "taeyang", password: PASSWORD, role: "operator", mustChangePassword: true };
  await admin.request("POST", "/users", user);
  const { page, errors } = await open();
  await password(page, "taeyang");
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  const choose = async (text: string): Promise<void> => {
    await page.locator("input[name=new-password]").fill(text);
    await page.locator("input[name=repeat-password]").fill(text);
    await page.keyboard.press("Enter");
  };
  await choose(PASSWORD);
  await page.getByText("Choose another password than the one that you were given.").waitFor();
  await choose("nine patient herons wait for rain");
  await onTheWall(page);
  await signOut(page, "taeyang");
  await password(page, "taeyang", "nine patient herons wait for rain");
  await onTheWall(page);
  expect(errors).toEqual([]);
});

test("the own password: the policy's words, other devices signed out, this one stays", async () => {
  await person("minho", "operator");
  const elsewhere = await signIn(server.url, "minho", PASSWORD);
  const { page, errors } = await open();
  await password(page, "minho");
  await onTheWall(page);
  await toAccount(page, "minho");
  await page.locator("input[name=current-password]").fill(PASSWORD);
  const fill = async (text: string): Promise<void> => {
    await page.locator("input[name=new-password]").fill(text);
    await page.locator("input[name=repeat-password]").fill(text);
    await page.keyboard.press("Enter");
  };
  await fill("minho-loves-minho-2024");
  await page.getByText("The password must not contain the user name.").waitFor();
  await fill("qwertyuiopasdf");
  await page.getByText(/easy to guess|leaked and common/).waitFor();
  await fill("nine patient herons wait for rain");
  await page.getByText("Password changed. Other devices are signed out.").waitFor();
  await expect(elsewhere.request("GET", "/auth/me")).rejects.toThrow(/401/);
  await page.getByText("This device").waitFor();
  expect(errors).toEqual([]);
});

test("a session that somebody ends throws its console to the sign-in page", async () => {
  await person("yuna", "operator");
  const { page } = await open();
  await password(page, "yuna");
  await onTheWall(page);

  const desk = await open();
  await password(desk.page, "admin", ADMIN_PASSWORD);
  await onTheWall(desk.page);
  await desk.page.goto(`${server.url}/admin/sessions`);
  await desk.page.getByRole("button", { name: "Actions: yuna" }).click();
  await desk.page.getByRole("menuitem", { name: "End", exact: true }).click();
  await desk.page.getByRole("alertdialog").getByRole("button", { name: "End" }).click();
  await desk.page.getByText("Session ended.").waitFor();

  await page.getByText("Your session has ended.").waitFor();
  expect(new URL(page.url()).pathname).toBe("/sign-in");
  // Nor does the cookie open it again.
  await page.reload();
  await page.locator("input[name=username]").waitFor();
  expect(desk.errors).toEqual([]);
});

test("language and appearance follow the account to another browser", async () => {
  await person("dohyun", "operator");
  const { page, errors } = await open();
  await password(page, "dohyun");
  await onTheWall(page);
  await toAccount(page, "dohyun");
  await page.locator("select[name=theme]").selectOption("light");
  await page.locator("html[data-theme=light]").waitFor();
  await page.locator("select[name=language]").selectOption("ko");
  await page.getByRole("heading", { name: "내 계정" }).waitFor();

  const other = await open();
  await password(other.page, "dohyun");
  await other.page.locator("html[data-theme=light][lang=ko]").waitFor();

  // Who never chose sees what the browser wants.
  await person("arin", "operator");
  const context = await browser.newContext({ locale: "ko-KR" });
  const korean = await context.newPage();
  await korean.goto(server.url);
  await password(korean, "arin");
  await korean.getByRole("link", { name: "라이브" }).waitFor();
  expect([...errors, ...other.errors]).toEqual([]);
});

test("an OpenID provider: its people come in with the role of their group, strangers are told why not", async () => {
  const provider = await startRealProvider(`${server.url}/api/v1/auth/oidc/callback`);
  try {
    provider.people.set("seoyeon", { name: "Seo-yeon Park", groups: ["guards"] });
    provider.people.set("stranger", { name: "A Stranger", groups: ["cleaning"] });
    const desk = await open();
    await password(desk.page, "admin", ADMIN_PASSWORD);
    await onTheWall(desk.page);
    await desk.page.goto(`${server.url}/admin/sign-in`);
    await desk.page.getByText(`${server.url}/api/v1/auth/oidc/callback`).waitFor();
    await desk.page.getByRole("button", { name: "Add a provider" }).click();
    const form = desk.page.getByRole("dialog", { name: "Add an OpenID provider" });
    await form.locator("input[name=name]").fill("Company");
    await form.locator("input[name=issuer]").fill(provider.issuer);
    await form.locator("input[name=clientId]").fill(CLIENT.id);
    await form.locator("input[name=clientSecret]").fill(CLIENT.secret);
    await form.locator("input[name=scopes]").fill("openid profile");
    await form.locator("input[name=groupClaim]").fill("groups");
    await form.getByRole("button", { name: "Add a group" }).click();
    await form.getByLabel("Group there").fill("guards");
    await form.getByLabel("Role here").selectOption("operator");
    await form.getByRole("switch", { name: "Make accounts at the first sign-in" }).click();
    await form.getByRole("button", { name: "Add", exact: true }).click();
    await desk.page.getByRole("button", { name: "Test" }).click();
    await desk.page.getByText(`${provider.issuer} answers as an OpenID provider.`).waitFor();
    expect(desk.errors).toEqual([]);

    const { page, errors } = await open();
    const visit = async (login: string): Promise<void> => {
      await page.getByRole("button", { name: "Sign in with Company" }).click();
      await page.locator("input[name=login]").fill(login);
      await page.locator("input[name=password]").fill("any");
      await page.locator("button[type=submit]").click();
      await page.locator("input[name=prompt][value=consent]").waitFor({ state: "attached" });
      await page.locator("button[type=submit]").click();
    };
    await visit("stranger");
    await page.getByText("Your account at the provider has no access to this system.").waitFor();
    // Another person at the same desk: the provider remembers the first.
    await page.context().clearCookies();
    await page.goto(`${server.url}/cameras`);
    await visit("seoyeon");
    await page.getByRole("button", { name: "Account of Seo-yeon Park" }).waitFor();
    // The page that was asked for, and nothing of the way there in its address.
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe("/cameras");
    const users = await admin.request<{ displayName: string; role: string }[]>("GET", "/users");
    expect(users.find(({ displayName }) => displayName === "Seo-yeon Park")?.role).toBe("operator");
    expect(errors.filter((text) => text.includes(server.url))).toEqual([]);
  } finally {
    await provider.close();
  }
});
