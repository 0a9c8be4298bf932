// The linker's last pass over one file: the rules that need resolved types and read options.
import { checkEnum } from "./check-enum.ts";
import { checkField } from "./check-field.ts";
import { checkMessage } from "./check-message.ts";
import { checkTargets } from "./check-targets.ts";
import type { FileNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import { enumsOf, extensionsOf, messagesOf } from "./settle.ts";

export function checkFile(file: FileNode, problems: Problems): void {
  // Half of the rules depend on the edition.
  if (file.raw.damage?.isEditionKnown === false) return;
  // Bytes were checked by the compiler that wrote them.
  if (file.raw.bytes === undefined) checkTargets(file, problems);
  for (const message of messagesOf(file.messages)) {
    checkMessage(message, problems);
    for (const field of message.fields) checkField(field, problems);
  }
  for (const extension of extensionsOf(file)) if (extension.isLinkedExtension) checkField(extension, problems);
  for (const type of enumsOf(file)) checkEnum(type, problems);
  const isSure = !file.mayImportMore && !file.hasUnresolved && file.damages.length === 0;
  if (file.isInput && file.raw.bytes === undefined && isSure) warnOfUnusedImports(file, problems);
}

function warnOfUnusedImports(file: FileNode, problems: Problems): void {
  for (const { path, kind, position } of file.raw.imports) {
    if (kind === "public" || kind === "weak" || file.usedImports.has(path)) continue;
    problems.warning({ position, rule: "unused-import", message: `import "${path}" is not used`, hint: "remove it" });
  }
}
