// `sluice explain pkg.Service.Method`: what is in force for a method and what its calls pass; of a composed one, what it is made of.
import { describeComposition, formatRoundTrips } from "../compose/describe.ts";
import type { DescribedComposition } from "../compose/describe.ts";
import { compileCompositions } from "../compose/compositions.ts";
import type { Compositions } from "../compose/plan.ts";
import { didYouMean } from "../diagnostic.ts";
import type { Method } from "../schema/descriptor.ts";
import { UsageError } from "./parse-flags.ts";
import type { Project } from "./project.ts";

/** Compiled once more: what commands load has been checked. */
export function compositionsOf({ config, schema }: Pick<Project, "config" | "schema">): Compositions {
  return compileCompositions({ schema, rules: config.compose }).plans;
}

/** Methods of HTTP have no dots. */
export function isMethodName(text: string): boolean {
  return text.includes(".");
}

/** `pkg.Service.Method`, `pkg.Service/Method`, or the end of it. Throws UsageError for none, and for several. */
export function findNamedMethod({ schema }: Project, name: string): Method {
  const wanted = name.replace(/^\//, "").replace("/", ".");
  const methods = schema.services.flatMap((service) => service.methods);
  const exact = methods.find((method) => method.name === wanted);
  if (exact !== undefined) return exact;
  const found = methods.filter((method) => method.name.endsWith(`.${wanted}`));
  if (found.length === 1) return found[0];
  const names = methods.flatMap((method) => [method.name, method.name.split(".").slice(-2).join(".")]);
  throw new UsageError(
    found.length > 1
      ? `${JSON.stringify(name)} is several methods: ${found.map((method) => method.name).join(", ")}`
      : `there is no method ${JSON.stringify(name)}; ${didYouMean(wanted, names) ?? "write pkg.Service.Method, as sluice routes has it"}`,
  );
}

/** Rows of `sluice explain`. */
export function describeComposed({
  from,
  roundTrips,
  calls,
  tree,
  out,
}: DescribedComposition): (readonly [string, string])[] {
  return [
    ["composed", `${formatRoundTrips(roundTrips)}, ${calls} (${from})`],
    ...tree.map((line): readonly [string, string] => ["steps", line]),
    ...out.map((text): readonly [string, string] => ["out", text]),
  ];
}

export function composedBy(project: Project, method: Method): DescribedComposition | undefined {
  const plan = compositionsOf(project).get(method);
  return plan && describeComposition(plan);
}

/** Of a composed method: the longest time that all of it may take. */
export function timeoutOf(project: Project, method: Method): number {
  return compositionsOf(project).get(method)?.timeoutMs ?? Infinity;
}
