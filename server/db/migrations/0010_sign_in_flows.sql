CREATE INDEX "auth_flows_owner" ON "auth_flows" USING btree ("user_id","kind","created_at");--> statement-breakpoint
-- Begun sign-ins of earlier versions have another shape; people begin again.
DELETE FROM "auth_flows";
