// Copies the vendored files below static/ from node_modules, each with its licence. Run by `npm run vendor` when a version changes.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = new URL("static/", import.meta.url);
const modules = new URL("../../../node_modules/", import.meta.url);
const files = [
  ["htmx.org/dist/htmx.min.js", "htmx.min.js"],
  ["@digital-go-jp/design-tokens/dist/tokens-simple.css", "tokens.css"],
];
for (const [from, to] of files) copyFileSync(fileURLToPath(new URL(from, modules)), fileURLToPath(new URL(to, here)));

const packages = ["htmx.org", "@digital-go-jp/design-tokens"];
const licences = packages.map((name) => {
  const { version, license } = JSON.parse(readFileSync(new URL(`${name}/package.json`, modules)));
  return `${name} ${version} (${license})\n\n${readFileSync(new URL(`${name}/LICENSE`, modules), "utf8").trim()}\n`;
});
writeFileSync(new URL("LICENSES.txt", here), licences.join(`\n${"-".repeat(80)}\n\n`));
