CREATE TABLE "audit_checkpoints" (
	"number" bigint PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"body" text NOT NULL,
	"signature" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "config_objects" (
	"section" text NOT NULL,
	"object_id" text NOT NULL,
	"label" text NOT NULL,
	"value" jsonb NOT NULL,
	CONSTRAINT "config_objects_section_object_id_pk" PRIMARY KEY("section","object_id")
);
--> statement-breakpoint
CREATE TABLE "config_versions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "config_versions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone NOT NULL,
	"actor_id" uuid,
	"actor_name" text,
	"ip" text,
	"action" text NOT NULL,
	"section" text NOT NULL,
	"changes" jsonb NOT NULL,
	"objects" integer NOT NULL,
	"rolls_back" bigint
);
--> statement-breakpoint
CREATE INDEX "config_versions_section" ON "config_versions" USING btree ("section","id");--> statement-breakpoint
CREATE FUNCTION "fluxvision_audit_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('fluxvision.audit_maintenance', true) = 'on' THEN
		IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
		RETURN NEW;
	END IF;
	RAISE EXCEPTION 'audit rows are only ever added' USING ERRCODE = 'insufficient_privilege';
END
$$;
--> statement-breakpoint
CREATE TRIGGER "audit_entries_guard" BEFORE UPDATE OR DELETE ON "audit_entries" FOR EACH ROW EXECUTE FUNCTION "fluxvision_audit_guard"();
--> statement-breakpoint
CREATE TRIGGER "audit_entries_truncate_guard" BEFORE TRUNCATE ON "audit_entries" FOR EACH STATEMENT EXECUTE FUNCTION "fluxvision_audit_guard"();
--> statement-breakpoint
CREATE TRIGGER "audit_checkpoints_guard" BEFORE UPDATE OR DELETE ON "audit_checkpoints" FOR EACH ROW EXECUTE FUNCTION "fluxvision_audit_guard"();
--> statement-breakpoint
CREATE TRIGGER "audit_checkpoints_truncate_guard" BEFORE TRUNCATE ON "audit_checkpoints" FOR EACH STATEMENT EXECUTE FUNCTION "fluxvision_audit_guard"();
