CREATE TABLE "removed_cameras" (
	"camera_id" uuid PRIMARY KEY NOT NULL,
	"group_path" text NOT NULL,
	"removed_at" timestamp with time zone NOT NULL
);
