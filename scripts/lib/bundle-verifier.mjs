// Bundles the offline verifier into one HTML file: script, style and the cipher's binary lie in it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { inRoot } from "./project.mjs";

const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The page as text. The policy in it allows its own script and style by hash, and nothing from anywhere else. */
export async function verifierPage() {
  const { build } = await import("esbuild");
  const built = await build({
    absWorkingDir: inRoot(),
    entryPoints: ["web/verifier/main.ts"],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    charset: "utf8",
    loader: { ".wasm": "binary" },
    define: { "process.env.NODE_ENV": '"production"' },
    // mediabunny reads files by path in Node; a page does not.
    external: ["node:*"],
  });
  // In a script element this would end it.
  const script = built.outputFiles[0].text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  const style = readFileSync(inRoot("web/verifier/verifier.css"), "utf8");
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)} 'wasm-unsafe-eval'`,
    `style-src ${hashOf(style)}`,
    "img-src data: blob:",
    "media-src blob:",
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy.join("; ")}">
<link rel="icon" href="data:,">
<title>FluxVision</title>
<style>${style}</style>
</head>
<body>
<main id="app"></main>
<script type="module">${script}</script>
</body>
</html>
`;
}

export async function buildVerifier(to = "dist/server/verify.html") {
  mkdirSync(dirname(inRoot(to)), { recursive: true });
  writeFileSync(inRoot(to), await verifierPage());
}
