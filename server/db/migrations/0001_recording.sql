CREATE TABLE "bookmarks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"camera_id" uuid NOT NULL,
	"start_micros" bigint NOT NULL,
	"end_micros" bigint NOT NULL,
	"title" text NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"tags" text[] NOT NULL,
	"colour" text NOT NULL,
	"created_by" uuid,
	"created_by_name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "camera_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "camera_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"camera_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"start_micros" bigint NOT NULL,
	"end_micros" bigint NOT NULL,
	"title" text,
	"data" jsonb
);
--> statement-breakpoint
CREATE TABLE "case_items" (
	"id" uuid PRIMARY KEY NOT NULL,
	"case_id" uuid NOT NULL,
	"camera_id" uuid NOT NULL,
	"start_micros" bigint NOT NULL,
	"end_micros" bigint NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"position" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cases" (
	"id" uuid PRIMARY KEY NOT NULL,
	"title" text NOT NULL,
	"reference" text DEFAULT '' NOT NULL,
	"notes" jsonb NOT NULL,
	"closed_at" timestamp with time zone,
	"created_by" uuid,
	"created_by_name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "evidence_locks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"camera_id" uuid NOT NULL,
	"start_micros" bigint NOT NULL,
	"end_micros" bigint NOT NULL,
	"reason" text NOT NULL,
	"expires_at" timestamp with time zone,
	"created_by" uuid,
	"created_by_name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"released_at" timestamp with time zone,
	"released_by_name" text
);
--> statement-breakpoint
CREATE TABLE "export_jobs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"spec" jsonb NOT NULL,
	"title" text NOT NULL,
	"progress_permille" integer DEFAULT 0 NOT NULL,
	"error_code" text,
	"error_message" text,
	"file_name" text,
	"bytes" bigint,
	"sha256" text,
	"created_by" uuid,
	"created_by_name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "recording_gaps" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "recording_gaps_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"camera_id" uuid NOT NULL,
	"stream_id" integer NOT NULL,
	"start_micros" bigint NOT NULL,
	"end_micros" bigint NOT NULL,
	"reason" text NOT NULL,
	"detail" text,
	"frames" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "recording_gaps_once" UNIQUE("stream_id","start_micros","reason")
);
--> statement-breakpoint
CREATE TABLE "recording_policies" (
	"scope" text NOT NULL,
	"target" text NOT NULL,
	"mode" text,
	"streams" text,
	"audio" boolean,
	"schedule" jsonb,
	"pre_roll_seconds" integer,
	"post_roll_seconds" integer,
	"segment_seconds" integer,
	"retention_days" integer,
	"minimum_days" integer,
	"max_bytes" bigint,
	"warm_after_days" integer,
	"cold_after_days" integer,
	"volume_ids" jsonb,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "recording_policies_scope_target_pk" PRIMARY KEY("scope","target")
);
--> statement-breakpoint
CREATE TABLE "recording_runs" (
	"id" uuid NOT NULL,
	"stream_id" integer NOT NULL,
	"camera_id" uuid NOT NULL,
	"role" text NOT NULL,
	"start_micros" bigint NOT NULL,
	"end_micros" bigint NOT NULL,
	CONSTRAINT "recording_runs_id_stream_id_pk" PRIMARY KEY("id","stream_id")
);
--> statement-breakpoint
CREATE TABLE "revoked_video_keys" (
	"key_id" integer PRIMARY KEY NOT NULL,
	"camera_id" uuid NOT NULL,
	"utc_day" date NOT NULL,
	"reason" text NOT NULL,
	"revoked_by_name" text NOT NULL,
	"revoked_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "segments" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "segments_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"camera_id" uuid NOT NULL,
	"stream_id" integer NOT NULL,
	"role" text NOT NULL,
	"volume_id" uuid NOT NULL,
	"path" text NOT NULL,
	"run_id" uuid NOT NULL,
	"start_micros" bigint NOT NULL,
	"end_micros" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	"frames" integer NOT NULL,
	"keyframes" integer NOT NULL,
	"audio_frames" integer DEFAULT 0 NOT NULL,
	"key_id" integer NOT NULL,
	"codec" smallint NOT NULL,
	"codec_string" text NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"state" text NOT NULL,
	CONSTRAINT "segments_volume_path" UNIQUE("volume_id","path"),
	CONSTRAINT "segments_order" CHECK ("segments"."end_micros" >= "segments"."start_micros")
);
--> statement-breakpoint
CREATE TABLE "storage_volumes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"tier" text NOT NULL,
	"location" text NOT NULL,
	"credentials_sealed" text,
	"reserve_bytes" bigint NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "storage_volumes_location" UNIQUE("location")
);
--> statement-breakpoint
ALTER TABLE "bookmarks" ADD CONSTRAINT "bookmarks_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_items" ADD CONSTRAINT "case_items_case_id_cases_id_fk" FOREIGN KEY ("case_id") REFERENCES "public"."cases"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cases" ADD CONSTRAINT "cases_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evidence_locks" ADD CONSTRAINT "evidence_locks_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "export_jobs" ADD CONSTRAINT "export_jobs_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "segments" ADD CONSTRAINT "segments_volume_id_storage_volumes_id_fk" FOREIGN KEY ("volume_id") REFERENCES "public"."storage_volumes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "bookmarks_camera" ON "bookmarks" USING btree ("camera_id","start_micros");--> statement-breakpoint
CREATE INDEX "camera_events_camera" ON "camera_events" USING btree ("camera_id","start_micros");--> statement-breakpoint
CREATE INDEX "case_items_case" ON "case_items" USING btree ("case_id");--> statement-breakpoint
CREATE INDEX "evidence_locks_camera" ON "evidence_locks" USING btree ("camera_id","start_micros");--> statement-breakpoint
CREATE INDEX "export_jobs_state" ON "export_jobs" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "recording_gaps_camera" ON "recording_gaps" USING btree ("camera_id","start_micros");--> statement-breakpoint
CREATE INDEX "recording_runs_camera" ON "recording_runs" USING btree ("camera_id","start_micros");--> statement-breakpoint
CREATE INDEX "recording_runs_end" ON "recording_runs" USING btree ("end_micros");--> statement-breakpoint
CREATE INDEX "segments_stream_start" ON "segments" USING btree ("stream_id","start_micros");--> statement-breakpoint
CREATE INDEX "segments_camera_start" ON "segments" USING btree ("camera_id","start_micros");--> statement-breakpoint
CREATE INDEX "segments_start" ON "segments" USING btree ("start_micros");--> statement-breakpoint
CREATE INDEX "segments_not_closed" ON "segments" USING btree ("state") WHERE "segments"."state" <> 'closed';