ALTER TABLE "evidence_locks" ADD COLUMN "release_reason" text;--> statement-breakpoint
ALTER TABLE "evidence_locks" ADD COLUMN "case_id" uuid;--> statement-breakpoint
ALTER TABLE "evidence_locks" ADD CONSTRAINT "evidence_locks_case_id_cases_id_fk" FOREIGN KEY ("case_id") REFERENCES "public"."cases"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "evidence_locks_case" ON "evidence_locks" USING btree ("case_id");