import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type MockState, mockCamera, mockState, mockUser } from "../../web/app/testing/mock-api.ts";
import { type BuiltConsole, buildConsole } from "../console/build-console.ts";
import {
  type ConsolePage,
  INSECURE_HOST,
  launchConsoleBrowser,
  openConsole,
  signIn,
  tileNames,
} from "../console/console-page.ts";
import { type ConsoleServer, startConsoleServer } from "../console/console-server.ts";

/** The whole console in a real browser, under the server's content policy, over a mocked API and a fake engine. */

let built: BuiltConsole;
let browser: Browser;
let server: ConsoleServer;
let state: MockState;
let opened: ConsolePage[];

beforeAll(async () => {
  built = await buildConsole();
  browser = await launchConsoleBrowser();
});
afterAll(async () => {
  await browser?.close();
  built?.remove();
});
beforeEach(async () => {
  state = mockState();
  opened = [];
  server = await startConsoleServer(built.folder, state);
});
afterEach(async () => {
  const errors = opened.flatMap(({ errors: found }) => found);
  for (const { close } of opened) await close();
  await server.close();
  expect(errors).toEqual([]);
});

async function open(
  ...args: Parameters<typeof openConsole> extends [unknown, ...infer Rest] ? Rest : never
): Promise<ConsolePage> {
  const page = await openConsole(browser, ...args);
  opened.push(page);
  return page;
}

/** Waits for a value as long as a slow machine may need. */
const settled = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 45_000 });

const names = [
  "Lobby east",
  "Main entrance",
  "Corridor 2F",
  "Server room",
  "Parking north",
  "Parking south",
  "주차장 출입구",
  "Loading dock",
  "Perimeter fence west",
];

describe("signing in", { timeout: 120_000 }, () => {
  test("a wrong password is said, a right one shows all nine cameras in 3 x 3", async () => {
    const { page, shoot } = await open("wall", { refusals: true });
    await page.goto(server.url);
    await page.locator("input[name=username]").fill("admin");
    await page.locator("input[name=password]").fill("wrong");
    await page.locator("button[type=submit]").click();
    await page.getByRole("alert").getByText("User name or password is wrong.").waitFor();
    await shoot("sign-in");
    await page.locator("input[name=password]").fill("correct horse battery");
    await page.locator("button[type=submit]").click();
    await page.getByRole("group", { name: "Tile 9: Perimeter fence west" }).waitFor();
    expect(await tileNames(page)).toEqual(names);
    await page.getByText("Camera is offline").waitFor();
    await page.getByText("This browser cannot decode the video").waitFor();
    await shoot("live");
  });

  test("an expired session asks to sign in and returns to the same page", async () => {
    const { page } = await open("wall", { refusals: true });
    await signIn(page, `${server.url}/users`);
    await page.getByRole("heading", { name: "Users" }).waitFor();
    state.expireSession = true;
    state.expireToken = true;
    await page.getByRole("link", { name: "Cameras" }).click();
    await page.getByText("Your session has ended.").waitFor();
    state.expireSession = false;
    await page.locator("input[name=username]").fill("admin");
    await page.locator("input[name=password]").fill("correct horse battery");
    await page.locator("button[type=submit]").click();
    await page.getByRole("heading", { name: "Cameras" }).first().waitFor();
    expect(new URL(page.url()).pathname).toBe("/cameras");
  });

  test("over plain http it says where to go, and asks for no password", async () => {
    const { page } = await open("phone");
    await page.goto(`${server.url.replace("127.0.0.1", INSECURE_HOST)}/?kiosk=1`);
    await page.getByRole("heading", { name: "Open this page over https" }).waitFor();
    expect(await page.getByRole("link").getAttribute("href")).toBe(`https://${INSECURE_HOST}:8443/?kiosk=1`);
    expect(await page.locator("input").count()).toBe(0);
  });

  test("set-up needs twelve characters twice, then the wall is there", async () => {
    const { page, shoot } = await open("tablet");
    await page.goto(`${server.url}/setup?token=abc`);
    const create = page.getByRole("button", { name: "Create administrator" });
    await page.locator("input[name=new-password]").fill("short");
    await page.getByText("Too short").waitFor();
    expect(await create.isDisabled()).toBe(true);
    await page.locator("input[name=new-password]").fill("Correct horse 4 battery");
    await page.locator("input[name=repeat-password]").fill("Correct horse");
    await page.getByText("The two passwords differ.").waitFor();
    await page.locator("input[name=repeat-password]").fill("Correct horse 4 battery");
    await shoot("setup");
    await create.click();
    await page.locator('[data-tile="8"]').waitFor();
  });

  test("a server that does not answer is said, and the console continues by itself", async () => {
    const { page, shoot } = await open("tablet", { refusals: true });
    await page.addInitScript(() => localStorage.setItem("fluxvision.signed-in", "1"));
    state.down = true;
    state.signedIn = true;
    await page.goto(server.url);
    await page.getByText("The server cannot be reached").waitFor();
    await shoot("server-down");
    state.down = false;
    await page.locator('[data-tile="8"]').waitFor();
  });
});

describe("the wall by keyboard", { timeout: 120_000 }, () => {
  test("select, show large, back, statistics, remove, help, search", async () => {
    const { page, shoot } = await open("wall");
    await signIn(page, server.url);
    await page.locator('[data-tile="8"]').waitFor();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    expect(await page.locator('[aria-current="true"][data-tile]').getAttribute("data-tile")).toBe("4");
    await page.keyboard.press("Enter");
    await settled(() => tileNames(page)).toEqual(["Parking north"]);
    await page.keyboard.press("Escape");
    await settled(() => tileNames(page)).toEqual(names);
    await page.keyboard.press("s");
    await page.getByText("Latency").first().waitFor();
    await shoot("statistics");
    await page.keyboard.press("Delete");
    await settled(() => tileNames(page)).toEqual(names.with(4, "empty"));
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+f");
    await page.keyboard.type("parking n");
    await page.keyboard.press("Enter");
    await settled(() => tileNames(page)).toEqual(names);
  });

  test("a tile is carried with Space and the arrows", async () => {
    const { page } = await open("wall");
    await signIn(page, server.url);
    await page.getByRole("group", { name: "Tile 1: Lobby east" }).focus();
    await page.keyboard.press("Space");
    await page.getByText("Lobby east is over tile 1.").waitFor({ state: "attached" });
    await page.keyboard.press("ArrowRight");
    await page.getByText("Lobby east is over tile 2.").waitFor({ state: "attached" });
    await page.keyboard.press("Space");
    await settled(() => tileNames(page)).toEqual(["Main entrance", "Lobby east", ...names.slice(2)]);
  });
});

describe("the wall by mouse", { timeout: 120_000 }, () => {
  test("double-click, wheel zoom, drag from the tree, swap, save the layout", async () => {
    const { page, shoot } = await open("wall");
    await signIn(page, server.url);
    const tile = (cell: number) => page.locator(`[data-tile="${cell}"]`);
    await tile(1).dblclick();
    await settled(() => tileNames(page)).toEqual(["Main entrance"]);
    await tile(1).dblclick();
    await settled(() => tileNames(page)).toEqual(names);

    await tile(0).click();
    await page.mouse.wheel(0, -600);
    await tile(0).getByText("2.9×").waitFor();
    await page.keyboard.press("0");
    await tile(0).getByText("2.9×").waitFor({ state: "detached" });

    await page.getByRole("treeitem", { name: "Parking south" }).dragTo(tile(3), { steps: 8 });
    await settled(() => tileNames(page)).toEqual(names.with(3, "Parking south"));
    await tile(0).dragTo(tile(2), { steps: 8 });
    const changed = names.with(3, "Parking south").with(0, "Corridor 2F").with(2, "Lobby east");
    await settled(() => tileNames(page)).toEqual(changed);

    await page.getByRole("button", { name: "Save layout" }).click();
    await page.getByText("Layout “Layout 1” saved.").waitFor();
    await shoot("saved-layout");
    expect(state.layouts).toHaveLength(1);
    expect(state.layouts[0]).toMatchObject({ name: "Layout 1", kind: "3x3", shared: false });
    expect(state.layouts[0]?.cells).toHaveLength(9);
    await page.reload();
    await settled(() => tileNames(page)).toEqual(changed);
  });

  test("the transport says what the clock does, also after the last message of a pause", async () => {
    const { page } = await open("wall");
    await signIn(page, server.url);
    await page.getByRole("group", { name: "Tile 9: Perimeter fence west" }).waitFor();
    await page.keyboard.press("t");
    const controls = page.getByRole("group", { name: "Playback controls" });
    const speed = page.getByRole("combobox", { name: "Speed" });
    await controls.getByRole("button", { name: "Pause" }).click();
    await controls.getByRole("button", { name: "Play", exact: true }).waitFor();
    await speed.selectOption("4");
    await settled(() => speed.inputValue()).toBe("4");
    await page.getByRole("button", { name: "10 seconds back" }).click();
    await controls.getByRole("button", { name: "Play", exact: true }).click();
    await controls.getByRole("button", { name: "Pause" }).waitFor();
    expect(await speed.inputValue()).toBe("4");
  });

  test("the grid picker, and removing a camera of the tree after asking", async () => {
    const { page, shoot } = await open("wall");
    await signIn(page, server.url);
    await page.getByRole("button", { name: "Grid: 3 × 3" }).click();
    await page.getByRole("button", { name: "1 + 12" }).click();
    await settled(async () => (await tileNames(page)).length).toBe(13);
    await shoot("one-and-twelve");
    await page.getByRole("treeitem", { name: "Loading dock" }).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Remove…" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("Camera “Loading dock” removed.").waitFor();
    await page.getByText("Camera no longer exists").first().waitFor();
    expect(state.cameras).toHaveLength(8);
  });

  test("thousands of cameras: the tree draws only what is in view", async () => {
    state.cameras = Array.from({ length: 3000 }, (_, index) =>
      mockCamera(index, `Camera ${index}`, `Site ${index % 9}`),
    );
    const { page } = await open("wall");
    await signIn(page, server.url);
    await page.getByRole("treeitem").first().waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(80);
    expect(await tileNames(page)).toHaveLength(64);
  });
});

describe("cameras and users", { timeout: 120_000 }, () => {
  test("adding a camera shows the server's word at its field; a failed test says why", async () => {
    const { page, shoot } = await open("wall", { refusals: true });
    await signIn(page, `${server.url}/cameras`);
    await page.getByRole("button", { name: "Add camera" }).click();
    const dialog = page.getByRole("dialog", { name: "Add camera" });
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await dialog.getByText("Required").first().waitFor();
    await dialog.getByLabel("Name", { exact: true }).fill("Gate");
    await dialog.getByLabel("Main stream address").fill("rtsp://bad/stream");
    await dialog.getByRole("button", { name: "Test connection" }).click();
    await dialog.getByText("The camera refuses the user name or password.").waitFor();
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await dialog.getByText("host is not allowed").waitFor();
    await shoot("camera-dialog");
    await dialog.getByLabel("Main stream address").fill("rtsp://10.0.0.9/stream");
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("Camera “Gate” added.").waitFor();
    await page.getByRole("cell", { name: "Gate", exact: true }).waitFor();
  });

  test("a viewer without cameras is told whom to ask, and manages nothing", async () => {
    state.cameras = [];
    state.users = [mockUser({ role: "viewer" })];
    const { page } = await open("tablet");
    await signIn(page, server.url);
    await page.getByText("No camera is assigned to you yet.").first().waitFor();
    expect(await page.getByRole("button", { name: "Add camera" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "Users" }).count()).toBe(0);
  });
});

describe("other screens", { timeout: 120_000 }, () => {
  test("Korean, chosen in the menu, stays after a reload", async () => {
    const { page, shoot } = await open("tablet");
    await signIn(page, server.url);
    await page.getByRole("button", { name: "Account of Min-jun Kim" }).click();
    await page.getByRole("menuitemradio", { name: "한국어" }).click();
    await page.getByText("카메라가 오프라인입니다").waitFor();
    await page.reload();
    await page.getByRole("link", { name: "라이브" }).waitFor();
    await page.getByText("이 브라우저는 이 영상을 디코딩할 수 없습니다").waitFor();
    await shoot("korean");
  });

  test("a phone shows one column, the tree as a sheet, and nothing wider than itself", async () => {
    const { page, shoot } = await open("phone");
    await signIn(page, server.url);
    await page.locator('[data-tile="8"]').waitFor({ state: "attached" });
    const boxes = await page.locator("[data-tile]").evaluateAll((tiles) =>
      tiles.map((tile) => {
        const { left, width } = tile.getBoundingClientRect();
        return [left, width];
      }),
    );
    expect(new Set(boxes.map(String)).size).toBe(1);
    expect(boxes).toHaveLength(9);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await shoot("live");
    await page.getByRole("button", { name: "Open cameras" }).tap();
    await page.getByRole("treeitem", { name: "Perimeter fence west" }).waitFor();
    await shoot("tree");
    await page.getByRole("treeitem", { name: "Perimeter fence west" }).tap();
    await settled(() => page.locator('[data-tile="8"]').getAttribute("aria-current")).toBe("true");
  });

  test("touch targets are at least 40 pixels", async () => {
    const { page } = await open("phone");
    await signIn(page, server.url);
    await page.locator('[data-tile="0"]').waitFor();
    const small = await page.locator("header button, header a, [role=tablist] button").evaluateAll((controls) =>
      controls
        .map((control) => ({ name: control.getAttribute("aria-label"), box: control.getBoundingClientRect() }))
        .filter(({ name, box }) => name !== "FluxVision" && box.width > 0 && (box.width < 40 || box.height < 40))
        .map(({ name }) => name),
    );
    expect(small).toEqual([]);
  });

  test("kiosk shows pictures only and is left with Escape", async () => {
    const { page, shoot } = await open("wall");
    await signIn(page, `${server.url}/kiosk`);
    await page.locator('[data-tile="8"]').waitFor();
    expect(await page.getByRole("banner").count()).toBe(0);
    expect(await page.getByRole("tree").count()).toBe(0);
    await shoot("kiosk");
    await page.keyboard.press("Escape");
    await page.getByRole("tree").waitFor();
  });
});
