// Bindings for router tests out of one line: `GET /v1/{name=shelves/*}:verb`.
import type { Binding } from "../../src/schema/binding.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import { isTemplateError, parseTemplate } from "../../src/schema/bind/template.ts";

/** The router looks at the template and the HTTP method only; the rpc's name is the line itself. */
export function bindingOf(line: string): Binding {
  const [httpMethod, text] = line.split(" ");
  const template = parseTemplate(text);
  if (isTemplateError(template)) throw new Error(`${line}: ${template.message}`);
  return {
    method: { name: line } as Method,
    httpMethod,
    template,
    variables: [],
    body: { kind: "none" },
    responseBody: undefined,
    position: { file: "test.proto", line: 1, column: 1 },
    origin: "annotation",
    index: 0,
  };
}

export function bindingsOf(lines: readonly string[]): Binding[] {
  return lines.map(bindingOf);
}
