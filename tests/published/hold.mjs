// SPDX-License-Identifier: GPL-2.0-only
// Holds what is shipped against the types of who reads it: no unknown field, no missing one, none of
// another type. Each is held again with mistakes in it, which must be found.
// usage: node hold.mjs, where node_modules is; the project is in $SNP_GUARD_DIR
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import ts from "typescript";

const project = process.env.SNP_GUARD_DIR;
const options = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

// An enum's values are plain strings in JSON.
const json = `type Json<T> = T extends string ? \`\${T}\`
  : T extends object ? { [K in keyof T]: Json<T[K]> } : T;\n`;

// A panel's options have a type of their own.
const panels = { stat: "Stat", table: "Table", timeseries: "TimeSeries" };

function dashboard(d) {
  let text = "import type { Dashboard } from '@grafana/schema';\n" + json;
  for (const [kind, name] of Object.entries(panels))
    text += `import type * as ${kind} from '@grafana/schema/dist/esm/raw/composable/${kind}` +
      `/panelcfg/x/${name}PanelCfg_types.gen';\n`;
  text += `export const dashboard: Json<Dashboard> = ${JSON.stringify(d, null, 1)};\n`;
  d.panels.filter((p) => p.options).forEach((p, i) => {
    text += `export const options${i}: Json<Partial<${p.type}.Options>> = ` +
      `${JSON.stringify(p.options, null, 1)};\n`;
  });
  return text;
}

function daemonset(d) {
  return `import type { IDaemonSet } from 'kubernetes-models/apps/v1';\n` +
    `export const daemonset: IDaemonSet = ${JSON.stringify(d, null, 1)};\n`;
}

// It asks no server, and reads the manifest as it would for one.
function kubectl(path) {
  return execFileSync("kubectl", ["set", "image", "--local", "-f", path, "snp-guard=held:1",
    "-o", "jsonpath={.kind}"], { encoding: "utf8" });
}

function mistakes(text) {
  const host = ts.createCompilerHost(options);
  const file = `${process.cwd()}/held.ts`;
  const read = host.getSourceFile.bind(host);

  host.getSourceFile = (name, ...rest) => name === file
    ? ts.createSourceFile(name, text, ts.ScriptTarget.ESNext) : read(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((d) => {
    const at = d.file ? text.split("\n")[d.file.getLineAndCharacterOfPosition(d.start).line] : "";

    return `${at.trim()}: ${ts.flattenDiagnosticMessageText(d.messageText, " ")}`;
  });
}

const held = [
  {
    path: "dist/grafana/snp_guard.json", parse: JSON.parse, type: dashboard,
    planted: {
      "a panel's option": (d) => d.panels.find((p) => p.type === "stat").options.colourMode = "value",
      "a threshold's mode": (d) => d.panels.find((p) => p.fieldConfig?.defaults?.thresholds)
        .fieldConfig.defaults.thresholds.mode = "relative",
      "a panel's place": (d) => delete d.panels[0].gridPos.w,
    },
  },
  {
    path: "dist/kubernetes/snp-guard.yaml", parse: load, type: daemonset,
    planted: {
      "a field's name": (d) => d.spec.template.spec.hostPid = true,
      "a field's type": (d) => d.spec.template.spec.containers[0].ports[0].containerPort = "9817",
      "a missing field": (d) => delete d.spec.template.spec.containers[0].volumeMounts[0].mountPath,
      "a probe's field": (d) => d.spec.template.spec.containers[0].livenessProbe.period = 30,
    },
  },
];
let passed = 0, failed = 0;

function holds(what, wrong) {
  console.log(wrong.length ? `not ok ${what}` : `ok ${what}`);
  wrong.forEach((w) => console.log(`    ${w}`));
  wrong.length ? failed++ : passed++;
}

for (const { path, parse, type, planted } of held) {
  const text = readFileSync(`${project}/${path}`, "utf8");

  holds(path, mistakes(type(parse(text))));
  for (const [what, plant] of Object.entries(planted)) {
    const wrong = parse(text);

    plant(wrong);
    holds(`... and with ${what} wrong it is refused`,
      mistakes(type(wrong)).length ? [] : ["nothing was found"]);
  }
}
holds("kubectl reads it", kubectl(`${project}/dist/kubernetes/snp-guard.yaml`) === "DaemonSet"
  ? [] : ["it is no DaemonSet"]);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
