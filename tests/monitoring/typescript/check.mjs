// Checks dashboards against Grafana's published types: `node check.mjs FOLDER` reads every `.json` in FOLDER.
//
// Each part of a dashboard becomes a literal of Grafana's type for it. The compiler reports unknown keys, values of another
// type, and strings that are not among the allowed ones.
import { readFileSync, readdirSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
if (!folder) {
  console.error("usage: node check.mjs FOLDER");
  process.exit(2);
}

// Enums of strings accept these strings, and all keys are optional, because Grafana fills in its defaults.
const PRELUDE = `
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as gauge from "@grafana/grafana-foundation-sdk/gauge";
import * as piechart from "@grafana/grafana-foundation-sdk/piechart";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as table from "@grafana/grafana-foundation-sdk/table";
type Plain<T> = T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Plain<U>[]
  : T extends object ? { [K in keyof T]?: Plain<T[K]> } : T;
type Outer = Plain<Omit<dashboard.Dashboard, "panels">>;
type Panel = Plain<Omit<dashboard.Panel, "options" | "fieldConfig" | "targets" | "transformations">>;
type Transformation = Plain<dashboard.DataTransformerConfig>;
type Defaults = Plain<Omit<dashboard.FieldConfig, "custom" | "mappings">>;
type Mapping = Plain<dashboard.SpecialValueMap>;
`;

const OPTIONS = {
  timeseries: ["timeseries.Options", "timeseries.FieldConfig"],
  stat: ["stat.Options", "never"],
  gauge: ["gauge.Options", "never"],
  piechart: ["piechart.Options", "never"],
  table: ["table.Options", "common.TableFieldOptions"],
  heatmap: ["heatmap.Options", "heatmap.FieldConfig"],
};

function literals(value) {
  const parts = [];
  const part = (type, of) => parts.push(`export const part${parts.length}: ${type} = ${JSON.stringify(of)};`);
  const { panels, ...outer } = value;
  part("Outer", outer);
  // The panels of a collapsed row are inside it.
  const all = panels.flatMap((panel) => [panel, ...(panel.type === "row" ? panel.panels : [])]);
  for (const panel of all) {
    if (panel.type === "row") {
      part("Plain<dashboard.RowPanel>", { ...panel, panels: [] });
      continue;
    }
    const { options, fieldConfig, targets, transformations, ...rest } = panel;
    const { custom, mappings, ...defaults } = fieldConfig.defaults;
    part("Plain<dashboard.FieldConfigSource>['overrides']", fieldConfig.overrides);
    const [optionsType, customType] = OPTIONS[panel.type] ?? ["never", "never"];
    part("Panel", rest);
    part(`Plain<${optionsType}>`, options);
    part("Defaults", defaults);
    mappings.forEach((mapping) => part("Mapping", mapping));
    targets.forEach((target) => part("Plain<prometheus.Dataquery>", target));
    transformations.forEach((transformation) => part("Transformation", transformation));
    if (custom) part(`Plain<${customType}>`, custom);
  }
  return PRELUDE + parts.join("\n") + "\n";
}

const generated = join(here, "generated");
rmSync(generated, { recursive: true, force: true });
mkdirSync(generated);
const files = readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => {
  const file = join(generated, `${basename(name, ".json")}.ts`);
  writeFileSync(file, literals(JSON.parse(readFileSync(join(folder, name), "utf8"))));
  return file;
});
if (files.length === 0) {
  console.error(`no dashboards in ${folder}`);
  process.exit(2);
}
const program = ts.createProgram(files, {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: [],
});
const mistakes = ts.getPreEmitDiagnostics(program);
for (const mistake of mistakes) {
  const name = mistake.file ? basename(mistake.file.fileName, ".ts") : "types";
  console.log(`${name}: ${ts.flattenDiagnosticMessageText(mistake.messageText, " ")}`);
}
console.log(`${files.length} dashboards, ${mistakes.length} mistakes`);
process.exit(mistakes.length === 0 ? 0 : 1);
