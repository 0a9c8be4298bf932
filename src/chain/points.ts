// Where interceptors stand: the fixed order of the chain, and the places where one's own go.
import type { Around, Interceptor } from "./compose.ts";
import type { Handler, Intercept, ReportFault } from "../call.ts";
import type { Method } from "../schema/descriptor.ts";
import { didYouMean } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { points } from "../schema/points.ts";
import type { Point } from "../schema/points.ts";
import { isSelected, suggestSelector } from "../schema/selector.ts";
import { guardHandler, guardIntercept } from "./own-interceptor.ts";

interface CustomBase {
  /** For messages and for `sluice explain`. */
  readonly name: string;
  /** Selectors of methods, `shop.v1.Orders.*`; absent for all. */
  readonly methods?: readonly string[];
  /** Where it was named: `sluice.yaml:7:3`. Absent for those of a program. */
  readonly from?: string;
}

/** An interceptor of one's own that runs when a call begins. */
export interface CustomIntercept extends CustomBase {
  readonly before?: Point;
  readonly after?: Point;
  readonly intercept: Intercept;
}

/** One that wraps the upstream: it answers calls itself, or hands them on. */
export interface CustomAround extends CustomBase {
  readonly around: "upstream";
  wrap(next: Handler): Handler;
}

export type CustomInterceptor = CustomIntercept | CustomAround;

export interface Arranged {
  readonly interceptors: readonly Interceptor[];
  readonly around: readonly Around[];
}

/** What is wrong with interceptors of one's own: they would never run, and nobody would know. Without `methods` no selector is in vain. */
export function findCustomProblems(
  custom: readonly CustomInterceptor[],
  methods: readonly Method[] | undefined,
): Diagnostic[] {
  const names = methods?.map(({ name }) => name);
  return custom.flatMap((own) => {
    const problems = [...findPlaceProblems(own), ...(names === undefined ? [] : findUnused(own, names))];
    return problems.map((problem): Diagnostic => {
      const message = `the interceptor ${JSON.stringify(own.name)}: ${problem}`;
      return { severity: "error", position: undefined, message, rule: "interceptor" };
    });
  });
}

function findUnused({ methods = [] }: CustomInterceptor, names: readonly string[]): string[] {
  const unused = methods.filter((selector) => selector !== "*" && !names.some((name) => isSelected(selector, name)));
  return unused.map(
    (selector) => `the selector ${JSON.stringify(selector)} takes no method; ${suggestSelector(selector, names)}`,
  );
}

function findPlaceProblems(own: CustomInterceptor): string[] {
  if ("around" in own) return [];
  const { before, after } = own;
  const named = [before, after].filter((point) => point !== undefined);
  if (named.length !== 1) return ["it stands at one point: give it before or after, one of them"];
  return points.includes(named[0])
    ? []
    : [
        `there is no point ${JSON.stringify(named[0])}; ${didYouMean(named[0], points) ?? `there are ${points.join(", ")}`}`,
      ];
}

/** Those before a point, the gateway's own there, those after it; several of one's own in the order they are given. `report` gets what they throw too late. */
export function arrange(
  builtIns: Partial<Readonly<Record<Point, Interceptor | undefined>>>,
  custom: readonly CustomInterceptor[],
  report: ReportFault,
): Arranged {
  const standing = (side: "before" | "after", point: Point): Interceptor[] =>
    custom.flatMap((own) => ("around" in own || own[side] !== point ? [] : [toInterceptor(own, report)]));
  return {
    interceptors: points.flatMap((point) => [
      ...standing("before", point),
      ...(builtIns[point] === undefined ? [] : [builtIns[point]]),
      ...standing("after", point),
    ]),
    around: custom.flatMap((own) => ("around" in own ? [toAround(own)] : [])),
  };
}

export function takes({ methods }: Pick<CustomInterceptor, "methods">, method: Method): boolean {
  return methods === undefined || methods.some((selector) => isSelected(selector, method.name));
}

function toInterceptor(own: CustomIntercept, report: ReportFault): Interceptor {
  const intercept = guardIntercept(own.name, (call) => own.intercept(call), report);
  return { name: own.name, compile: (method) => (takes(own, method) ? intercept : undefined) };
}

function toAround(own: CustomAround): Around {
  return (next) => {
    const wrapped = guardHandler(own.name, own.wrap(next));
    return {
      unary: (call) => (takes(own, call.method) ? wrapped : next).unary(call),
      stream: (call) => (takes(own, call.method) ? wrapped : next).stream(call),
    };
  };
}
