// The plans of a schema under one set of options, made once and shared by every translator that needs them.
import type { Schema } from "../../schema/descriptor.ts";
import { Plans } from "./message-plan.ts";
import type { JsonOptions } from "../options.ts";
import { wellKnownTypes } from "./well-known.ts";

/** Keyed by identity: use one frozen options object, not a fresh copy each time. */
const plansBySchema = new WeakMap<Schema, WeakMap<JsonOptions, Plans>>();

export function plansOf(schema: Schema, options: JsonOptions): Plans {
  let byOptions = plansBySchema.get(schema);
  if (byOptions === undefined) plansBySchema.set(schema, (byOptions = new WeakMap()));
  let plans = byOptions.get(options);
  if (plans === undefined) byOptions.set(options, (plans = new Plans(schema, options, wellKnownTypes)));
  return plans;
}
