// Services that `(sluice.compose)` calls by name: the imports that declare them are used.
import type { OptionMessage, OptionValue } from "../descriptor.ts";
import type { FileNode, MethodNode } from "./node.ts";
import type { SymbolTable } from "./symbols.ts";

export function noteCalledServices(
  { options }: MethodNode,
  { symbols, file }: { readonly symbols: SymbolTable; readonly file: FileNode },
): void {
  const composed = toMessage(options.get("(sluice.compose)"));
  const steps = composed?.get("step");
  if (!Array.isArray(steps)) return;
  for (const step of (steps as readonly OptionValue[]).map(toMessage)) {
    for (const call of [step?.get("call"), toMessage(step?.get("batch"))?.get("call")]) {
      const symbol = typeof call === "string" ? symbols.get(call.split("/", 1)[0]) : undefined;
      if (symbol?.kind !== "service") continue;
      for (const path of file.visible.get(symbol.file) ?? []) file.usedImports.add(path);
    }
  }
}

function toMessage(value: OptionValue | undefined): OptionMessage | undefined {
  return value instanceof Map ? value : undefined;
}
