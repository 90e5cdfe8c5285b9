// SPDX-License-Identifier: GPL-2.0-only
// Holds what is shipped against the types of who reads it: no unknown field, no missing one, none of
// another type. Each is held again with mistakes in it, which must be found.
// usage: node hold.mjs, where node_modules is; the project is in $SNP_GUARD_DIR
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { loadAll } from "js-yaml";
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

const groups = { DaemonSet: "apps/v1", Namespace: "v1", ConfigMap: "v1" };

function manifests(list) {
  return list.map((d, i) => `import type { I${d.kind} as Kind${i} } from 'kubernetes-models/` +
    `${groups[d.kind]}';\nexport const object${i}: Kind${i} = ${JSON.stringify(d, null, 1)};\n`).join("");
}

const daemonset = (list) => list.find((d) => d.kind === "DaemonSet");
const container = (list) => daemonset(list).spec.template.spec.containers[0];

// kubectl puts an overlay together, and asks no server.
function kustomize(dir) {
  return execFileSync(process.env.KUBECTL, ["kustomize", dir], { encoding: "utf8" });
}

// What node-problem-detector's own manifest has that the plugin is added to.
const detector = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: node-problem-detector, namespace: kube-system}
spec:
  selector: {matchLabels: {app: node-problem-detector}}
  template:
    metadata: {labels: {app: node-problem-detector}}
    spec:
      containers:
      - name: node-problem-detector
        image: node-problem-detector:1
        command: [/node-problem-detector, --logtostderr]
        env: [{name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
        volumeMounts: [{name: log, mountPath: /var/log}]
        resources: {limits: {cpu: 10m, memory: 80Mi}, requests: {cpu: 10m, memory: 80Mi}}
      volumes: [{name: log, hostPath: {path: /var/log/}}]
`;

function withPlugin() {
  const dir = mkdtempSync(`${process.cwd()}/detector-`);

  try {
    writeFileSync(`${dir}/detector.yaml`, detector);
    writeFileSync(`${dir}/kustomization.yaml`, "resources: [detector.yaml]\n" +
      `components: [${relative(dir, `${project}/dist/node-problem-detector`)}]\n`);
    return kustomize(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
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
    path: "dist/kubernetes/base/snp-guard.yaml", parse: loadAll, type: manifests,
    planted: {
      "a field's name": (l) => daemonset(l).spec.template.spec.hostPid = true,
      "a field's type": (l) => container(l).ports[0].containerPort = "9817",
      "a missing field": (l) => delete container(l).volumeMounts[0].mountPath,
      "a probe's field": (l) => container(l).livenessProbe.period = 30,
    },
  },
  ...["audit", "enforce", "remove"].map((name) => ({
    path: `dist/kubernetes/${name}`, read: kustomize, parse: loadAll, type: manifests,
    planted: { "a kind's field": (l) => l[0].metadata.title = "SNP" },
  })),
  {
    path: "dist/node-problem-detector", read: withPlugin, parse: loadAll, type: manifests,
    planted: {
      "a volume's image": (l) => daemonset(l).spec.template.spec.volumes
        .find((v) => v.image).image.name = "snp-guard",
    },
  },
];
let passed = 0, failed = 0;

function holds(what, wrong) {
  console.log(wrong.length ? `not ok ${what}` : `ok ${what}`);
  wrong.forEach((w) => console.log(`    ${w}`));
  wrong.length ? failed++ : passed++;
}

for (const { path, read = (p) => readFileSync(p, "utf8"), parse, type, planted } of held) {
  const text = read(`${project}/${path}`);

  holds(path, mistakes(type(parse(text))));
  for (const [what, plant] of Object.entries(planted)) {
    const wrong = parse(text);

    plant(wrong);
    holds(`... and with ${what} wrong it is refused`,
      mistakes(type(wrong)).length ? [] : ["nothing was found"]);
  }
}

function same(what, is, wanted) {
  holds(what, JSON.stringify(is) === JSON.stringify(wanted) ? []
    : [`${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`]);
}

const [base, audit, enforce, remove] = ["base", "audit", "enforce", "remove"].map((name) =>
  loadAll(kustomize(`${project}/dist/kubernetes/${name}`)));
const args = container(audit).args;

same("audit is the base", audit, base);
same("... and refuses nothing", args.filter((a) => a.startsWith("--audit")), ["--audit"]);
same("enforce differs by that alone", container(enforce).args, args.filter((a) => a !== "--audit"));
container(enforce).args = args;
same("... in the whole manifest", enforce, audit);
const detach = daemonset(remove).spec.template.spec.initContainers[0];
same("remove detaches first", detach.args, ["detach"]);
same("... by the guard's image", detach.image, container(audit).image);
same("... with mounts that the guard has", detach.volumeMounts.filter((m) =>
  !container(audit).volumeMounts.some((n) => n.name === m.name && n.mountPath === m.mountPath)), []);
same("... and starts no guard", container(remove).args[0], "check");

const plugin = loadAll(withPlugin()), npd = container(plugin);
const files = plugin.find((d) => d.kind === "ConfigMap");
same("node-problem-detector is told of the plugin", npd.command,
  ["/node-problem-detector", "--logtostderr", "--config.custom-plugin-monitor=/snp-guard/snp-guard.json"]);
same("... keeps its own mounts", npd.volumeMounts.some((m) => m.name === "log"), true);
same("... and finds the plugin's script", JSON.parse(files.data["snp-guard.json"]).rules[0].path,
  `/snp-guard/${Object.keys(files.data).find((name) => !name.includes("."))}`);
same("... in the generated map", daemonset(plugin).spec.template.spec.volumes
  .find((v) => v.name === "snp-guard").configMap.name, files.metadata.name);
same("... with the guard's mounts", npd.volumeMounts.map((m) => m.mountPath)
  .filter((p) => container(audit).volumeMounts.some((m) => m.mountPath === p)).sort(),
  ["/dev/cpu", "/lib/modules", "/run/snp-guard.lock", "/sys/fs/bpf", "/sys/kernel/debug",
    "/sys/kernel/security"]);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
