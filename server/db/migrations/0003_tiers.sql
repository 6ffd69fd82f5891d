CREATE TABLE "segment_moves" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "segment_moves_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"segment_id" bigint NOT NULL,
	"camera_id" uuid NOT NULL,
	"from_volume_id" uuid NOT NULL,
	"from_path" text NOT NULL,
	"to_volume_id" uuid NOT NULL,
	"to_path" text NOT NULL,
	"bytes" bigint NOT NULL,
	"phase" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	CONSTRAINT "segment_moves_segment" UNIQUE("segment_id"),
	CONSTRAINT "segment_moves_target" UNIQUE("to_volume_id","to_path")
);
--> statement-breakpoint
ALTER TABLE "recording_gaps" ADD COLUMN "open" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "storage_volumes" ADD COLUMN "region" text;--> statement-breakpoint
ALTER TABLE "storage_volumes" ADD COLUMN "path_style" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "storage_volumes" ADD COLUMN "move_at_percent" integer;--> statement-breakpoint
ALTER TABLE "storage_volumes" ADD COLUMN "move_mbit_per_second" integer;--> statement-breakpoint
ALTER TABLE "segment_moves" ADD CONSTRAINT "segment_moves_from_volume_id_storage_volumes_id_fk" FOREIGN KEY ("from_volume_id") REFERENCES "public"."storage_volumes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "segment_moves" ADD CONSTRAINT "segment_moves_to_volume_id_storage_volumes_id_fk" FOREIGN KEY ("to_volume_id") REFERENCES "public"."storage_volumes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "segment_moves_from" ON "segment_moves" USING btree ("from_volume_id");