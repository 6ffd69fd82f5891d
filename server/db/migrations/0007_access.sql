CREATE TABLE "role_grants" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid,
	"group_id" uuid,
	"role_id" text NOT NULL,
	"scope" text NOT NULL,
	"path" text,
	"camera_id" uuid,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "role_grants_holder" CHECK (num_nonnulls("role_grants"."user_id", "role_grants"."group_id") = 1),
	CONSTRAINT "role_grants_scope" CHECK (("role_grants"."scope" = 'system' and "role_grants"."path" is null and "role_grants"."camera_id" is null)
        or ("role_grants"."scope" = 'place' and "role_grants"."path" is not null and "role_grants"."path" <> '' and "role_grants"."camera_id" is null)
        or ("role_grants"."scope" = 'camera' and "role_grants"."path" is null and "role_grants"."camera_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "roles" (
	"id" text PRIMARY KEY NOT NULL,
	"builtin" boolean DEFAULT false NOT NULL,
	"name" text NOT NULL,
	"name_key" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"permissions" text[] NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "roles_name_key_unique" UNIQUE("name_key")
);
--> statement-breakpoint
CREATE TABLE "user_group_members" (
	"group_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"source" text DEFAULT 'manual' NOT NULL,
	CONSTRAINT "user_group_members_group_id_user_id_source_pk" PRIMARY KEY("group_id","user_id","source")
);
--> statement-breakpoint
CREATE TABLE "user_groups" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"name_key" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "user_groups_name_key_unique" UNIQUE("name_key")
);
--> statement-breakpoint
ALTER TABLE "role_grants" ADD CONSTRAINT "role_grants_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_grants" ADD CONSTRAINT "role_grants_group_id_user_groups_id_fk" FOREIGN KEY ("group_id") REFERENCES "public"."user_groups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_grants" ADD CONSTRAINT "role_grants_role_id_roles_id_fk" FOREIGN KEY ("role_id") REFERENCES "public"."roles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_grants" ADD CONSTRAINT "role_grants_camera_id_cameras_id_fk" FOREIGN KEY ("camera_id") REFERENCES "public"."cameras"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_group_members" ADD CONSTRAINT "user_group_members_group_id_user_groups_id_fk" FOREIGN KEY ("group_id") REFERENCES "public"."user_groups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_group_members" ADD CONSTRAINT "user_group_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "role_grants_once" ON "role_grants" USING btree (coalesce("user_id", "group_id"),"role_id",coalesce("path", ''),coalesce("camera_id"::text, ''));--> statement-breakpoint
CREATE INDEX "role_grants_user" ON "role_grants" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "role_grants_group" ON "role_grants" USING btree ("group_id");--> statement-breakpoint
CREATE INDEX "role_grants_role" ON "role_grants" USING btree ("role_id");--> statement-breakpoint
CREATE INDEX "role_grants_camera" ON "role_grants" USING btree ("camera_id");--> statement-breakpoint
CREATE INDEX "user_group_members_user" ON "user_group_members" USING btree ("user_id");--> statement-breakpoint
INSERT INTO "roles" ("id", "builtin", "name", "name_key", "permissions", "created_at", "updated_at")
	SELECT id, true, id, id, '{}', now(), now() FROM (VALUES ('administrator'), ('supervisor'), ('operator'), ('viewer'), ('api-only')) AS known (id);--> statement-breakpoint
-- Everybody keeps what the role of the account gave: administrators and operators everything that is theirs, viewers their cameras.
INSERT INTO "role_grants" ("id", "user_id", "role_id", "scope", "created_at")
	SELECT gen_random_uuid(), "id", CASE "role" WHEN 'admin' THEN 'administrator' ELSE 'operator' END, 'system', now()
	FROM "users" WHERE "role" IN ('admin', 'operator');--> statement-breakpoint
INSERT INTO "role_grants" ("id", "user_id", "role_id", "scope", "camera_id", "created_at")
	SELECT gen_random_uuid(), a."user_id", 'viewer', 'camera', a."camera_id", now()
	FROM "camera_access" a JOIN "users" u ON u."id" = a."user_id" WHERE u."role" = 'viewer';
