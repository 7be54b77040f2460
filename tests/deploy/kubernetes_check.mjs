// Checks a file of Kubernetes objects against the API's own schemas, as kubernetes-models has them:
//
//     node kubernetes_check.mjs FOLDER FILE.json     FOLDER has npm's kubernetes-models and typescript
//
// Values by the validators, unknown fields by the TypeScript types, which the validators let pass.
// Prints a line for each finding; the exit status is 1 if there is any.
import fs from "node:fs";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const models = path.join(folder, "node_modules/kubernetes-models");
const objects = JSON.parse(fs.readFileSync(file, "utf8"));
const findings = [];

function moduleOf(object) {
  return `${object.apiVersion}/${object.kind}.js`;
}

let source = "";
for (const [index, object] of objects.entries()) {
  const name = `${object.kind} ${object.metadata?.name}`;
  try {
    const module = await import(pathToFileURL(path.join(models, moduleOf(object))));
    new module[object.kind](object).validate();
  } catch (error) {
    findings.push(`${name}: ${error.message}`);
    continue;
  }
  source += `import type { I${object.kind} as Type${index} } from "kubernetes-models/${object.apiVersion}/${object.kind}";\n`;
  source += `export const object${index}: Type${index} = ${JSON.stringify(object)};\n`;
}

const typed = path.join(folder, "objects.ts");
fs.writeFileSync(typed, source);
const compiler = path.join(folder, "node_modules/typescript/bin/tsc");
const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext"];
const compiled = spawnSync(process.execPath, [compiler, ...options, typed], { encoding: "utf8" });
if (compiled.status !== 0) findings.push(compiled.stdout.trim());

for (const finding of findings) console.log(finding);
process.exit(findings.length ? 1 : 0);
