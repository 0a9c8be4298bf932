// Options that say in `targets` what they may be set on: features above all.
import type { OptionMessage } from "../descriptor.ts";
import type { DeclaredNode, FileNode, MessageNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import { enumsOf, extensionsOf, messagesOf } from "./settle.ts";
import { optionName } from "./option-value.ts";
import type { Position } from "../../diagnostic.ts";

type Target = "FILE" | "MESSAGE" | "FIELD" | "ENUM" | "ENUM_ENTRY" | "SERVICE" | "METHOD";

const optionTypes: Readonly<Record<Target, string>> = {
  FILE: "FileOptions",
  MESSAGE: "MessageOptions",
  FIELD: "FieldOptions",
  ENUM: "EnumOptions",
  ENUM_ENTRY: "EnumValueOptions",
  SERVICE: "ServiceOptions",
  METHOD: "MethodOptions",
};

interface Checking {
  readonly file: FileNode;
  readonly target: Target;
  readonly problems: Problems;
  positionOf(path: string): Position;
}

export function checkTargets(file: FileNode, problems: Problems): void {
  const check = (target: Target, node: DeclaredNode) => {
    if (node.options.size === 0) return;
    checkDeclared({ file, target, problems, positionOf: (path) => node.optionPosition(path) }, node.options);
  };
  if (file.options.size > 0)
    checkDeclared({ file, target: "FILE", problems, positionOf: (path) => file.optionPosition(path) }, file.options);
  for (const message of messagesOf(file.messages)) {
    check("MESSAGE", message);
    for (const field of message.fields) check("FIELD", field);
  }
  for (const extension of extensionsOf(file)) check("FIELD", extension);
  for (const type of enumsOf(file)) {
    check("ENUM", type);
    for (const value of type.values) check("ENUM_ENTRY", value);
  }
  for (const service of file.services) {
    check("SERVICE", service);
    for (const method of service.methods) check("METHOD", method);
  }
}

function checkDeclared(checking: Checking, options: OptionMessage): void {
  const type = checking.file.optionTypes?.(`google.protobuf.${optionTypes[checking.target]}`);
  if (type !== undefined) checkMessage(checking, options, type, "");
}

function checkMessage(checking: Checking, options: OptionMessage, type: MessageNode, prefix: string): void {
  for (const [name, value] of options) {
    const field = name.startsWith("(")
      ? type.extensions.find((extension) => optionName(extension) === name)
      : type.protoField(name);
    if (field === undefined) continue;
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const targets = field.options.get("targets");
    if (Array.isArray(targets) && !targets.includes(`TARGET_TYPE_${checking.target}`)) {
      checking.problems.error({
        position: checking.positionOf(path),
        rule: "option-target",
        message: `option "${path}" cannot be set on ${nouns[checking.target]}`,
        hint: `it is for ${targets.map((target) => String(target).replace("TARGET_TYPE_", "").toLowerCase().replace("_", " ")).join(", ")}`,
      });
    }
    if (field.type.kind === "message" && value instanceof Map)
      checkMessage(checking, value as OptionMessage, field.type.message as MessageNode, path);
  }
}

const nouns: Readonly<Record<Target, string>> = {
  FILE: "a file",
  MESSAGE: "a message",
  FIELD: "a field",
  ENUM: "an enum",
  ENUM_ENTRY: "an enum value",
  SERVICE: "a service",
  METHOD: "an rpc",
};
