// Compositions made up at random, each against a plain interpreter that runs its steps one after the other: same reply, same calls, same failures.
import fc from "fast-check";
import { expect } from "chai";
import { startGateway } from "../support/gateway.ts";
import type { Answer, GatewayFixture, ReceivedCall } from "../support/gateway.ts";

/** As JSON has it, without what is not set. */
interface Node {
  readonly id?: string;
  readonly n?: string;
  readonly tags?: readonly string[];
  readonly child?: Node;
  readonly kids?: readonly Node[];
}

type Kind = "text" | "number" | "texts" | "node" | "nodes";

/** A path, and what it is in the interpreter. */
interface Source {
  readonly path: string;
  readonly kind: Kind;
  /** The step that it takes from; undefined for the request and the element. */
  readonly step?: number;
  readonly read: (run: Run) => unknown;
}

interface Step {
  readonly index: number;
  readonly each: Source | undefined;
  readonly set: readonly (readonly [target: keyof Node | "child.id", source: Source])[];
  readonly optional: boolean;
  readonly condition:
    | { readonly text: string; readonly step?: number; readonly holds: (run: Run) => boolean }
    | undefined;
}

interface Run {
  readonly request: Node;
  readonly results: unknown[];
  element?: unknown;
}

const maxSteps = 8;
const choice = fc.nat(1000);
const stepChoices = fc.record({
  isList: fc.boolean(),
  list: choice,
  sources: fc.tuple(choice, choice, choice, choice),
  targets: fc.subarray(["id", "n", "tags", "child.id"] as const, { minLength: 1 }),
  optional: fc.boolean(),
  condition: fc.option(choice, { freq: 3 }),
});

const fieldsOf = (path: string, get: (run: Run) => Node | undefined, step?: number): Source[] => {
  const at = step === undefined ? {} : { step };
  return [
    { path: `${path}.id`, kind: "text", read: (run) => get(run)?.id, ...at },
    { path: `${path}.child.id`, kind: "text", read: (run) => get(run)?.child?.id, ...at },
    { path: `${path}.n`, kind: "number", read: (run) => get(run)?.n, ...at },
    { path: `${path}.tags`, kind: "texts", read: (run) => get(run)?.tags, ...at },
    { path: `${path}.kids[].id`, kind: "texts", read: (run) => get(run)?.kids?.map(({ id }) => id ?? ""), ...at },
    { path: `${path}.kids`, kind: "nodes", read: (run) => get(run)?.kids, ...at },
  ];
};

function build(choices: readonly (typeof stepChoices extends fc.Arbitrary<infer T> ? T : never)[]): Step[] {
  const steps: Step[] = [];
  for (const [index, chosen] of choices.entries()) {
    const known = [
      ...fieldsOf("req", ({ request }) => request),
      ...steps.flatMap((step) =>
        step.each === undefined
          ? fieldsOf(`s${step.index}`, ({ results }) => results[step.index] as Node, step.index)
          : [
              {
                path: `s${step.index}`,
                kind: "nodes",
                step: step.index,
                read: ({ results }: Run) => results[step.index],
              } as const,
              {
                path: `s${step.index}[].id`,
                kind: "texts",
                step: step.index,
                // Elements without a result are left out.
                read: ({ results }: Run) =>
                  (results[step.index] as (Node | undefined)[]).flatMap((node) =>
                    node === undefined ? [] : [node.id ?? ""],
                  ),
              } as const,
            ],
      ),
    ];
    const pick = (kinds: readonly Kind[], from: readonly Source[], number: number): Source => {
      const fitting = from.filter(({ kind }) => kinds.includes(kind));
      return fitting[number % fitting.length];
    };
    const each = chosen.isList ? pick(["nodes", "texts"], known, chosen.list) : undefined;
    const element: Source[] =
      each?.kind === "nodes"
        ? fieldsOf("it", ({ element: it }) => it as Node)
        : each === undefined
          ? []
          : [{ path: "it", kind: "text", read: ({ element: it }) => it }];
    const targetKinds = { id: "text", n: "number", tags: "texts", "child.id": "text" } as const;
    const set = chosen.targets.map((target, at) => {
      // The element first: a loop that takes nothing from it is warned of.
      const from =
        at === 0 && element.some(({ kind }) => kind === targetKinds[target]) ? element : [...element, ...known];
      return [target, pick([targetKinds[target]], from, chosen.sources[at])] as const;
    });
    steps.push({ index, each, set, optional: chosen.optional, condition: toCondition(chosen.condition, steps) });
  }
  return steps;
}

function toCondition(number: number | null, steps: readonly Step[]): Step["condition"] {
  if (number === null) return undefined;
  const single = steps.filter(({ each }) => each === undefined);
  const step = single[number % (single.length + 1)];
  const bound = number % 9;
  if (step === undefined) return { text: `req.n > ${bound}`, holds: ({ request }) => Number(request.n ?? 0) > bound };
  const holds = ({ results }: Run): boolean => Number((results[step.index] as Node).n ?? 0) > bound;
  return { text: `s${step.index}.n > ${bound}`, step: step.index, holds };
}

/** What a step takes from. */
function needsOf({ each, set, condition }: Step): readonly number[] {
  return [each?.step, condition?.step, ...set.map(([, { step }]) => step)].filter((step) => step !== undefined);
}

const asText = (message: object): string => JSON.stringify(message);

/** What the backend answers; of some ids nothing. */
function serve({ id = "", n = "0", tags = [], child }: Node): Node | undefined {
  const text = asText({ id, n, tags, child });
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.charCodeAt(0)) % 100_003;
  if (hash % 9 === 0) return undefined;
  const name = `${hash % 1000}`;
  return {
    id: `a${name}`,
    n: String(hash % 10),
    tags: [`t${name}`, "t"],
    kids: hash % 4 === 0 ? [] : [{ id: `k${name}`, n: "3" }, { tags: ["x"] }],
    ...(hash % 3 === 0 ? {} : { child: { id: `c${name}` } }),
  };
}

interface Expected {
  /** Undefined where one of `failed` ends the call. */
  readonly reply: Readonly<Record<string, unknown>> | undefined;
  readonly failed: readonly string[];
  readonly partial: readonly string[];
  readonly calls: ReadonlySet<string>;
}

/** One step after the other, with nothing clever about it. */
function interpret(steps: readonly Step[], request: Node): Expected {
  const run: Run = { request, results: [] };
  const [failed, lost, calls] = [new Set<number>(), new Set<number>(), new Set<string>()];
  const ask = (step: Step): Node | undefined => {
    const message: Record<string, unknown> = {};
    for (const [target, source] of step.set) {
      const value = source.read(run);
      if (target === "child.id") {
        if (value !== undefined && value !== "") message["child"] = { id: value };
      } else if (value !== undefined && value !== "" && value !== "0" && (value as unknown[]).length !== 0)
        message[target] = value;
    }
    calls.add(canonical(message));
    return serve(message);
  };
  for (const step of steps) {
    const { index, each, condition, optional } = step;
    const needs = needsOf(step);
    run.results[index] = undefined;
    if (needs.some((need) => failed.has(need))) {
      failed.add(index);
      continue;
    }
    if (needs.some((need) => run.results[need] === undefined)) {
      if (needs.some((need) => lost.has(need))) lost.add(index);
      continue;
    }
    if (condition?.holds(run) === false) continue;
    const elements = each === undefined ? [undefined] : ((each.read(run) ?? []) as unknown[]);
    const replies = elements.map((element) => {
      if (each !== undefined && element === undefined) return undefined;
      run.element = element;
      const reply = ask(step);
      if (reply === undefined) (optional ? lost : failed).add(index);
      return reply;
    });
    run.results[index] = each === undefined ? replies[0] : replies;
  }
  const reply: Record<string, unknown> = {};
  for (const { index, each } of steps) {
    const result = run.results[index];
    if (each === undefined) reply[`s${index}`] = result;
    else reply[`l${index}`] = ((result ?? []) as (Node | undefined)[]).filter((node) => node !== undefined);
  }
  const isEnded = steps.some(({ index, optional }) => failed.has(index) && !optional) || failed.size > 0;
  return {
    reply: isEnded ? undefined : reply,
    failed: [...failed].map((index) => `s${index}`),
    partial: steps.filter(({ index }) => lost.has(index)).map(({ index }) => `s${index}`),
    calls,
  };
}

/** With what is not set as it is when it is. */
function canonical(node: Node): string {
  const plain = ({ id = "", n = "0", tags = [], child, kids = [] }: Node): object => ({
    id,
    n,
    tags,
    child: child === undefined ? null : plain(child),
    kids: kids.map(plain),
  });
  return asText(plain(node));
}

const write = (steps: readonly Step[]): string =>
  steps
    .map(({ index, each, set, optional, condition }) =>
      [
        `step { id: "s${index}" call: "t.Nodes/Get"`,
        each === undefined ? "" : `each: "${each.path}"`,
        ...set.map(([target, { path }]) => `set: "${target} = ${path}"`),
        optional ? "optional: true" : "",
        condition === undefined ? "" : `if: "${condition.text}"`,
        "}",
        `out: "${each === undefined ? "s" : "l"}${index} = s${index}"`,
      ].join(" "),
    )
    // In whatever order.
    .toReversed()
    .join("\n");

const seed = 20_261_121;
const compositions = fc
  .sample(fc.array(stepChoices, { minLength: 1, maxLength: maxSteps }), { numRuns: 40, seed })
  .map(build);

const numbers = Array.from({ length: maxSteps }, (_, index) => index);
const proto = `syntax = "proto3"; package t;
  import "google/api/annotations.proto"; import "sluice/annotations.proto";
  message Node { string id = 1; int64 n = 2; repeated string tags = 3; Node child = 4; repeated Node kids = 5; }
  message View {
    ${numbers.map((index) => `Node s${index} = ${index + 1}; repeated Node l${index} = ${index + 21};`).join("\n")}
  }
  service Nodes { rpc Get(Node) returns (Node) { option idempotency_level = NO_SIDE_EFFECTS; } }
  service Views {
    ${compositions
      .map(
        (steps, index) => `rpc View${index}(Node) returns (View) {
          option (google.api.http) = { post: "/v1/${index}" body: "*" };
          option (sluice.compose) = { max_calls: 1000 ${write(steps)} };
        }`,
      )
      .join("\n")}
  }`;

const requests = fc.record({
  id: fc.constantFrom("", "a", "b", "cd"),
  n: fc.integer({ min: 0, max: 9 }).map(String),
  tags: fc.array(fc.constantFrom("x", "y", "zz"), { maxLength: 4 }),
  child: fc.option(fc.record({ id: fc.constantFrom("p", "q") }), { nil: undefined }),
  kids: fc.array(fc.record({ id: fc.constantFrom("k", "l"), n: fc.constantFrom("1", "8") }), { maxLength: 3 }),
});

describe("compositions made up at random", () => {
  let gateway: GatewayFixture;
  /** What the backend was asked, by request. */
  const seen = new Map<string, string[]>();

  before(async () => {
    gateway = await startGateway({
      protos: proto,
      yaml: "http: { request_headers: [x-run] }",
      handlers: {
        "t.Nodes/Get": ({ message, metadata }: ReceivedCall): Answer => {
          const node = JSON.parse(message) as Node;
          const run = metadata.find(([name]) => name === "x-run")?.[1] ?? "";
          seen.get(run)?.push(canonical(node));
          const reply = serve(node);
          return reply === undefined
            ? { kind: "status", code: 5, message: "none" }
            : { kind: "reply", message: asText(reply) };
        },
      },
    });
  });
  after(() => gateway.close());

  for (const [index, steps] of compositions.entries())
    it(`answer as their steps do one after the other: ${index}, of ${steps.length}`, () =>
      fc.assert(
        fc.asyncProperty(requests, async (request) => {
          const current = `${index}-${seen.size}`;
          const made: string[] = [];
          seen.set(current, made);
          const { status, body, headers } = await gateway.request({
            method: "POST",
            target: `/v1/${index}`,
            headers: ["Content-Type: application/json", `X-Run: ${current}`],
            body: asText(request),
          });
          const expected = interpret(steps, request);
          const answer = JSON.parse(body.toString()) as Record<string, unknown>;
          if (expected.reply === undefined) {
            expect(status).to.equal(404);
            expect(expected.failed).to.include(String(answer["message"]).split(":")[0]);
            expect([...expected.calls]).to.include.members(made);
            return;
          }
          expect(status, body.toString()).to.equal(200);
          expect(headers.get("x-sluice-partial") ?? "").to.equal(toWritten(steps, expected.partial).join(", "));
          expect(made.toSorted()).to.deep.equal([...expected.calls].toSorted());
          for (const [name, value] of Object.entries(expected.reply)) {
            const got = answer[name];
            if (name.startsWith("l"))
              expect((got as Node[]).map(canonical)).to.deep.equal((value as Node[]).map(canonical));
            else
              expect(got === undefined ? got : canonical(got as Node)).to.equal(
                value === undefined ? value : canonical(value as Node),
              );
          }
        }),
        { numRuns: 12, seed: seed + index },
      ));
});

/** The header names steps in the order they are written. */
function toWritten(steps: readonly Step[], names: readonly string[]): readonly string[] {
  return steps
    .toReversed()
    .map(({ index }) => `s${index}`)
    .filter((id) => names.includes(id));
}
