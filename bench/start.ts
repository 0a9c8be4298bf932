// How long a gateway needs from its protos to a router that can match: 100 files, 500 routes, in fresh processes, as users start it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./measure.ts";
import type { BenchTable } from "./table.ts";

const fileCount = 100;
const routesPerFile = 5;

/** A service as people write them: nested messages, an enum, comments, imports of google protos, five annotated methods. */
function protoText(index: number): string {
  const name = `Shelf${index}`;
  const path = `/v1/area${index}`;
  return `syntax = "proto3";

package bench.start.v${index};

import "google/api/annotations.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";

// Keeps the things of area ${index}.
service ${name}Service {
  // One thing by name.
  rpc Get${name}(Get${name}Request) returns (${name}) {
    option (google.api.http) = { get: "${path}/{name=shelves/*}" };
  }
  rpc List${name}(List${name}Request) returns (List${name}Response) {
    option (google.api.http) = { get: "${path}/shelves" };
  }
  rpc Create${name}(Create${name}Request) returns (${name}) {
    option (google.api.http) = { post: "${path}/shelves" body: "shelf" };
  }
  rpc Update${name}(Update${name}Request) returns (${name}) {
    option (google.api.http) = { patch: "${path}/{shelf.name=shelves/*}" body: "shelf" };
  }
  rpc Archive${name}(Get${name}Request) returns (${name}) {
    option (google.api.http) = { post: "${path}/{name=shelves/*}:archive" body: "*" };
  }
}

message ${name} {
  string name = 1;
  string title = 2;
  repeated string tags = 3;
  map<string, int64> counters = 4;
  State state = 5;
  google.protobuf.Timestamp updated = 6;
  oneof place {
    string address = 7;
    Spot spot = 8;
  }
  message Spot {
    double x = 1;
    double y = 2;
  }
  enum State {
    STATE_UNSPECIFIED = 0;
    STATE_OPEN = 1;
    STATE_ARCHIVED = 2;
  }
}

message Get${name}Request { string name = 1; bool verbose = 2; }
message List${name}Request { int32 page_size = 1; string page_token = 2; string filter = 3; }
message List${name}Response { repeated ${name} shelves = 1; string next_page_token = 2; }
message Create${name}Request { ${name} shelf = 1; string request_id = 2; }
message Update${name}Request { ${name} shelf = 1; google.protobuf.FieldMask update_mask = 2; }
`;
}

const child = fileURLToPath(new URL("start-once.js", import.meta.url));

interface Started {
  readonly routes: number;
  readonly found: boolean;
  readonly loadMs: number;
  readonly processMs: number;
  readonly rssMiB: number;
}

export async function benchStart({ quick }: { readonly quick: boolean }): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-start-"));
  try {
    for (let index = 0; index < fileCount; index++) {
      mkdirSync(join(folder, `area${index}`), { recursive: true });
      writeFileSync(join(folder, `area${index}`, "shelf.proto"), protoText(index));
    }
    const runs: Started[] = [];
    for (let round = 0; round < (quick ? 2 : 9); round++) {
      const run = JSON.parse(execFileSync(process.execPath, [child, folder], { encoding: "utf8" })) as Started;
      if (run.routes !== fileCount * routesPerFile || !run.found)
        throw new Error(`the start is wrong: ${JSON.stringify(run)}`);
      runs.push(run);
    }
    const of = (pick: (run: Started) => number): number => Math.round(median(runs.map(pick)));
    const loadMs = of((run) => run.loadMs);
    return {
      title: `start: ${fileCount} proto files, ${fileCount * routesPerFile} routes, medians of ${runs.length} fresh processes`,
      columns: ["step", "median"],
      rows: [
        ["protos → router that matches, ms", loadMs],
        ["the same with Node's own start, ms", of((run) => run.processMs)],
        ["resident memory, MiB", of((run) => run.rssMiB)],
      ],
      facts: { "load ms": loadMs, "under 500 ms": loadMs < 500 },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
