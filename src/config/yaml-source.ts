// YAML text -> plain values plus the position of each, within bounds: one document, no duplicate keys, no alias bombs.
import { Composer, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, Parser, Scalar } from "yaml";
import type { Document, Node, Pair, YAMLError, YAMLMap } from "yaml";
import type { Diagnostic, Position } from "../diagnostic.ts";
import { substituteEnvironment } from "./substitute.ts";
import type { Environment } from "./substitute.ts";
import { excessiveWeight, freeWeight, maxDensity } from "./yaml-weight.ts";

export const maxYamlBytes = 1024 * 1024;
const maxNodes = 100_000;
/** Values that aliases stand for: a short file of them can stand for any number. */
const maxAliased = 10_000;
const maxDepth = 32;

export type KeyPath = readonly (string | number)[];

export interface YamlSource {
  readonly file: string;
  /** Null-prototype objects, arrays, scalars; undefined for an empty document. */
  readonly value: unknown;
  /** Where a value stands (or its key, which names it better); the nearest parent's place for what is not there. */
  positionOf(path: KeyPath): Position;
  keyPositionOf(path: KeyPath): Position;
}

export type Report = (diagnostic: Diagnostic) => void;

interface Walk {
  readonly file: string;
  readonly counter: LineCounter;
  /** Undefined: `${` has no meaning in this file. */
  readonly environment: Environment | undefined;
  readonly report: Report;
  readonly values: Map<string, Position>;
  readonly keys: Map<string, Position>;
  /** By name; kept here because the parser would search the whole document for every alias. */
  readonly anchors: Map<string, Node>;
  nodes: number;
  /** Of `nodes`, those that stand in the file only as an alias of others. */
  aliased: number;
  /** Aliases that are being expanded. */
  inAliases: number;
}

const pathKey = (path: KeyPath): string => JSON.stringify(path);

/** `environment` undefined leaves `${…}` alone. Reports what is wrong and returns what could still be read; undefined when nothing could. */
export function parseYaml(
  text: string,
  file: string,
  environment: Environment | undefined,
  report: Report,
): YamlSource | undefined {
  const counter = new LineCounter();
  const at = (offset: number): Position => toPosition(counter, file, offset);
  const documents = readBounded(text, counter, (message, hint) =>
    report({ severity: "error", position: at(0), message, hint, rule: "yaml-limit" }),
  );
  if (documents === undefined) return undefined;
  const [document] = documents;
  if (document === undefined) return createSource(file, undefined, new Map(), new Map());
  if (documents.length > 1) {
    report({
      severity: "error",
      position: at(documents[1].range[0]),
      message: "a second YAML document starts here",
      hint: "keep one document, without ---",
      rule: "yaml-documents",
    });
  }
  // Only the first: the parser loses its place there, and what follows is about nothing the user wrote.
  const [error = document.warnings[0]] = document.errors;
  if (error !== undefined) {
    report({
      severity: "error",
      position: at(error.pos[0]),
      message: tidy(error),
      hint: syntaxHint(text, error),
      rule: "yaml-syntax",
    });
    return undefined;
  }
  const walk: Walk = {
    file,
    counter,
    environment,
    report,
    values: new Map(),
    keys: new Map(),
    anchors: new Map(),
    nodes: 0,
    aliased: 0,
    inAliases: 0,
  };
  const value = readNode(walk, document.contents, [], at(0));
  return createSource(file, value ?? undefined, walk.values, walk.keys);
}

/** Undefined, after `refuse`, for a text that would take the parser too much memory or stack. */
function readBounded(
  text: string,
  counter: LineCounter,
  refuse: (message: string, hint?: string) => void,
): readonly Document.Parsed[] | undefined {
  if (excessiveWeight(text) !== undefined) {
    const granted = `${freeWeight / 1024 / 1024} MiB`;
    refuse(
      `the file holds too much for its size: reading it could take more memory than ${granted} and ${maxDensity} times its size`,
      "is this the right file? if it is, split it",
    );
    return undefined;
  }
  const documents = nestsTooDeep(text) ? undefined : parseDocuments(text, counter);
  if (documents === undefined) refuse("the file nests too deep");
  return documents;
}

/** Far beyond what the walk below lets through, and far from where the parser's recursion ends. */
const maxParsedDepth = 200;

/**
 * The parser recurses, and a stack that is nearly full can take the whole process down: no file may get it there. Brackets in
 * quotes count as well, as nobody writes that many.
 */
function nestsTooDeep(text: string): boolean {
  let brackets = 0;
  let indent = 0;
  let isLineStart = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x0a) {
      isLineStart = true;
      indent = 0;
    } else if (isLineStart && (code === 0x20 || code === 0x2d || code === 0x3f || code === 0x3a)) indent++;
    else isLineStart = false;
    if (code === 0x5b || code === 0x7b) brackets++;
    else if ((code === 0x5d || code === 0x7d) && brackets > 0) brackets--;
    if (brackets > maxParsedDepth || indent > maxParsedDepth * 2) return true;
  }
  return false;
}

/** Undefined when the parser's recursion ran out of stack. */
function parseDocuments(text: string, lineCounter: LineCounter): Document.Parsed[] | undefined {
  const { stackTraceLimit } = Error;
  try {
    // An error for every character, and in each how the parser came there: most of the memory such a file takes.
    Error.stackTraceLimit = 0;
    // Duplicate keys are looked for below: the parser's own check is quadratic in the keys of a mapping.
    const composer = new Composer({ lineCounter, prettyErrors: false, uniqueKeys: false, version: "1.2" });
    const documents: Document.Parsed[] = [];
    for (const document of composer.compose(new Parser(lineCounter.addNewLine).parse(text))) {
      // One too many is enough to know.
      if (documents.push(document) === 2) break;
    }
    return documents;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function createSource(
  file: string,
  value: unknown,
  values: Map<string, Position>,
  keys: Map<string, Position>,
): YamlSource {
  const find = (maps: readonly Map<string, Position>[], path: KeyPath): Position => {
    for (let length = path.length; length >= 0; length--) {
      const key = pathKey(path.slice(0, length));
      for (const map of length === path.length ? maps : [...maps].reverse()) {
        const position = map.get(key);
        if (position !== undefined) return position;
      }
    }
    return { file, line: 1, column: 1 };
  };
  return {
    file,
    value,
    positionOf: (path) => find([values, keys], path),
    keyPositionOf: (path) => find([keys, values], path),
  };
}

function toPosition(counter: LineCounter, file: string, offset: number): Position {
  const { line, col } = counter.linePos(offset);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}

function readNode(walk: Walk, node: unknown, path: KeyPath, fallback: Position): unknown {
  const range = isNode(node) ? node.range : undefined;
  const position = range === undefined || range === null ? fallback : toPosition(walk.counter, walk.file, range[0]);
  walk.values.set(pathKey(path), position);
  if (walk.nodes > maxNodes) return undefined;
  if (walk.inAliases > 0) walk.aliased++;
  if (++walk.nodes > maxNodes || walk.aliased > maxAliased || path.length > maxDepth) {
    const message =
      walk.aliased > maxAliased
        ? `the aliases of the file stand for more than ${maxAliased} values`
        : `the file holds more than ${maxNodes} values or nests deeper than ${maxDepth}`;
    fail(walk, position, "yaml-limit", { message });
    walk.nodes = maxNodes + 1;
    return undefined;
  }
  if (isAlias(node)) {
    const target = walk.anchors.get(node.source);
    if (target === undefined)
      fail(walk, position, "yaml-alias", {
        message: `nothing before this place is anchored as &${node.source}`,
        hint: starHint,
      });
    return target === undefined ? undefined : readAliased(walk, target, path, position);
  }
  if (isNode(node) && node.anchor !== undefined) walk.anchors.set(node.anchor, node);
  if (isMap(node)) return readMap(walk, node, path, position);
  if (isSeq(node)) return node.items.map((item, index) => readNode(walk, item, [...path, index], position));
  return isScalar(node) ? readScalar(walk, node, position) : null;
}

function readAliased(walk: Walk, target: Node, path: KeyPath, position: Position): unknown {
  walk.inAliases++;
  const value = readNode(walk, target, path, position);
  walk.inAliases--;
  return value;
}

function readMap(walk: Walk, node: YAMLMap, path: KeyPath, fallback: Position): object {
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const pair of node.items) {
    const position = keyPosition(walk, pair, fallback);
    const key = isScalar(pair.key) ? pair.key.value : undefined;
    if (typeof key !== "string") {
      fail(walk, position, "yaml-key", { message: "a key must be text" });
    } else if (key === "<<") {
      const hint = "repeat the values, or refer to a whole mapping by an alias";
      fail(walk, position, "yaml-merge", { message: "merge keys (<<) are not supported", hint });
    } else if (Object.hasOwn(object, key)) {
      const first = walk.keys.get(pathKey([...path, key]));
      fail(walk, position, "yaml-duplicate", {
        message: `the key "${key}" is given twice, first in line ${first?.line}`,
      });
    } else {
      const childPath = [...path, key];
      walk.keys.set(pathKey(childPath), position);
      object[key] = readNode(walk, pair.value, childPath, position);
    }
  }
  return object;
}

function keyPosition(walk: Walk, pair: Pair, fallback: Position): Position {
  const range = isNode(pair.key) ? pair.key.range : undefined;
  return range === undefined || range === null ? fallback : toPosition(walk.counter, walk.file, range[0]);
}

function readScalar(walk: Walk, node: Scalar, position: Position): unknown {
  if (typeof node.value !== "string" || walk.environment === undefined) return node.value;
  const { text, problems } = substituteEnvironment(node.value, walk.environment);
  for (const problem of problems) fail(walk, position, "undefined-variable", problem);
  // An unquoted ${PORT} may stand for a number or a switch, as any unquoted text does.
  return node.type === Scalar.PLAIN && text !== node.value ? toPlainValue(text) : text;
}

function toPlainValue(text: string): unknown {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}

function fail(walk: Walk, position: Position, rule: string, problem: Pick<Diagnostic, "message" | "hint">): void {
  walk.report({ severity: "error", position, rule, ...problem });
}

/** `{key: ${NAME}}` is what people stumble over: braces nest in YAML. */
function syntaxHint(text: string, { code, pos: [offset] }: YAMLError): string | undefined {
  const isReference = text.slice(Math.max(0, offset - 2), offset + 2).includes("${");
  if (isReference) return 'inside { } and [ ], quote it: "${NAME}"; or write the mapping over several lines';
  if (code === "BAD_ALIAS" && text[offset] === "*") return starHint;
  return hints.get(code);
}

/** A star is all methods, or all origins, to who writes it, and to YAML the beginning of an alias. */
const starHint = 'put text that begins with a star in quotes: "*"';

const hints: ReadonlyMap<string, string> = new Map([
  ["BAD_INDENT", "indent the keys of one mapping alike"],
  ["BAD_SCALAR_START", "put the value in quotes"],
  ["BLOCK_AS_IMPLICIT_KEY", 'put a value that has ": " in it in quotes; indent what belongs below a key'],
  ["MISSING_CHAR", "is a quote, a bracket or a colon missing before this place?"],
  ["TAB_AS_INDENT", "indent with spaces"],
  ["TAG_RESOLVE_FAILED", "tags have no use here; leave it out"],
]);

/** One line: the parser's longer messages quote the source. */
function tidy({ message }: YAMLError): string {
  if (message.includes("call stack")) return "the file nests too deep";
  return message.split("\n")[0].replace(/:$/, "");
}
