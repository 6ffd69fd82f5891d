import type { PackageFiles } from "../../shared/evidence/package-files.ts";
import { type VerifyReport, verifyPackage } from "../../shared/evidence/verify.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { fromDrop, fromList, fromZip } from "./browser-files.ts";
import { el } from "./dom.ts";
import { loadCrypto } from "./load-crypto.ts";
import { type Players, players } from "./players.ts";
import { result } from "./result.ts";
import { fill, WORDS, type Words } from "./words.ts";

/** The page: takes a package, checks it, says what is wrong, plays it. No network, no storage. */
class VerifierPage {
  readonly #root: HTMLElement;
  readonly #output = el("div");
  #language: keyof typeof WORDS = navigator.language.startsWith("ko") ? "ko" : "en";
  #package: PackageFiles | undefined;
  #report: VerifyReport | undefined;
  #players: Players | undefined;
  #check = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#render();
    // Dropped beside the field it would leave the page.
    for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
  }

  get #words(): Words {
    return WORDS[this.#language];
  }

  #render(): void {
    const words = this.#words;
    document.documentElement.lang = this.#language;
    document.title = `FluxVision: ${words.title}`;
    const language = el("button", { type: "button", textContent: words.other });
    language.addEventListener("click", () => {
      this.#language = this.#language === "en" ? "ko" : "en";
      this.#render();
      if (this.#report && this.#package) this.#show(this.#package, this.#report);
    });
    this.#root.replaceChildren(
      el("header", {}, el("h1", { textContent: words.title }), language),
      this.#dropField(),
      el("p", { textContent: words.offline }),
      this.#output,
    );
  }

  #dropField(): HTMLElement {
    const words = this.#words;
    const zip = el("input", { type: "file", accept: ".zip", className: "hidden", id: "zip" });
    const folder = el("input", { type: "file", className: "hidden", id: "folder" });
    folder.webkitdirectory = true;
    zip.addEventListener("change", () => {
      const [file] = zip.files ?? [];
      if (file) void this.#take(fromZip(file));
    });
    folder.addEventListener("change", () => void this.#take(Promise.resolve(fromList(folder.files ?? []))));
    const pickZip = el("button", { type: "button", textContent: words.pickZip });
    pickZip.addEventListener("click", () => zip.click());
    const pickFolder = el("button", { type: "button", textContent: words.pickFolder });
    pickFolder.addEventListener("click", () => folder.click());
    const buttons = el("div", { className: "row" }, pickZip, pickFolder);
    const field = el("div", { className: "drop" }, el("p", { textContent: words.drop }), buttons, zip, folder);
    field.addEventListener("dragover", () => field.classList.add("over"));
    field.addEventListener("dragleave", () => field.classList.remove("over"));
    field.addEventListener("drop", (event) => {
      field.classList.remove("over");
      const found = event.dataTransfer && fromDrop(event.dataTransfer.items);
      if (found) void this.#take(found);
    });
    return field;
  }

  async #take(opening: Promise<PackageFiles>, passphrase?: string): Promise<void> {
    const check = ++this.#check;
    const bar = el("progress", { max: 1, value: 0 });
    this.#closePlayers();
    this.#output.replaceChildren(el("p", { textContent: this.#words.checking }), bar);
    try {
      const found = await opening;
      const crypto = await loadCrypto();
      const report = await verifyPackage(found, {
        passphrase,
        crypto,
        onProgress: (done, total) => {
          bar.value = total === 0 ? 1 : done / total;
        },
      });
      if (check !== this.#check) return;
      // Who mistypes has changed nothing: the verdict of before stands.
      const mistyped = report.findings.some(({ code }) => code === "passphrase.wrong");
      this.#package = found;
      if (!mistyped || !this.#report) this.#report = report;
      this.#show(found, this.#report, mistyped);
    } catch (error) {
      if (check !== this.#check) return;
      const words = this.#words;
      const detail = describeError(error);
      const text = errorCode(error) === "evidence.compressed" ? words.compressed : fill(words.unreadable, { detail });
      const verdict = el("div", { className: "verdict bad", textContent: text });
      verdict.dataset.ok = "false";
      this.#output.replaceChildren(verdict);
    }
  }

  #show(found: PackageFiles, report: VerifyReport, mistyped = false): void {
    const { manifest, keys } = report;
    this.#closePlayers();
    this.#output.replaceChildren(result(report, this.#words));
    if (!manifest) return;
    if (manifest.format === "sealed" && keys.length === 0) this.#output.append(this.#passphraseForm(found, mistyped));
    this.#players = players(found, manifest, keys, this.#words);
    this.#output.append(this.#players.element);
  }

  #closePlayers(): void {
    this.#players?.close();
    this.#players = undefined;
  }

  #passphraseForm(found: PackageFiles, mistyped: boolean): HTMLElement {
    const words = this.#words;
    const input = el("input", { type: "password", autocomplete: "off", required: true, id: "passphrase" });
    const label = el("label", { htmlFor: "passphrase", textContent: words.passphrase });
    const open = el("button", { type: "submit", textContent: words.open });
    const message = el("p", { className: "note", textContent: words.findings["passphrase.wrong"] });
    message.setAttribute("role", "alert");
    const row = el("div", { className: "row left" }, label, input, open);
    const form = el("form", {}, el("p", { textContent: words.sealed }), row, mistyped ? message : undefined);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#take(Promise.resolve(found), input.value);
    });
    return form;
  }
}

const root = document.getElementById("app");
if (root) new VerifierPage(root);
