ALTER TABLE "camera_access" DISABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP TABLE "camera_access" CASCADE;--> statement-breakpoint
ALTER TABLE "users" DROP CONSTRAINT "users_role";--> statement-breakpoint
ALTER TABLE "users" DROP COLUMN "role";