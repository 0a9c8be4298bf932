// The group `cache` of the configuration schema: where answers are kept, and how much of them. Which answers are, policies say.
import { size } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";
import { cacheSettings } from "./settings-cache.ts";

export const cacheSchema: SchemaNode = {
  type: "object",
  description: "Where the answers of methods that have a cache policy are kept, and how much of them.",
  additionalProperties: false,
  properties: {
    store: {
      type: "string",
      description:
        "`memory`: each process has its own. `redis`: behind it the Redis of the group `redis`, where gateways find one another's answers.",
      enum: ["memory", "redis"],
      default: cacheSettings.store,
    },
    max_bytes: size("Memory for all answers together, in each process.", cacheSettings.max_bytes, "64KiB", "16GiB"),
    max_entry: size("A larger answer is not kept.", cacheSettings.max_entry, "1KiB", "64MiB"),
  },
};
