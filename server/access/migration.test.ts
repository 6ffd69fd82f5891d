import { readFile } from "node:fs/promises";
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { databases } from "../testkit/temp-db.ts";

const ids = {
  admin: "00000000-0000-4000-8000-000000000001",
  operator: "00000000-0000-4000-8000-000000000002",
  viewer: "00000000-0000-4000-8000-000000000003",
  cameraA: "00000000-0000-4000-8000-00000000000a",
  cameraB: "00000000-0000-4000-8000-00000000000b",
};

/** Statements of a migration, without the references between tables: they name the schema that is in use. */
async function statements(name: string): Promise<string[]> {
  const text = await readFile(new URL(`../db/migrations/${name}.sql`, import.meta.url), "utf8");
  return text.split("--> statement-breakpoint").filter((statement) => !statement.includes('"public".'));
}

it.each(databases)(
  "on $name, everybody keeps what the role of the account gave",
  async ({ open }) => {
    const database = await open();
    try {
      const rows = await database.orm.transaction(async (transaction) => {
        const run = (text: string) => transaction.execute(sql.raw(text));
        await run("create schema before_grants");
        await run("set local search_path to before_grants");
        for (const statement of await statements("0000_foundation")) await run(statement);
        for (const role of ["admin", "operator", "viewer"] as const) {
          await run(`insert into users (id, username, username_key, display_name, role, password_hash, created_at, updated_at)
          values ('${ids[role]}', '${role}', '${role}', '${role}', '${role}', '', now(), now())`);
        }
        for (const camera of [ids.cameraA, ids.cameraB]) {
          await run(`insert into cameras (id, name, created_at, updated_at) values ('${camera}', '', now(), now())`);
          await run(`insert into camera_access (user_id, camera_id) values ('${ids.viewer}', '${camera}')`);
        }
        // Left over from a time as a viewer: it gave an operator nothing, and gives nothing now.
        await run(`insert into camera_access (user_id, camera_id) values ('${ids.operator}', '${ids.cameraA}')`);
        for (const name of ["0007_access", "0008_grants_only"]) {
          for (const statement of await statements(name)) await run(statement);
        }
        return run("select user_id, role_id, scope, path, camera_id from role_grants order by user_id, camera_id");
      });
      const system = { scope: "system", path: null, camera_id: null };
      const camera = { user_id: ids.viewer, role_id: "viewer", scope: "camera", path: null };
      expect([...rows]).toEqual([
        { user_id: ids.admin, role_id: "administrator", ...system },
        { user_id: ids.operator, role_id: "operator", ...system },
        { ...camera, camera_id: ids.cameraA },
        { ...camera, camera_id: ids.cameraB },
      ]);
    } finally {
      await database.close();
    }
  },
  120_000,
);
