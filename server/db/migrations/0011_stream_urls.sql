ALTER TABLE "streams" ALTER COLUMN "url" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "streams" ADD COLUMN "url_sealed" text;