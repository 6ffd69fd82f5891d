import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The page's root, whatever root the caller of the build passes. */
function webRoot(): Plugin {
  return { name: "web-root", enforce: "pre", config: () => ({ root: fromHere("web") }) };
}

/** Sonner writes a <style> element when it loads, which the content security policy forbids; app.css imports its sheet. */
function sonnerWithoutStyleElement(): Plugin {
  return {
    name: "sonner-without-style-element",
    transform: {
      filter: { id: /sonner[\\/]dist[\\/]index\.mjs/ },
      handler: (code) => ({ code: code.replace(/^__insertCSS\(.*$/m, ""), map: null }),
    },
  };
}

/** `--mode fake-engine`: the console over drawn tiles, without media. For screenshots and work on the page alone. */
function fakeEngine(): Plugin {
  return {
    name: "fake-engine",
    enforce: "pre",
    resolveId: (source) =>
      /engine\/(?:create-wall-engine|stats-hook)\.ts$/.test(source)
        ? fromHere("web/app/testing/fake-engine.ts")
        : undefined,
  };
}

export default defineConfig(({ mode }) => {
  const server = process.env.FLUXVISION_DEV_SERVER ?? "http://localhost:8080";
  return {
    root: fromHere("web"),
    publicDir: fromHere("public"),
    resolve: { alias: { "react-style-singleton": fromHere("web/ui/style-singleton.ts") } },
    plugins: [
      webRoot(),
      ...(mode === "fake-engine" ? [fakeEngine()] : []),
      sonnerWithoutStyleElement(),
      react(),
      tailwindcss(),
      VitePWA({
        // The page asks before it replaces a running wall.
        registerType: "prompt",
        injectRegister: false,
        manifest: false,
        workbox: {
          globPatterns: ["**/*.{js,css,html,svg,png,webmanifest,wasm}"],
          globIgnores: ["demo/**"],
          navigateFallback: "/index.html",
          // The API, its pages and media always come from the server, never from a cache.
          navigateFallbackDenylist: [/^\/api\//, /^\/docs/, /^\/health/, /^\/metrics/, /^\/\.well-known\//],
          cleanupOutdatedCaches: true,
        },
      }),
    ],
    worker: { format: "es" },
    build: {
      outDir: fromHere("dist/web"),
      emptyOutDir: true,
      target: "es2023",
      sourcemap: false,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 900,
    },
    server: { port: 5173, proxy: { "/api": { target: server, ws: true }, "/health": { target: server } } },
  };
});
