// Services of shop.v1 and a sluice.yaml to the policies of their methods, and what is wrong with them as `sluice check` prints it.
import { expect } from "chai";
import type { MethodPolicy } from "../../src/chain/policy.ts";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { compilePolicies } from "../../src/policy/policies.ts";
import { loadYaml } from "../config/yaml-fixture.ts";
import { schemaOf } from "../support/schema.ts";

/** Stands before the services: they begin in line 5. */
export const head = `syntax = "proto3"; package shop.v1; import "sluice/annotations.proto";
message Req { string user_id = 1; int32 count = 2; }
message Other { string id = 1; }
message Res {}
`;

export function compile(services: string, yaml: string) {
  const { config, diagnostics } = loadYaml(yaml);
  const shorten = (text: string): string => text.replaceAll(/\/\S*?(?=sluice\.yaml)/g, "");
  if (config === undefined) return { of: undefined, problems: diagnostics.map(formatDiagnostic).map(shorten) };
  const schema = schemaOf({ "shop.proto": `${head}${services}` });
  const { policyOf, diagnostics: found } = compilePolicies({ schema, config });
  const of = (name: string): MethodPolicy => policyOf(schema.method(`shop.v1.${name}`)!);
  return { of, problems: found.map(formatDiagnostic).map(shorten) };
}

/** Of a source without problems. */
export function policyOf(services: string, yaml: string, name: string): MethodPolicy {
  const { of, problems } = compile(services, yaml);
  expect(problems).to.deep.equal([]);
  return of!(name);
}

/** The folder of the file is not told. */
export function place(from: string): string {
  return from.replace(/^.*\/(?=sluice\.yaml)/, "");
}
