// What a message is made of: assignments to paths of it, `lines[].product = products[]`, compiled to one writer of its bytes.
import type { Field, MessageType } from "../schema/descriptor.ts";
import { concatBytes, fieldWire, taggedValue } from "../translate/wire/field-wire.ts";
import type { Meter } from "./meter.ts";
import { describeType, followPath, isSameType, parsePath, PathFault } from "./path.ts";
import type { PathPart } from "./path.ts";
import { isValueList } from "./source.ts";
import type { Scope, Source, Value } from "./source.ts";

export interface Assignment {
  readonly text: string;
  readonly parts: readonly PathPart[];
  readonly fields: readonly Field[];
  /** Those of its lists that are gone through element by element, each as the path to it. */
  readonly loops: readonly string[];
  readonly source: Source;
}

/** The two sides of `target = source`. Throws PathFault. */
export function splitAssignment(text: string): readonly [target: string, source: string] {
  const [target, source, ...more] = text.split("=").map((side) => side.trim());
  if (source === undefined || more.length > 0 || target === "" || source === "")
    throw new PathFault(`${JSON.stringify(text.slice(0, 80))} is no assignment`, 'write "field = source"');
  return [target, source];
}

/** Throws PathFault. */
export function toAssignment(target: string, type: MessageType, source: Source): Assignment {
  const parts = parsePath(target);
  const trail = followPath({ kind: "message", message: type }, parts, "");
  if (!isSameType(trail.type, source.type))
    throw new PathFault(`${target} is ${describeType(trail.type)}, and ${source.text} is ${describeType(source.type)}`);
  if (trail.lists.length !== source.lists.length)
    throw new PathFault(
      `${target} is ${describeDepth(trail.lists.length)}, and ${source.text} is ${describeDepth(source.lists.length)}`,
      "each list on one side needs one on the other; [] goes through its elements",
    );
  // The last one is written as a whole, with [] or without.
  const isWhole = trail.fields[trail.fields.length - 1].cardinality === "repeated";
  const loops = isWhole ? trail.lists.slice(0, -1) : trail.lists;
  return { text: target, parts, fields: trail.fields, loops, source };
}

function describeDepth(lists: number): string {
  return lists === 0 ? "a single value" : lists === 1 ? "a list" : `lists in lists, ${lists} deep`;
}

/** Throws PathFault for a path that two of them write. */
export function checkRivals(assignments: readonly Assignment[]): void {
  for (const [index, one] of assignments.entries()) {
    const rival = assignments.slice(0, index).find((other) => isWithin(one, other) || isWithin(other, one));
    if (rival !== undefined)
      throw new PathFault(
        one.text === rival.text
          ? `${one.text} is written twice, from ${rival.source.text} and ${one.source.text}`
          : `${one.text} and ${rival.text} write the same field`,
      );
  }
}

function isWithin({ fields }: Assignment, outer: Assignment): boolean {
  return outer.fields.every((field, index) => field === fields[index]);
}

/** Elements of a message that come from several lists come from lists of one length. */
export function checkLoops(assignments: readonly Assignment[], originOf: (list: string) => string): void {
  const origins = new Map<string, { readonly list: string; readonly text: string }>();
  for (const { loops, source } of assignments) {
    for (const [depth, loop] of loops.entries()) {
      const list = originOf(source.lists[depth]);
      const known = origins.get(loop);
      if (known !== undefined && known.list !== list)
        throw new PathFault(
          `the elements of ${loop} are those of ${known.text}, and not those of ${source.text}`,
          "what goes through one list together comes from one list",
        );
      origins.set(loop, { list, text: source.text });
    }
  }
}

interface Node {
  readonly field: Field;
  readonly isLoop: boolean;
  /** The assignment that fills it, by its place; undefined for one that is made of others. */
  readonly leaf: number | undefined;
  readonly children: Node[];
  /** Assignments that are in it. */
  readonly leaves: number[];
}

/**
 * For one message, or one for each element: what they have in common is read once. Throws GatewayError where the meter is over, and for
 * bytes that are no message.
 */
export type PrepareWriter = (scope: Scope) => (meter: Meter, element?: Uint8Array) => Uint8Array;

export function compileWriter(assignments: readonly Assignment[]): PrepareWriter {
  const roots: Node[] = [];
  for (const [index, assignment] of assignments.entries()) addTo(roots, assignment, index, 0);
  const sources = assignments.map(({ source }) => source);
  return (scope) => {
    const common = sources.map((source) => (source.isElement ? undefined : source.read(scope)));
    return (meter, element) => {
      const own = { ...scope, element };
      const values = sources.map((source, index) => (source.isElement ? source.read(own) : common[index]));
      return write(roots, values, meter);
    };
  };
}

function addTo(nodes: Node[], assignment: Assignment, index: number, depth: number): void {
  const { fields, parts } = assignment;
  const field = fields[depth];
  const isLeaf = depth === fields.length - 1;
  let node = nodes.find((one) => one.field === field);
  if (node === undefined) {
    const isLoop = !isLeaf && parts[depth].isEach;
    node = { field, isLoop, leaf: isLeaf ? index : undefined, children: [], leaves: [] };
    nodes.push(node);
    // As a backend writes them.
    nodes.sort((a, b) => a.field.number - b.field.number);
  }
  node.leaves.push(index);
  if (!isLeaf) addTo(node.children, assignment, index, depth + 1);
}

function write(nodes: readonly Node[], values: readonly Value[], meter: Meter): Uint8Array {
  const written: Uint8Array[] = [];
  for (const node of nodes) {
    const { field, leaf, isLoop, children } = node;
    if (leaf !== undefined) written.push(writeLeaf(field, values[leaf], meter));
    else if (isLoop) written.push(...writeLoop(node, values, meter));
    else {
      const content = write(children, values, meter);
      if (content.length > 0) written.push(taggedValue(field, content));
    }
  }
  return concatBytes(written);
}

/** As many elements as there are in the lists, all of one length; one without a value is there all the same. */
function writeLoop({ field, children, leaves }: Node, values: readonly Value[], meter: Meter): Uint8Array[] {
  const lists = leaves.map((leaf) => values[leaf]).filter(isValueList);
  const length = Math.max(0, ...lists.map((list) => list.length));
  const inner = [...values];
  const written: Uint8Array[] = [];
  for (let at = 0; at < length; at++) {
    for (const leaf of leaves) {
      const list = values[leaf];
      inner[leaf] = isValueList(list) ? list[at] : undefined;
    }
    meter.add(2);
    written.push(taggedValue(field, write(children, inner, meter)));
  }
  return written;
}

function writeLeaf(field: Field, value: Value, meter: Meter): Uint8Array {
  // A list has no holes: what is not there is left out.
  const payloads = (isValueList(value) ? value : [value]).filter((one) => one instanceof Uint8Array);
  for (const payload of payloads) meter.add(payload.length + 2);
  return payloads.length === 0 ? concatBytes([]) : fieldWire(field, payloads);
}
