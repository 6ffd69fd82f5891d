import { describe, expect, it } from "vitest";
import { errorCode } from "../../shared/lib/errors.ts";
import { PasswordPolicy } from "./password-policy.ts";

const policy = new PasswordPolicy(async () => 12);
const owner = { username: "mina.park", displayName: "Mina Park" };

const verdict = (password: string): Promise<string | undefined> =>
  policy.check(password, owner).then(() => "good", errorCode);

describe("password policy", () => {
  it.each([
    ["Short1!", "auth.password_short"],
    // Eleven characters, though more bytes.
    ["비밀번호비밀번호비밀번", "auth.password_short"],
    ["password1234", "auth.password_weak"],
    ["passwordpassword", "auth.password_weak"],
    ["123456789012", "auth.password_weak"],
    ["qwertyuiop[]", "auth.password_weak"],
    ["aaaaaaaaaaaaaaaa", "auth.password_weak"],
    ["FluxVision2024", "auth.password_weak"],
    ["administrator", "auth.password_common"],
    ["tR7!Mina.Park9#Zm", "auth.password_name"],
    ["tR7!M-I-N-A-p-a-r-k9#Zm", "auth.password_name"],
    ["correct horse battery", "good"],
    ["tR7!kq9#Zm2$wX", "good"],
    ["좋은 아침 바다 위의 노래", "good"],
  ])("%s: %s", async (password, expected) => {
    const found = await verdict(password);
    // Which list a weak one is in is the estimator's business; that it is refused is ours.
    if (expected === "auth.password_weak" || expected === "auth.password_common") {
      expect(found).toMatch(/^auth\.password_(weak|common)$/);
    } else expect(found).toBe(expected);
  });

  it("knows leaked passwords whatever their letters' case", async () => {
    const lenient = new PasswordPolicy(async () => 1);
    for (const leaked of ["iloveyou", "Dragon", "TRUSTNO1", "letmein"]) {
      await expect(lenient.check(leaked, owner)).rejects.toMatchObject({ code: "auth.password_common" });
    }
  });

  it("answers a very long one as quickly as a long one", async () => {
    const long = `tR7!kq9#Zm2$wX${"ab1".repeat(80)}`;
    expect(await verdict(long)).toBe("good");
  });

  it("follows the administrators' length", async () => {
    const strict = new PasswordPolicy(async () => 20);
    await expect(strict.check("tR7!kq9#Zm2$wX", owner)).rejects.toMatchObject({ code: "auth.password_short" });
  });
});
