// Reserved and extension ranges: members that use what is reserved, and ranges that overlap.
import type { Position } from "../../diagnostic.ts";
import { formatPlace } from "./problems.ts";
import type { Problems } from "./problems.ts";
import type { NumberRange } from "../proto-file.ts";

export interface Member {
  readonly name: string;
  readonly number: number;
  /** Of the name; the number's own where it is known. */
  readonly position: Position;
  readonly numberPosition?: Position;
}

export interface ReservingType {
  readonly name: string;
  readonly raw: {
    readonly reservedRanges: readonly NumberRange[];
    readonly reservedNames: readonly { readonly name: string; readonly position: Position }[];
    readonly extensionRanges?: readonly NumberRange[];
  };
}

export interface Reserving {
  readonly owner: ReservingType;
  /** `field` or `enum value`. */
  readonly noun: string;
  readonly members: readonly Member[];
}

interface Labelled extends NumberRange {
  readonly noun: string;
}

export function checkReserved({ owner, noun, members }: Reserving, problems: Problems): void {
  const { reservedRanges, reservedNames, extensionRanges = [] } = owner.raw;
  if (reservedRanges.length === 0 && reservedNames.length === 0 && extensionRanges.length === 0) return;
  const ranges: Labelled[] = [
    ...reservedRanges.map((range) => ({ ...range, noun: "reserved range" })),
    ...extensionRanges.map((range) => ({ ...range, noun: "extension range" })),
  ].sort((a, b) => a.start - b.start);
  checkOverlaps(ranges, problems);
  const names = new Map<string, Position>();
  for (const { name, position } of reservedNames) {
    if (!names.has(name)) names.set(name, position);
    else
      problems.error({
        position,
        rule: "reserved-name",
        message: `"${name}" is reserved twice in "${owner.name}"`,
        hint: "remove one",
      });
  }
  for (const member of members) {
    checkMemberNumber(member, noun, ranges, problems);
    const position = names.get(member.name);
    if (position === undefined) continue;
    problems.error({
      position: member.position,
      rule: "reserved-name",
      message: `${noun} "${member.name}" has a name that is reserved at ${formatPlace(position)}`,
      hint: "choose another name, or remove the reservation",
    });
  }
}

/** `ranges` by start. */
function checkOverlaps(ranges: readonly Labelled[], problems: Problems): void {
  for (let index = 1; index < ranges.length; index++) {
    const [one, other] = [ranges[index - 1], ranges[index]];
    if (other.start > one.end) continue;
    problems.error({
      position: other.position,
      rule: "overlapping-ranges",
      message: `the ${other.noun} ${formatRange(other)} overlaps the ${one.noun} ${formatRange(one)} at ${formatPlace(one.position)}`,
    });
  }
}

function checkMemberNumber(member: Member, noun: string, ranges: readonly Labelled[], problems: Problems): void {
  const range = rangeWith(ranges, member.number);
  if (range === undefined) return;
  problems.error({
    position: member.numberPosition ?? member.position,
    rule: range.noun === "reserved range" ? "reserved-number" : "extension-range",
    message: `${noun} "${member.name}" has the number ${member.number}, which is in the ${range.noun} ${formatRange(range)} at ${formatPlace(range.position)}`,
    hint: "choose another number",
  });
}

/** The last range that starts at or before the number; ranges that overlap were reported. */
function rangeWith(ranges: readonly Labelled[], number: number): Labelled | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle].start <= number) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  return range !== undefined && number <= range.end ? range : undefined;
}

function formatRange({ start, end }: NumberRange): string {
  if (start === end) return String(start);
  return `${start} to ${end >= 536_870_911 ? "max" : end}`;
}
