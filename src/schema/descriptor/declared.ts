// What every element of a descriptor has: name, position, comment, options. Shared by the readers of descriptor bytes.
import type { Edition, RawDeclared, RawOptions } from "../proto-file.ts";
import type { DescriptorFields } from "./fields.ts";
import type { SourceInfo } from "./source-info.ts";

/** What the readers below carry: the file's positions, its edition and the scope they are in. */
export interface DescriptorScope {
  readonly source: SourceInfo;
  readonly edition: Edition;
  /** `.pkg.Message`, or `.pkg`, or nothing. */
  readonly scope: string;
  readonly depth: number;
}

/** An element's name, position, comment and options; `path` is its place in the descriptor. */
export function readDeclared(
  fields: DescriptorFields,
  path: readonly number[],
  source: SourceInfo,
  optionsNumber: number,
): RawDeclared {
  return {
    name: fields.string(1) ?? "",
    position: source.position([...path, 1]),
    comment: source.comment(path),
    options: readOptions(fields, optionsNumber, source, path),
  };
}

export function readOptions(
  fields: DescriptorFields,
  number: number,
  source: SourceInfo,
  path: readonly number[],
): RawOptions {
  const bytes = fields.message(number);
  if (bytes === undefined || bytes.length === 0) return noOptions;
  if (!source.isPresent) return { kind: "bytes", bytes };
  return { kind: "bytes", bytes, position: (option) => source.position([...path, number, ...option]) };
}

const noOptions: RawOptions = { kind: "bytes", bytes: new Uint8Array(0) };
